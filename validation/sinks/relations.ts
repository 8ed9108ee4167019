import { FaultlineError } from "../../contract/errors.ts";
import type { Aggregate, Field, Pipeline } from "../../contract/pipeline.ts";
import { UnreadableError } from "../read/unreadable-error.ts";

/**
 * A table or view that the validator reads, and the types its columns must have: only these are compared exactly. `key`: columns of the unique key
 * that the sink relies on. `nullable`: columns that may be null. `random`: columns with random values, which nothing in a run can be compared with.
 */
export type Relation = {
  name: string;
  kind: "table" | "view";
  types: Record<string, string>;
  key: readonly string[];
  nullable: readonly string[];
  random?: readonly string[];
};

/** A relation as pg_catalog has it. `kind` is relkind; `types` is column → format_type. */
export type CatalogRow = {
  schema: string;
  name: string;
  kind: string;
  has_children: boolean;
  types: Record<string, string>;
};

/** Every relation of one of these names ($1), in any schema. Schemas of PostgreSQL and of temporary tables begin with pg_. */
export const CATALOG_QUERY = `
  SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind,
    c.relkind = 'r' AND EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid) AS has_children,
    (SELECT pg_catalog.json_object_agg(a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod))
     FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS types
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relname = ANY ($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  ORDER BY c.relname, n.nspname`;

/** As format_type spells them. */
const TYPES: Record<Exclude<Field["type"], "decimal">, string> = {
  int: "integer",
  bigint: "bigint",
  float: "double precision",
  boolean: "boolean",
  text: "text",
  timestamp: "timestamp with time zone",
  date: "date",
  binary: "bytea",
  json: "jsonb",
};

const OFFSETS: Relation = {
  name: "sink_offsets",
  kind: "table",
  types: {
    target: "text",
    topic: "text",
    partition: "integer",
    start_offset: "bigint",
    next_offset: "bigint",
    generation: "bigint",
    writer_pid: "integer",
    rows: "bigint",
    duplicates: "bigint",
    dead_letters: "bigint",
    updated_at: TYPES.timestamp,
    holder: "text",
    cluster_id: "text",
    topic_id: "text",
  },
  key: ["target", "topic", "partition"],
  nullable: ["writer_pid", "holder", "cluster_id", "topic_id"],
  random: ["holder", "cluster_id", "topic_id"],
};

export const DEAD_LETTERS: Relation = {
  name: "dead_letters",
  kind: "table",
  types: {
    target: "text",
    topic: "text",
    partition: "integer",
    offset: "bigint",
    key: "bytea",
    value: "bytea",
    reason: "text",
    created_at: TYPES.timestamp,
  },
  key: ["target", "topic", "partition", "offset"],
  nullable: ["key", "value"],
};

/** @returns every table and view of the pipeline. */
export function relationsOf(pipeline: Pipeline): Relation[] {
  const typeOf = (name: string) => columnType(pipeline.fields.find((field) => field.name === name) as Field);
  const { run, event } = pipeline.identity;
  const fields = pipeline.fields.map((field) => [field.name, columnType(field)]);
  return [
    {
      name: pipeline.table,
      kind: "table",
      types: { [run]: "integer", [event]: "bigint", ...(Object.fromEntries(fields) as Record<string, string>) },
      key: [run, event],
      nullable: pipeline.fields.filter((field) => field.nullable).map((field) => field.name),
    },
    OFFSETS,
    DEAD_LETTERS,
    ...pipeline.aggregates.flatMap((spec): Relation[] => [
      {
        name: spec.table,
        kind: "table",
        types: aggregateTypes(spec, typeOf),
        key: [...(spec.window === undefined ? [] : [spec.window.column]), ...spec.groupBy, "shard"],
        nullable: [],
      },
      {
        name: `${spec.table}_total`,
        kind: "view",
        types: totalTypes(aggregateTypes(spec, typeOf)),
        key: [],
        nullable: [],
      },
    ]),
  ];
}

function columnType(field: Field): string {
  return field.type === "decimal" ? `numeric(${field.precision},${field.scale})` : TYPES[field.type];
}

function aggregateTypes(spec: Aggregate, typeOf: (field: string) => string): Record<string, string> {
  const types: Record<string, string> = { shard: "integer", [spec.count]: "bigint" };
  if (spec.window !== undefined) types[spec.window.column] = TYPES.timestamp;
  for (const name of spec.groupBy) types[name] = typeOf(name);
  for (const [name, column] of Object.entries(spec.sums))
    types[column] = typeOf(name).startsWith("numeric") ? "numeric" : "bigint";
  return types;
}

/** The view adds up the shards. */
function totalTypes({ shard: _shard, ...types }: Record<string, string>): Record<string, string> {
  return types;
}

/**
 * Finds the one schema that has all relations of the pipeline. An unqualified name means one table to this session and may mean another one to
 * the sink's, so a name that exists twice can't be judged.
 * @returns the schema's name.
 * @throws FaultlineError FL_SCHEMA_MISSING. @throws UnreadableError when a relation exists twice, or is not what the pipeline says.
 */
export function resolveSchema(relations: readonly Relation[], catalog: readonly CatalogRow[]): string {
  const byName = Map.groupBy(catalog, ({ name }) => name);
  const missing = relations.filter(({ name }) => !byName.has(name));
  if (missing.length > 0)
    throw new FaultlineError(
      "FL_SCHEMA_MISSING",
      `PostgreSQL has no ${missing.map(({ kind, name }) => `${kind} "${name}"`).join(", no ")}`,
      { remedy: "create the pipeline's tables: `./faultline schema --pipeline FILE | psql`" },
    );
  const problems = relations.flatMap((relation) =>
    relationProblems(relation, byName.get(relation.name) as CatalogRow[]),
  );
  const bySchema = Map.groupBy(catalog, ({ schema }) => schema);
  if (problems.length === 0 && bySchema.size > 1)
    problems.push(
      `the pipeline's tables are in several schemas: ${[...bySchema].map(([schema, rows]) => `${rows.map(({ name }) => name).join(", ")} in ${schema}`).join("; ")}`,
    );
  if (problems.length > 0) throw new UnreadableError(problems.join("; "));
  return (catalog[0] as CatalogRow).schema;
}

function relationProblems({ name, kind, types }: Relation, found: CatalogRow[]): string[] {
  const [row] = found as [CatalogRow];
  if (found.length > 1)
    return [
      `"${name}" exists in ${found.length} schemas (${found.map(({ schema }) => schema).join(", ")}): nobody can say which of them the sink writes`,
    ];
  if (kind === "view") return row.kind === "v" ? [] : [`"${name}" is no view`];
  if (row.kind !== "r" && row.kind !== "p") return [`"${name}" is no table, so the sink can't have written it`];
  if (row.has_children) return [`other tables inherit from "${name}", and their rows would be read as its own`];
  return Object.entries(types)
    .filter(([column, type]) => row.types[column] !== undefined && row.types[column] !== type)
    .map(
      ([column, type]) =>
        `${name}.${column} is ${row.types[column]}, not ${type}, so its values can't be compared exactly`,
    );
}
