import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { encodeLog } from "../../contract/log-line.ts";
import { RUN_FILES } from "../../contract/run.ts";
import type { VerdictFile } from "../../contract/verdict.ts";
import { madeRun, writeMadeRun } from "../page/fixture/made-run.ts";
import { fault, journal } from "../fixture/recovery.ts";
import { BASE_MS, commitLines, KILL, RUN, RUN_ID, VERDICT, writeRunDirectory } from "../fixture/run-directory.ts";
import { jsonOf } from "./json.ts";
import { readRunView } from "./read-view.ts";

let root: string;
let directory: string;
const path = (file: keyof typeof RUN_FILES): string => join(directory, RUN_FILES[file]);
const judged = (more: Partial<VerdictFile>): Promise<void> =>
  writeFile(path("verdict"), JSON.stringify({ ...VERDICT, ...more }));

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "faultline-view-"));
  directory = join(root, RUN_ID);
  await writeRunDirectory(directory);
});
afterEach(() => rm(root, { recursive: true }));

test("the view is JSON, with the members' names as files have them", async () => {
  const view = await readRunView(directory);
  // Nothing is lost on the way: no undefined member counts, no infinite number, no map.
  expect(JSON.parse(JSON.stringify(view))).toEqual(view);
  const json = jsonOf(view) as { start_ms: number; faults: { visible_again: object; node_kind: string }[] };
  expect(json.start_ms).toBe(BASE_MS);
  expect(json.faults[0]).toMatchObject({ node_kind: "kafka", visible_again: { low_ms: 4_400, high_ms: 5_000 } });
  expect(JSON.stringify(json)).not.toMatch(/"[a-z_]*[A-Z][A-Za-z_]*":/);
});

test("a fault that was never undone is JSON, too: its time ends with the evidence", async () => {
  const open = fault({ id: 0, plannedMs: BASE_MS + 5_000, activeMs: BASE_MS + 5_200 });
  await writeFile(path("journal"), encodeLog(journal(BASE_MS, open, BASE_MS + 20_000).slice(0, -1)));
  const view = await readRunView(directory);
  expect(JSON.parse(JSON.stringify(view))).toEqual(view);
  expect(view.windows).toEqual([{ fromMs: BASE_MS + 5_000, toMs: view.endMs }]);
  expect(view.faults[0]?.held).toEqual({ lowMs: 15_800, highMs: 15_800, open: true, by: "journal" });
});

describe("a fault", () => {
  test("has what was done to take it back, and what was seen then", async () => {
    const [found] = (await readRunView(directory)).faults;
    expect(found).toMatchObject({
      undo: "release the hold test-0",
      undoProof: "its process 4712 runs",
      proof: "its process 4711 is gone",
    });
    await writeFile(
      path("journal"),
      encodeLog(
        journal(
          BASE_MS,
          fault({ id: 0, plannedMs: BASE_MS + 5_000, activeMs: BASE_MS + 5_200 }),
          BASE_MS + 20_000,
        ).slice(0, -1),
      ),
    );
    expect((await readRunView(directory)).faults[0]?.undoProof).toBeNull();
  });

  test.each([
    { struck: 1, under_load: 1, recovered: 1, stake: { underLoad: true, recovered: true } },
    { struck: 2, under_load: 2, recovered: 1, stake: { underLoad: true, recovered: null } },
    { struck: 2, under_load: 0, recovered: 0, stake: { underLoad: false, recovered: false } },
  ])("has the stake of its kind where that is the same for all: %j", async ({ stake, ...counts }) => {
    await judged({ faults: [{ node_kind: "kafka", ...counts }] });
    expect((await readRunView(directory)).faults[0]?.stake).toEqual(stake);
  });

  test("without effect has no stake, nor has one of a kind that the verdict does not name", async () => {
    await judged({ faults: [{ node_kind: "postgres", struck: 1, under_load: 1, recovered: 1 }] });
    expect((await readRunView(directory)).faults[0]?.stake).toEqual({ underLoad: null, recovered: null });
    await judged({});
    const none = fault({
      id: 0,
      plannedMs: BASE_MS + 5_000,
      activeMs: BASE_MS + 5_200,
      effective: false,
      healedMs: BASE_MS + 6_000,
    });
    await writeFile(path("journal"), encodeLog(journal(BASE_MS, none, BASE_MS + 20_000)));
    expect((await readRunView(directory)).faults[0]?.stake).toEqual({ underLoad: null, recovered: null });
  });

  test("is visible again in the time line when it was measured to be", async () => {
    await appendFile(path("commits"), commitLines());
    const view = await readRunView(directory);
    expect(view.timeline.faults.map(({ visible_ms }) => visible_ms)).toEqual([BASE_MS + 5_000 + 4_418]);
    expect(view.timeline.start_ms).toBe(BASE_MS);
  });
});

const anomaly = async (found: VerdictFile["anomalies"][number]) => {
  await judged({ anomalies: [found] });
  const [view] = (await readRunView(directory)).anomalies.value ?? [];
  return [view?.hop, view?.faults];
};

