import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digestSchema } from "../../contract/digest.ts";
import { RUN_FILES } from "../../contract/run.ts";
import { madeRun, writeMadeRun } from "../page/fixture/made-run.ts";
import { exactly, faultView, viewOf } from "../fixture/fault-view.ts";
import { commitLines, RUN_ID, writeRunDirectory } from "../fixture/run-directory.ts";
import { digestOf, encodeDigest } from "./digest.ts";
import { readRunView } from "./read-view.ts";

const MACHINE = { cores: 2, memory_mib: 24_576, cpu: "example cpu" };
const EXAMPLE = new URL("../fixture/digest.json", import.meta.url);

let root: string;
let directory: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "faultline-digest-"));
  directory = join(root, RUN_ID);
  await writeRunDirectory(directory);
  await writeFile(join(directory, RUN_FILES.commits), commitLines());
});
afterAll(() => rm(root, { recursive: true }));

test("the example of the digest's readers fits the schema", async () => {
  const example: unknown = JSON.parse(await readFile(EXAMPLE, "utf8"));
  expect(digestSchema.parse(example)).toEqual(example);
});

const exact = (ms: number, by: string) => ({ low_ms: ms, high_ms: ms, open: false, by });

describe("the digest of a run", () => {
  test("has the measures with their bounds and their source", async () => {
    const { faults, figures, verdict, premises, canary } = digestOf(await readRunView(directory), MACHINE);
    expect(faults).toEqual([
      {
        id: 0,
        kind: "kill",
        node: "kafka-2",
        node_kind: "kafka",
        role: null,
        at_ms: 5_000,
        effective: true,
        under_load: true,
        recovered: true,
        detected: exact(200, "journal"),
        held: exact(5_800, "journal"),
        ready: exact(1_500, "journal"),
        failed_over: { unknown: "no sample saw a partition without a leader" },
        caught_up: { low_ms: 4_000, high_ms: 5_000, open: false, by: "samples" },
        ack_gap: { measure: exact(4_335, "ledger"), shared_with: [] },
        sink_gap: { measure: exact(4_335, "commits"), shared_with: [] },
        visible_again: exact(4_418, "commits"),
      },
    ]);
    expect(figures).toMatchObject({
      acknowledged: 123_456,
      rows: 123_402,
      produced_for_ms: 20_000,
      calm_ack_gap: exact(100, "ledger"),
    });
    expect(figures.calm.latency_p99_ms).toEqual({ samples: 11, median: 96, lowest: 96, highest: 96 });
    expect(verdict).toEqual({ verdict: "VALID", reasons: [], waived: [], judged_in_ms: 4_200 });
    expect(premises).toMatchObject({ hold: 0, recorded: 1, others: [{ name: "postgres.fsync", verdict: "unknown" }] });
    expect(canary).toEqual({ planted: 16, found: 16, kinds: 16 });
  });

  test("is the same bytes each time, fits its schema, and has one line per fault", async () => {
    const view = await readRunView(directory);
    const text = encodeDigest(digestOf(view, MACHINE));
    expect(encodeDigest(digestOf(await readRunView(directory), MACHINE))).toBe(text);
    expect(JSON.parse(text)).toEqual(digestOf(view, MACHINE));
    expect(text.split("\n").filter((line) => line.includes('"kind":"kill"'))).toHaveLength(1);
  });

  test("of a run of which nothing is known says so", () => {
    const digest = digestOf(viewOf("20231114T221320Z-payments"), { ...MACHINE, cpu: null });
    expect(digestSchema.parse(JSON.parse(encodeDigest(digest)))).toEqual(digest);
    expect(digest).toMatchObject({
      runtime: null,
      verdict: null,
      premises: null,
      canary: null,
      worst_minute: null,
      coordination: null,
    });
    expect(digest.figures).toMatchObject({
      attempted: null,
      rows: null,
      calm: { lag: null },
      calm_ack_gap: { unknown: "no ledger" },
    });
  });

  test("has every fault, in its order: figures over several runs need them all", () => {
    const faults = Array.from({ length: 200 }, (_, id) => faultView(id, exactly(id % 100)));
    const digest = digestOf(viewOf("x", faults), MACHINE);
    expect(digest.faults.map(({ id }) => id)).toEqual([...Array(200).keys()]);
    expect(encodeDigest(digest).length).toBeLessThan(200 * 1_000);
  });
});

describe("the worst minute", () => {
  test("is the one in which the least was stored, with the faults that were active", async () => {
    const faults = [{ kind: "restart", node: "driver", nodeKind: "driver", at: 128, hold: 2, standstill: 28 }] as const;
    const made = join(root, "20261124T225617Z-payments");
    writeMadeRun(made, madeRun({ seconds: 240, faults: [...faults] }));
    const { worst_minute: worst, faults: struck } = digestOf(await readRunView(made), MACHINE);
    if (worst === null) throw new Error("no minute");
    expect(worst.seconds).toHaveLength(60);
    const standing = worst.seconds.filter(({ stored_per_s }) => stored_per_s === 0);
    expect(standing).toHaveLength(28);
    expect(worst.seconds.filter(({ faults: active }) => active.includes(struck[0]?.id ?? -1))).toHaveLength(29);
    expect(Math.max(...worst.seconds.map(({ lag }) => lag ?? 0))).toBeGreaterThan(50_000);
  });

  test("does not exist in a run of less than a minute", async () => {
    expect(digestOf(await readRunView(directory), MACHINE).worst_minute).toBeNull();
  });
});
