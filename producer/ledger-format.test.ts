import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { decodeLedger, encodeLedger } from "../contract/ledger.ts";

const page = readFileSync(new URL("../docs/ledger-format.md", import.meta.url), "utf8");

test("the worked example of docs/ledger-format.md is what the code writes and reads", () => {
  const example = /^```\n(\{"t":"attempt".*\})\n```$/m.exec(page)?.[1];
  expect(example).toBeDefined();
  const record = { t: "attempt", p: 2, s: 1500, n: 40, first_ms: 1763857000200, last_ms: 1763857000395, a: 1, at_ms: 1763857000401 } as const;
  expect(encodeLedger(record)).toBe(`${example}\n`);
  expect(decodeLedger(example as string)).toEqual(record);
  const covered = (example as string).slice(0, (example as string).indexOf(',"crc"'));
  expect(page).toContain(`over the ${covered.length} bytes`);
  expect(crc32(covered).toString(16)).toBe(/"crc":"([0-9a-f]{8})"/.exec(example as string)?.[1]);
});