describe("an anomaly", () => {
  test.each([
    // Batch 52 of lane 1 waited for its acknowledgement while the broker was dead; batch 20 was through before.
    ["lost-kafka", ["p1 #510-519"], "", "producer → Kafka", [0]],
    ["lost-kafka", ["p1 #200"], "", "producer → Kafka", []],
    // Seen as stored at the very moment of the injection; the next event was made after it.
    ["lost-sink", ["p1 #499"], "", "Spark → PostgreSQL", []],
    ["lost-sink", ["p1 #500"], "", "Spark → PostgreSQL", [0]],
    ["unseen", ["p0 #1200"], "", "Kafka → Spark", [0]],
    ["corrupt", ["p0 #10"], "the record differs in 1 byte", "producer → Kafka", []],
    ["corrupt", ["p0 #10"], "a row of the table differs in amount", "Spark → PostgreSQL", []],
    ["corrupt", ["p0 #10"], "it differs", null, []],
    ["vanished", ["p3 offsets 4-9: 6 records at 12:00, 5 at the end"], "", "producer → Kafka", null],
    ["offset-gap", ["p9 #1"], "", "Spark → PostgreSQL", null],
  ] as const)("%s %j %s arose between %s, during %j", async (kind, ranges, detail, hop, faults) => {
    expect(await anomaly({ kind, count: 1, ranges: [...ranges], detail })).toEqual([hop, faults]);
  });

  test("of which none was found is not there", async () => {
    await judged({ anomalies: [{ kind: "lost-sink", count: 0, ranges: [], detail: "" }] });
    expect((await readRunView(directory)).anomalies).toEqual({ value: [] });
  });
});

describe("what coordinates the brokers", () => {
  test("is told by the nodes that samples saw, or by a version", async () => {
    expect((await readRunView(directory)).coordination).toBeNull();
    await writeFile(path("run"), JSON.stringify({ ...RUN, versions: { zookeeper: "3.8.4" } }));
    expect((await readRunView(directory)).coordination).toBe("zookeeper");
    const made = join(root, "20261124T225617Z-payments");
    writeMadeRun(made, madeRun({ seconds: 30, faults: [] }));
    expect((await readRunView(made)).coordination).toBe("kraft");
  });

  test("is told by the run itself where it is of this build; in containers ZooKeeper's node says nothing", async () => {
    const made = join(root, "20261124T225617Z-payments");
    writeMadeRun(made, madeRun({ seconds: 30, faults: [] }));
    const says = (run: object): Promise<void> => writeFile(join(made, "run.json"), JSON.stringify({ ...RUN, ...run }));
    await says({ coordination: "zookeeper" });
    expect((await readRunView(made)).coordination).toBe("zookeeper");
    await says({ runtime: "compose" });
    expect((await readRunView(made)).coordination).toBeNull();
  });
});

const other = async (id: string, damage: (at: string) => Promise<void> = async () => undefined): Promise<void> => {
  const at = join(root, id);
  await writeRunDirectory(at);
  await writeFile(join(at, RUN_FILES.run), JSON.stringify({ ...RUN, id }));
  await damage(at);
};

describe("the last runs", () => {
  test("are those before this one, of the same pipeline, that were judged", async () => {
    await other("20231101T000000Z-payments");
    await other("20231102T000000Z-payments", (at) => rm(join(at, RUN_FILES.verdict)));
    await other("20231103T000000Z-orders", async (at) => {
      const yaml = await readFile(join(at, RUN_FILES.pipeline), "utf8");
      await writeFile(join(at, RUN_FILES.pipeline), yaml.replace(/^name: payments$/m, "name: orders"));
    });
    await other("20231201T000000Z-payments");
    expect((await readRunView(directory)).lastRuns.map(({ id }) => id)).toEqual(["20231101T000000Z-payments", RUN_ID]);
  });

  test("have the worst of each figure; a run without faults has none", async () => {
    await other("20231101T000000Z-payments", (at) =>
      writeFile(join(at, RUN_FILES.journal), encodeLog(journal(BASE_MS, [], BASE_MS + 1))),
    );
    const [first, last] = (await readRunView(directory)).lastRuns;
    expect(first).toMatchObject({ faults: 0, ackGap: null, visibleAgain: null });
    expect(last).toMatchObject({ faults: 1, verdict: "VALID", ackGap: { lowMs: 4_335, by: "ledger" }, calmP99Ms: 96 });
  });

  test("are twelve at most, the newest", async () => {
    for (let day = 10; day < 24; day++) await other(`202310${day}T000000Z-payments`);
    const ids = (await readRunView(directory)).lastRuns.map(({ id }) => id);
    expect([ids.length, ids[0], ids.at(-1)]).toEqual([12, "20231013T000000Z-payments", RUN_ID]);
  });
});

test("a verdict of another run is told", async () => {
  await judged({ run_id: "other" });
  expect((await readRunView(directory)).verdict.value?.foreign).toBe("other");
});

test("the journal's problems are there, and the faults that could be read", async () => {
  await writeFile(path("journal"), encodeLog(journal(BASE_MS, KILL, BASE_MS + 20_000).slice(0, -1)));
  const { journal: found, faults } = await readRunView(directory);
  expect(found.value?.problems).toEqual([expect.stringContaining('does not end with "close"')]);
  expect(faults).toHaveLength(1);
});
