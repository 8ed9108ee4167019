import { expect, it } from "vitest";
import { LEDGER_VERSION, ledgerReader, type LedgerRecord } from "./ledger.ts";
import { encodeLog } from "./log-line.ts";

const open: LedgerRecord = {
  t: "open",
  version: LEDGER_VERSION,
  run: 9,
  seed: 7,
  malformed_ppm: 0,
  pipeline: "payments",
  pipeline_sha256: "",
  topic: "payments",
  partitions: 6,
  pid: 1,
  at_ms: 0,
};
const text = (record: object): string => encodeLog([record]).trimEnd();

it("reads what it writes", () => {
  expect(ledgerReader().read(text(open))).toEqual(open);
});

it.each([
  ["a changed byte", text(open).replace('"seed":7', '"seed":8'), "its checksum does not fit"],
  ["a torn line", text(open).slice(0, 20), "its checksum does not fit"],
  ["a newer version", text({ ...open, version: 3 }), "version 3 is not known to this build (it reads version 2)"],
  ["a version that is none", text({ ...open, version: "x" }), 'version "x" is not known to this build'],
  ["an open without a version", text({ t: "open" }), "version undefined is not known to this build"],
  ["an older version", text({ ...open, version: 1 }), "version 1 is not known to this build (it reads version 2)"],
  ["a close without totals", text({ t: "close", at_ms: 1 }), "its checksum fits, but this build does not know"],
  ["an unknown record", text({ t: "burnt" }), "its checksum fits, but this build does not know such a record"],
  ["a record that lacks a member", text({ t: "ack", p: 1 }), "its checksum fits, but this build does not know"],
])("says why it can't read %s", (_name, line, problem) => {
  expect(ledgerReader().read(line)).toContain(problem);
});
