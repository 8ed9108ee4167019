import { isUtf8 } from "node:buffer";
import type { Pipeline } from "../../contract/pipeline.ts";

/**
 * Which reason the sink must give for a dead letter, by the bytes of its value: empty, not UTF-8, not JSON, no object, a member that is missing or of
 * another type. The words of the JSON parser are free, and so is the reason for a member that only the sink's own rules refuse.
 */
export class DeadLetterReason {
  readonly #fields: { name: string; type: string; isNullable: boolean }[];

  constructor({ identity, fields }: Pipeline) {
    this.#fields = [
      { name: identity.run, type: "int", isNullable: false },
      { name: identity.event, type: "bigint", isNullable: false },
      ...fields.map(({ name, type, nullable }) => ({ name, type, isNullable: nullable })),
    ];
  }

  /** @returns what is wrong with the reason, as a sentence. */
  problem(value: Buffer | null, reason: string | null): string | undefined {
    const expected = this.#expected(value);
    // A reason that is null is tested as "null", which has none of the forms.
    const isRight =
      typeof expected === "string" ? reason === expected : expected.some((form) => form.test(String(reason)));
    if (isRight) return undefined;
    const words = typeof expected === "string" ? `"${expected}"` : "one that the sink gives for such a value";
    return `the reason is ${reason === null ? "null" : `"${reason.slice(0, 80)}"`}, not ${words}`;
  }

  #expected(value: Buffer | null): string | RegExp[] {
    if (value === null) return "value is null";
    if (value.length === 0) return "value is empty";
    if (!isUtf8(value)) return "value is not UTF-8";
    let parsed: unknown;
    try {
      parsed = JSON.parse(value.toString("utf8"));
    } catch {
      return BROKEN;
    }
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return "value is not a JSON object";
    return this.#memberProblem(parsed as Record<string, unknown>) ?? REFUSED;
  }

  /** The sink reads members in the order in which they stand, and looks for missing ones last. */
  #memberProblem(members: Record<string, unknown>): string | undefined {
    for (const [name, value] of Object.entries(members)) {
      const field = this.#fields.find((item) => item.name === name);
      if (field === undefined || (value === null && field.isNullable)) continue;
      if (value === null) return `null in ${name}`;
      if (field.type in JSON_TYPES && typeof value !== JSON_TYPES[field.type])
        return `${name} is not of type ${field.type}`;
    }
    const missing = this.#fields.find(({ name, isNullable }) => !isNullable && !Object.hasOwn(members, name));
    return missing === undefined ? undefined : `missing member ${missing.name}`;
  }
}

/** What a member's value must be in JSON. A decimal may be a number or a text, JSON anything. */
const JSON_TYPES: Record<string, string> = {
  int: "number",
  bigint: "number",
  float: "number",
  boolean: "boolean",
  text: "string",
  timestamp: "string",
  date: "string",
  binary: "string",
};

/** The parser stops at the first fault that it meets; a value that is cut off may have a fault in a member before its end. */
const BROKEN = [/^not JSON: ./s, /^something follows the JSON object$/, /^value is not a JSON object$/];

/** For values that JSON allows and the sink, or PostgreSQL, does not. */
const REFUSED = [
  / is out of range$/,
  / is not (?:a decimal|base64)$/,
  / has more than \d+ digits after the decimal point$/,
  /: (?:not a date|not a timestamp|timestamp finer than a microsecond)$/,
  / is not of type \w+$/,
  /^duplicate member ./s,
  /^text has (?:the character U\+0000, which PostgreSQL can't store|half a surrogate pair, which is no character)$/,
  /^PostgreSQL (?:22|23|54|P0)\w{3}: ./s,
];
