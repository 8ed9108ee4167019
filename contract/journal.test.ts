import { expect, it } from "vitest";
import { journalReader, type JournalRecord, JOURNAL_VERSION } from "./journal.ts";
import { encodeLog } from "./log-line.ts";

const open: JournalRecord = {
  t: "open",
  version: JOURNAL_VERSION,
  run: 9,
  seed: 7,
  plan_sha256: "",
  faults: 0,
  process: { pid: 1, start_ticks: 2, boot_id: "b" },
  at_ms: 3,
};
const text = (record: object): string => encodeLog([record]).trimEnd();

it("reads what it writes", () => {
  expect(journalReader().read(text(open))).toEqual(open);
});

it.each([
  ["a changed byte", text(open).replace('"seed":7', '"seed":8'), "its checksum does not fit"],
  ["a torn line", text(open).slice(0, 20), "its checksum does not fit"],
  ["no log line", "", "its checksum does not fit"],
  ["an older version", text({ ...open, version: 1 }), "version 1 is not known to this build (it reads version 4)"],
  ["a newer version", text({ ...open, version: 9, more: {} }), "version 9 is not known to this build"],
  ["a version that is none", text({ ...open, version: "x" }), 'version "x" is not known to this build'],
  ["an open without its run", text({ ...open, run: undefined }), "its checksum fits, but this build does not know"],
  ["an unknown record", text({ t: "burnt", id: 1 }), "its checksum fits, but this build does not know such a record"],
])("says why it can't read %s", (_name, line, problem) => {
  expect(journalReader().read(line)).toContain(problem);
});
