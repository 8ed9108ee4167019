import type { Field, FieldType, Pipeline } from "../../contract/pipeline.ts";
import type { EventValues } from "./aggregate-table.ts";

export type ParsedRecord = { run: number; event: number; values: EventValues };

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const BIGINT_LIMIT = 2 ** 63;

/**
 * Reads a record's value as a sink must (contract/README.md, "The event").
 * Only used for records that are not the attempted bytes: what they are can't be recomputed, so it must be read.
 * @returns undefined for a malformed one.
 */
export function parseRecord(pipeline: Pipeline, value: Buffer | null): ParsedRecord | undefined {
  if (value === null) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(utf8.decode(value));
  } catch {
    return undefined;
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) return undefined;
  const values = json as EventValues;
  const run = values[pipeline.identity.run];
  const event = values[pipeline.identity.event];
  if (!CHECKS.int(run) || !CHECKS.bigint(event)) return undefined;
  if (!pipeline.fields.every((field) => fits(field, values[field.name]))) return undefined;
  return { run: run as number, event: event as number, values };
}

function fits(field: Field, value: unknown): boolean {
  return value === null || value === undefined ? field.nullable : CHECKS[field.type](value);
}

const CHECKS: Record<FieldType, (value: unknown) => boolean> = {
  int: (value) => Number.isInteger(value) && Math.abs(value as number) < 2 ** 31,
  bigint: (value) => Number.isInteger(value) && Math.abs(value as number) < BIGINT_LIMIT,
  float: (value) => typeof value === "number",
  decimal: (value) => typeof value === "number" || (typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value)),
  boolean: (value) => typeof value === "boolean",
  text: (value) => typeof value === "string" && !value.includes("\u0000"),
  timestamp: (value) => typeof value === "string" && !Number.isNaN(Date.parse(value)),
  date: (value) => typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value)),
  binary: (value) => typeof value === "string" && /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value),
  json: () => true,
};
