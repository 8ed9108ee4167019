import type { Field, FieldType, Pipeline } from "../../contract/pipeline.ts";
import { parseNumbers } from "../read/exact-json.ts";

/**
 * `run` and `event` as decimal integers: an event's number may be one that a double would round. `texts`: the JSON text of each field, in
 * the order of the pipeline.
 */
export type ParsedRecord = { run: string; event: string; texts: string[] };

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const BIGINT_LIMIT = 2 ** 63;
const INTEGER = /^-?\d+$/;

/**
 * Reads a record's value as a sink must (contract/README.md, "The event").
 * Used only for records with other bytes than attempted: they can't be recomputed, so they must be read.
 * @returns undefined for a malformed record.
 */
export function parseRecord(pipeline: Pipeline, value: Buffer | null): ParsedRecord | undefined {
  if (value === null) return undefined;
  let json: unknown;
  const events = new Map<object, string>();
  try {
    json = parseNumbers(utf8.decode(value), (number, source, key, holder) => {
      if (key === pipeline.identity.event) events.set(holder, source);
      return number;
    });
  } catch {
    // Undefined is no object.
  }
  // An array has no member of these names.
  if (typeof json !== "object" || json === null) return undefined;
  const values = json as Record<string, unknown>;
  const run = values[pipeline.identity.run];
  const event = values[pipeline.identity.event];
  if (!CHECKS.int(run) || !CHECKS.bigint(event)) return undefined;
  if (!pipeline.fields.every((field) => fits(field, values[field.name]))) return undefined;
  const source = events.get(json) as string;
  const exact = INTEGER.test(source) ? BigInt(source) : BigInt(event as number);
  if (BigInt.asIntN(64, exact) !== exact) return undefined;
  const texts = pipeline.fields.map(({ name }) => JSON.stringify(values[name] ?? null));
  return { run: String(run), event: String(exact), texts };
}

function fits(field: Field, value: unknown): boolean {
  return value === null || value === undefined ? field.nullable : CHECKS[field.type](value);
}

const CHECKS: Record<FieldType, (value: unknown) => boolean> = {
  int: (value) => Number.isInteger(value) && (value as number) >= -(2 ** 31) && (value as number) < 2 ** 31,
  bigint: (value) => Number.isInteger(value) && Math.abs(value as number) <= BIGINT_LIMIT,
  float: (value) => typeof value === "number",
  decimal: (value) => typeof value === "number" || (typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value)),
  boolean: (value) => typeof value === "boolean",
  text: (value) => typeof value === "string" && !value.includes("\u0000"),
  timestamp: (value) => typeof value === "string" && !Number.isNaN(Date.parse(value)),
  date: (value) => typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value)),
  binary: (value) =>
    typeof value === "string" && /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value),
  json: () => true,
};
