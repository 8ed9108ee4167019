import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parsePipeline } from "../../contract/pipeline.ts";
import { parseRecord } from "./parse-record.ts";

const file = new URL("../../pipelines/payments.yaml", import.meta.url);
const pipeline = parsePipeline(readFileSync(file, "utf8"), "payments.yaml");
const REST =
  '"account_id":1,"type":"a","amount_cents":1,"currency":"EUR","created_at":"2026-01-01T00:00:00.000Z","note":"n"';
const parsed = (event: string) => parseRecord(pipeline, Buffer.from(`{"run_id":9,"event_id":${event},${REST}}`));

test("an event's number is read to the last digit, over the whole range of bigint", () => {
  for (const event of [
    "0",
    "-1",
    "9007199254740992",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
  ])
    expect(parsed(event), event).toMatchObject({ run: "9", event });
  expect(parsed("1e2")).toMatchObject({ event: "100" });
});

test("a number beyond bigint, and a text, are malformed", () => {
  for (const event of ["9223372036854775808", "-9223372036854775809", "1e30", "1.5", '"1"', "null", '{"event_id":1}'])
    expect(parsed(event), event).toBeUndefined();
});
