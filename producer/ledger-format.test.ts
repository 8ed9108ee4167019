import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import type { LedgerRecord } from "../contract/ledger.ts";
import { crcText, LogWriter } from "../contract/log-line.ts";

const page = readFileSync(new URL("../docs/ledger-format.md", import.meta.url), "utf8");

test("the worked example of docs/ledger-format.md is what the code writes and reads", () => {
  const previous = Number.parseInt(
    /The line before these two ends with `"crc":"([0-9a-f]{8})"}`/.exec(page)?.[1] ?? "",
    16,
  );
  const example = /^```\n(\{"t":"attempt".*\})\n(\{"t":"ack".*\})\n```$/m.exec(page);
  expect(example).not.toBeNull();
  const lines = example?.slice(1) as [string, string];
  const records: LedgerRecord[] = [
    {
      t: "attempt",
      p: 2,
      s: 1500,
      n: 40,
      first_ms: 1763857000200,
      last_ms: 1763857000395,
      a: 1,
      at_ms: 1763857000401,
    },
    { t: "ack", p: 2, s: 1500, n: 40, o: 61234, at_ms: 1763857000409 },
  ];
  const writer = new LogWriter<LedgerRecord>(previous);
  expect(records.map((record) => writer.encode(record))).toEqual(lines.map((line) => `${line}\n`));
  let crc = previous;
  for (const line of lines) {
    const covered = line.slice(0, line.indexOf(',"crc"'));
    expect(page).toContain(`over ${line === lines[0] ? "the " : ""}${covered.length} bytes`);
    crc = crc32(covered, crc);
    expect(crcText(crc)).toBe(/"crc":"([0-9a-f]{8})"/.exec(line)?.[1]);
  }
  expect(page).toContain(`continued from ${/"crc":"([0-9a-f]{8})"/.exec(lines[0])?.[1]}.`);
});
