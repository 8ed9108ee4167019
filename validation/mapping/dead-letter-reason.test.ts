import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parsePipeline } from "../../contract/pipeline.ts";
import { DeadLetterReason } from "./dead-letter-reason.ts";

const pipeline = parsePipeline(
  readFileSync(new URL("../../pipelines/payments.yaml", import.meta.url), "utf8"),
  "payments",
);
const reasons = new DeadLetterReason(pipeline);
const good = {
  run_id: 1,
  event_id: 2,
  account_id: 3,
  type: "refund",
  amount_cents: 4,
  currency: "EUR",
  created_at: "2026-07-01T12:00:00Z",
  note: "n",
};
const text = (change: object) => Buffer.from(JSON.stringify({ ...good, ...change }));

/** A value, the sink's reason for it, and reasons that are not the sink's. */
test.each<[string, Buffer | null, string, string[]]>([
  ["no value", null, "value is null", ["value is empty", "", "PostgreSQL 22003: integer out of range"]],
  ["an empty value", Buffer.alloc(0), "value is empty", ["value is null", "value is empty.", "not JSON: ?"]],
  ["no UTF-8", Buffer.from([0x7b, 0xff]), "value is not UTF-8", ["not JSON: Unexpected character"]],
  [
    "half a value",
    Buffer.from('{"run_id":1,"no'),
    "not JSON: Unexpected end-of-input",
    ["not JSON: ", "value is empty"],
  ],
  ["no object", Buffer.from("[1]"), "value is not a JSON object", ["missing member run_id"]],
  [
    "another type",
    text({ event_id: "2" }),
    "event_id is not of type bigint",
    ["event_id is not of type int", "run_id is not of type int"],
  ],
  ["a null", text({ currency: null }), "null in currency", ["missing member currency"]],
  [
    "no identity",
    Buffer.from('{"account_id":3}'),
    "missing member run_id",
    ["missing member event_id", "missing member note"],
  ],
  [
    "a fault before a missing member",
    Buffer.from('{"account_id":"3"}'),
    "account_id is not of type bigint",
    ["missing member run_id"],
  ],
  [
    "a number out of range",
    Buffer.from('{"run_id":1e99}'.replace("}", `,${text({}).toString().slice(1)}`)),
    "run_id is out of range",
    ["malformed", "value is empty"],
  ],
  ["a time that is none", text({ created_at: "noon" }), "created_at: not a timestamp", ["created_at"]],
  [
    "a value that only PostgreSQL refuses",
    text({}),
    "PostgreSQL 22003: integer out of range",
    ["PostgreSQL 08006: gone", "PostgreSQL", "x"],
  ],
])("%s has the sink's reason, and no other", (_name, value, right, wrong) => {
  expect(reasons.problem(value, right)).toBeUndefined();
  for (const reason of [...wrong, null])
    expect(reasons.problem(value, reason), String(reason)).toMatch(/^the reason is (".*"|null), not /);
});
