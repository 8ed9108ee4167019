import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LEDGER_VERSION, type LedgerOpen } from "../../contract/ledger.ts";
import { encodeLog } from "../../contract/log-line.ts";
import { readLedgerOpen } from "./ledger-file.ts";

const file = join(mkdtempSync(join(tmpdir(), "faultline-ledger-")), "ledger.ndjson");
const open: LedgerOpen = {
  t: "open",
  version: LEDGER_VERSION,
  run: 9,
  seed: 1,
  malformed_ppm: 0,
  pipeline: "payments",
  pipeline_sha256: "",
  topic: "payments",
  partitions: 6,
  pid: 1,
  at_ms: 0,
};

test("the first open that can be read is the run's", async () => {
  writeFileSync(file, `{}\n${encodeLog([open, { ...open, seed: 2 }])}`);
  expect(await readLedgerOpen(file)).toEqual(open);
});

test("a ledger of another version is refused, with both versions", async () => {
  writeFileSync(file, encodeLog([{ ...open, version: 3 }]));
  await expect(readLedgerOpen(file)).rejects.toMatchObject({
    code: "FL_LEDGER_DAMAGED",
    message: expect.stringContaining("line 1: version 3 is not known to this build (it reads version 2)"),
  });
});
