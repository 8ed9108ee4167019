import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { FaultlineError } from "./errors.ts";
import { sloSchema } from "./slo.ts";

/** A name that needs no quotes in PostgreSQL and is safe in JSON, Kafka and file names. */
const identifier = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,50}$/, "must be lower case letters, digits and _, starting with a letter, at most 51");
const pair = <T extends z.ZodType>(item: T) => z.tuple([item, item]);
const safeInteger = z.int();
const isoInstant = z.string().refine((text) => !Number.isNaN(Date.parse(text)), "must be an ISO 8601 date or time");

const generator = z.union([
  z.literal("now"),
  z.strictObject({ uniform: pair(z.number()) }),
  z.strictObject({ choice: z.record(z.string(), z.number().positive()) }),
  z.strictObject({ words: pair(safeInteger.nonnegative()) }),
  z.strictObject({ characters: pair(safeInteger.nonnegative()) }),
  z.strictObject({ bytes: pair(safeInteger.nonnegative()) }),
  z.strictObject({ chance: z.number().min(0).max(1) }),
  z.strictObject({ between: pair(isoInstant) }),
  z.strictObject({ object: pair(safeInteger.nonnegative()) }),
]);

/** The seeded generator of a field's values. `now` is the event's creation time. Ranges are [min, max], both ends included. */
export type Generator = z.infer<typeof generator>;

const GENERATORS_OF_TYPE = {
  int: ["uniform"],
  bigint: ["uniform"],
  float: ["uniform"],
  decimal: ["uniform"],
  boolean: ["chance"],
  text: ["choice", "words", "characters"],
  timestamp: ["now", "between"],
  date: ["between"],
  binary: ["bytes"],
  json: ["object"],
} as const;

export type FieldType = keyof typeof GENERATORS_OF_TYPE;

const field = z
  .strictObject({
    name: identifier,
    type: z.enum(Object.keys(GENERATORS_OF_TYPE) as [FieldType, ...FieldType[]]),
    nullable: z.boolean().default(false),
    precision: z.int().min(1).max(38).optional(),
    scale: z.int().min(0).max(38).optional(),
    generate: generator,
    nulls: z.number().min(0).max(1).default(0),
  })
  .superRefine((value, context) => {
    const kind = generatorKind(value.generate);
    const allowed: readonly string[] = GENERATORS_OF_TYPE[value.type];
    const complain = (message: string, path: string) => context.addIssue({ code: "custom", message, path: [path] });
    if (!allowed.includes(kind))
      complain(`generator "${kind}" does not fit type ${value.type}; use ${allowed.join(" or ")}`, "generate");
    if (value.nulls > 0 && !value.nullable) complain("nulls needs nullable: true", "nulls");
    if (value.type === "decimal") {
      if (value.precision === undefined || value.scale === undefined)
        complain("a decimal needs precision and scale", "precision");
      else if (value.scale > Math.min(value.precision, 9)) complain("scale must be at most precision and 9", "scale");
    } else if (value.precision !== undefined || value.scale !== undefined)
      complain("only a decimal has precision and scale", "precision");
    for (const range of rangesOf(value.generate)) {
      if (range[0] > range[1]) complain(`[${range[0]}, ${range[1]}]: min is above max`, "generate");
      if ((value.type === "int" || value.type === "bigint") && kind === "uniform")
        checkIntegerRange(value.type, range, complain);
      if (value.type === "decimal" && value.precision !== undefined && value.scale !== undefined) {
        const limit = Math.min(10 ** (value.precision - value.scale) - 1, 2 ** 53 / 10 ** value.scale - 1);
        if (Math.max(-range[0], range[1]) > limit)
          complain(`range exceeds precision ${value.precision}, scale ${value.scale}`, "generate");
      }
    }
    if (
      typeof value.generate === "object" &&
      "choice" in value.generate &&
      Object.keys(value.generate.choice).length === 0
    )
      complain("choice is empty", "generate");
  });

/** One business column. Its PostgreSQL type follows from `type` (see contract/README.md). */
export type Field = z.infer<typeof field>;

const windowSize = z
  .string()
  .regex(/^[1-9][0-9]{0,4}[smhd]$/, 'must be a count and a unit, as in "1m", "15m", "1h", "1d"');

const aggregate = z.strictObject({
  table: identifier,
  window: z.strictObject({ field: identifier, size: windowSize, column: identifier }).optional(),
  groupBy: z.array(identifier).default([]),
  count: identifier,
  sums: z.record(identifier, identifier).default({}),
});

/** Count and sums per group (and event-time window), kept in `table`, one row per group and Kafka partition ("shard"). */
export type Aggregate = z.infer<typeof aggregate>;

const pipeline = z
  .strictObject({
    /** The version of this format. A file without it has version 1. */
    version: z.literal(1, "not known to this build, which reads version 1").default(1),
    name: identifier,
    topic: z.string().regex(/^[a-zA-Z0-9._-]{1,200}$/, "must be a legal Kafka topic name"),
    partitions: z.int().min(1).max(1000),
    table: identifier,
    identity: z.strictObject({ run: identifier, event: identifier }),
    fields: z.array(field).min(1).max(200),
    aggregates: z.array(aggregate).default([]),
    /** What the validator holds the run to. Optional, and no other reader needs it, so the version stays. */
    slo: sloSchema.optional(),
  })
  .superRefine((value, context) => {
    const complain = (message: string, path: PropertyKey[]) => context.addIssue({ code: "custom", message, path });
    const names = new Map<string, Field>();
    const columns = [value.identity.run, value.identity.event];
    if (columns[0] === columns[1]) complain("run and event must have different names", ["identity", "event"]);
    for (const [index, item] of value.fields.entries()) {
      if (columns.includes(item.name)) complain(`column "${item.name}" is named twice`, ["fields", index, "name"]);
      columns.push(item.name);
      names.set(item.name, item);
    }
    const tables = [value.table, "sink_offsets", "dead_letters"];
    for (const [index, item] of value.aggregates.entries()) {
      const at = (...path: PropertyKey[]) => ["aggregates", index, ...path];
      for (const table of [item.table, `${item.table}_total`]) {
        if (tables.includes(table)) complain(`table "${table}" is named twice`, at("table"));
        tables.push(table);
      }
      checkAggregate(item, names, (message, path) => complain(message, at(...path)));
    }
  });

