import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { encodeJournal } from "../contract/journal.ts";
import { readFaultJournal } from "./fault-journal.ts";

const directory = mkdtempSync(join(tmpdir(), "faultline-journal-"));
const planned = (id: number) =>
  encodeJournal({
    t: "planned",
    id,
    fault: { id, at_ms: 0, kind: "kill", target: { node: "kafka-1" }, hold_ms: 1 },
    node: "kafka-1",
    node_kind: "kafka",
    undo: { node: "kafka-1", resume: [], release: true },
    at_ms: 0,
  });
const active = (id: number, effective: boolean) => encodeJournal({ t: "active", id, kind: "kill", node: "kafka-1", effective, proof: "", at_ms: 0 });
const healed = (id: number) => encodeJournal({ t: "healed", id, by: "engine", proof: "", at_ms: 0 });

async function read(text: string) {
  const file = join(directory, "faults.ndjson");
  writeFileSync(file, text);
  return readFaultJournal(file);
}

test("no journal, no faults", async () => {
  expect(await readFaultJournal(undefined)).toMatchObject({ effective: 0, unhealed: [] });
  expect(await readFaultJournal(join(directory, "absent"))).toMatchObject({ effective: 0, unhealed: [] });
});

test("counts faults that bit, and names those that are not healed", async () => {
  const failed = encodeJournal({ t: "failed", id: 3, why: "", at_ms: 0 });
  const summary = await read(planned(1) + active(1, true) + healed(1) + planned(2) + active(2, false) + planned(3) + failed);
  expect(summary).toMatchObject({ effective: 1, unhealed: ["fault 2 (kill of kafka-1)"], problems: [] });
  expect([...summary.hit]).toEqual(["kafka"]);
});

test("a torn end is nothing, a damaged line is a problem", async () => {
  expect(await read(planned(1) + healed(1) + planned(2).slice(0, 30))).toMatchObject({ unhealed: [], problems: [] });
  expect((await read(planned(1) + healed(1).replace("engine", "somebody"))).problems).toEqual(["FL_JOURNAL_DAMAGED: fault journal line 2 is damaged"]);
});
