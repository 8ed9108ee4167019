import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ledgerRecords, statusOf } from "../evidence/fixture/run-directory.ts";
import { readProducerStatus } from "./producer-status.ts";

test("a status that is there is read; one that is missing or can't be read is as none", async () => {
  const directory = await mkdtemp(join(tmpdir(), "faultline-status-"));
  try {
    const file = join(directory, "producer-status.json");
    expect(await readProducerStatus(undefined)).toBeUndefined();
    expect(await readProducerStatus(file)).toBeUndefined();
    const status = statusOf(ledgerRecords(), "done");
    await writeFile(file, JSON.stringify(status));
    expect(await readProducerStatus(file)).toEqual(status);
    for (const text of ["{", '{"state":"done"}']) {
      await writeFile(file, text);
      expect(await readProducerStatus(file), text).toBeUndefined();
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});