/** One pipeline, as its file describes it. No code knows more about it. */
export type Pipeline = z.infer<typeof pipeline>;

function checkAggregate(
  item: Aggregate,
  fields: Map<string, Field>,
  complain: (message: string, path: PropertyKey[]) => void,
): void {
  const columns = ["shard"];
  const addColumn = (name: string, path: PropertyKey[]) => {
    if (columns.includes(name)) complain(`column "${name}" is named twice`, path);
    columns.push(name);
  };
  const lookUp = (name: string, path: PropertyKey[]): Field | undefined => {
    const found = fields.get(name);
    if (found === undefined) complain(`no field "${name}"; fields: ${[...fields.keys()].join(", ")}`, path);
    return found;
  };
  if (item.window !== undefined) {
    const found = lookUp(item.window.field, ["window", "field"]);
    if (found !== undefined && (found.type !== "timestamp" || found.nullable))
      complain(`a window needs a timestamp that is not nullable; "${found.name}" is not`, ["window", "field"]);
    addColumn(item.window.column, ["window", "column"]);
  }
  for (const [index, name] of item.groupBy.entries()) {
    const found = lookUp(name, ["groupBy", index]);
    if (found !== undefined && (found.nullable || !["int", "bigint", "boolean", "text", "date"].includes(found.type)))
      complain(`can't group by "${name}": needs an int, bigint, boolean, text or date that is not nullable`, [
        "groupBy",
        index,
      ]);
    addColumn(name, ["groupBy", index]);
  }
  addColumn(item.count, ["count"]);
  for (const [name, column] of Object.entries(item.sums)) {
    const found = lookUp(name, ["sums", name]);
    // A float sum depends on the order of the additions, so nobody could recompute it exactly.
    if (found !== undefined && !["int", "bigint", "decimal"].includes(found.type))
      complain(`can't sum "${name}": needs an int, bigint or decimal`, ["sums", name]);
    addColumn(column, ["sums", name]);
  }
}

function checkIntegerRange(
  type: "int" | "bigint",
  range: [number, number],
  complain: (message: string, path: string) => void,
): void {
  const limit = type === "int" ? 2 ** 31 - 1 : Number.MAX_SAFE_INTEGER;
  if (
    !range.every(Number.isSafeInteger) ||
    range[0] < -limit ||
    range[1] > limit ||
    range[1] - range[0] >= Number.MAX_SAFE_INTEGER
  )
    complain(`[${range[0]}, ${range[1]}] must be integers within ±${limit}`, "generate");
}

function rangesOf(value: Generator): [number, number][] {
  if (value === "now" || "choice" in value || "chance" in value) return [];
  if ("between" in value) return [[Date.parse(value.between[0]), Date.parse(value.between[1])]];
  return [Object.values(value)[0] as [number, number]];
}

export function generatorKind(value: Generator): string {
  return value === "now" ? "now" : (Object.keys(value)[0] as string);
}

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** @returns the length in ms of a window size such as "1m". Windows begin at multiples of it since 1970-01-01T00:00Z. */
export function windowSizeMs(size: string): number {
  return Number(size.slice(0, -1)) * UNIT_MS[size.at(-1) as keyof typeof UNIT_MS];
}

function fail(problems: string[]): never {
  throw new FaultlineError("FL_PIPELINE_INVALID", problems.join("\n"), {
    remedy: "correct the pipeline file; pipelines/payments.yaml is an example with every section",
  });
}

/**
 * Reads a pipeline file.
 * @param file names the source in errors.
 * @throws FaultlineError FL_PIPELINE_INVALID with one line per problem, each with line number and field.
 */
export function parsePipeline(text: string, file: string): Pipeline {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  if (document.errors.length > 0)
    fail(
      document.errors.map((error) => `${file}:${lines.linePos(error.pos[0]).line}: ${error.message.split("\n")[0]}`),
    );
  const result = pipeline.safeParse(document.toJS());
  if (result.success) return result.data;
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length) as string[], true) as
        | { range?: [number, number, number] }
        | undefined;
      if (node?.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  const { issues } = result.error;
  // What else is wrong about a file of another version, that version may well allow.
  const ofVersion = issues.filter((issue) => issue.path[0] === "version");
  return fail(
    (ofVersion.length > 0 ? ofVersion : issues).flatMap((issue) => {
      if (issue.code === "unrecognized_keys")
        return issue.keys.map(
          (key) => `${file}:${lineOf([...issue.path, key])}: ${[...issue.path, key].join(".")}: unknown key`,
        );
      const value = document.getIn(issue.path as string[]);
      const shown = value === undefined || typeof value === "object" ? "" : ` (is ${JSON.stringify(value)})`;
      return [`${file}:${lineOf(issue.path)}: ${issue.path.join(".") || "(top)"}: ${issue.message}${shown}`];
    }),
  );
}
