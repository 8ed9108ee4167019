import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { journalReader, type JournalRecord } from "../contract/journal.ts";
import { RUN_FILES } from "../contract/run.ts";
import { commandLine, TestBench } from "./fixture/test-bench.ts";

type StatusJson = { nodes: { name: string; state: string; ready: boolean; process?: { pid: number } }[] };

async function until(what: string, timeoutMs: number, condition: () => Promise<boolean>): Promise<number> {
  const began = Date.now();
  while (!(await condition())) {
    if (Date.now() - began > timeoutMs) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await sleep(100);
  }
  return Date.now() - began;
}

/** A second pipeline with every type, both triggers on the same table, and the tool itself being killed. */
describe("sensors, both triggers on one table", () => {
  const bench = new TestBench();

  beforeAll(async () => {
    await bench.must([
      "up",
      "--no-standby",
      "--pipeline",
      "pipelines/sensors.yaml",
      "--trigger",
      "micro-batch",
      "--seed",
      "11",
      "--malformed",
      "0.5%",
    ]);
  }, 300_000);
  afterAll(() => bench[Symbol.asyncDispose](), 120_000);

  const status = async () => bench.status<StatusJson>();
  const stateOf = async (name: string) => (await status()).nodes.find((node) => node.name === name);

  it("micro-batch: every type and character arrives; without faults VACUOUS, unless that is allowed", async () => {
    await bench.must(["produce", "--count", "20000", "--rate", "0"]);
    const { code, verdict } = await bench.verdict();
    expect(verdict.anomalies.filter((anomaly) => anomaly.kind !== "recovered")).toEqual([]);
    expect([verdict.verdict, code]).toEqual(["VACUOUS", 4]);
    const allowed = await bench.verdict("--allow-no-faults");
    expect([allowed.verdict.verdict, allowed.code]).toEqual(["VALID", 0]);
    expect(allowed.verdict.counts.acknowledged).toBe(20_000);
    expect(allowed.verdict.counts.actual_dead_letters).toBeGreaterThan(0);
  });

  it("kill -9 of the CLI in the middle of a pause: the paused node runs again within seconds", async () => {
    await bench.must(["produce", "--detach", "--rate", "500"]);
    const plan = join(bench.directory, "plan.json");
    writeFileSync(
      plan,
      JSON.stringify({
        version: 1,
        seed: 1,
        duration_ms: 120_000,
        kinds: ["postgres"],
        faults: [{ id: 0, at_ms: 0, kind: "pause", target: { node: "postgres" }, hold_ms: 60_000 }],
      }),
    );
    const chaos = bench.start(["chaos", "--plan", plan]);
    await until("postgres paused", 60_000, async () => (await stateOf("postgres"))?.state === "paused");
    const pid = (await stateOf("postgres"))?.process?.pid as number;
    chaos.child.kill("SIGKILL");
    await chaos.ended;
    const ms = await until(
      "postgres running again",
      30_000,
      async () => !/\) [Tt] /.test(readFileSync(`/proc/${pid}/stat`, "latin1")),
    );
    process.stdout.write(`postgres went on ${ms} ms after the CLI was killed\n`);
    const run = join(bench.directory, "runs", readdirSync(join(bench.directory, "runs"))[0] as string);
    // The watchdog writes its lines after it has verified the undo.
    await until("healed and closed", 15_000, async () => {
      const reader = journalReader();
      const lines = readFileSync(join(run, RUN_FILES.journal), "utf8").trimEnd().split("\n");
      const records = lines.map((line) => reader.read(line) as JournalRecord);
      return records.at(-2)?.t === "healed" && records.at(-1)?.t === "close";
    });
    expect(await bench.must(["heal"])).toContain("nothing to heal");
  });

  it("a node that somebody kills by hand is started again", async () => {
    const before = (await stateOf("kafka-2"))?.process?.pid as number;
    process.kill(before, "SIGKILL");
    await until("kafka-2 again", 90_000, async () => {
      const now = await stateOf("kafka-2");
      return now?.ready === true && now.process?.pid !== before;
    });
    expect((await stateOf("kafka-2"))?.state).toBe("running");
  });

  it("the supervisor killed: nodes live on, and the next up finds them", async () => {
    const supervisor = bench.processesLeft().filter((pid) => commandLine(pid).includes("supervisor-main"));
    expect(supervisor).toHaveLength(1);
    const before = (await status()).nodes.map((node) => node.process?.pid);
    process.kill(supervisor[0] as number, "SIGKILL");
    await bench.must(["up"]);
    expect((await status()).nodes.map((node) => node.process?.pid)).toEqual(before);
  });

  it("the trigger is swapped on the same table, and all is VALID", async () => {
    await bench.must(["up", "--trigger", "realtime"]);
    await bench.must(["produce", "--count", "10000", "--rate", "5000"]);
    const { verdict, code } = await bench.verdict();
    expect(verdict.reasons).toEqual([]);
    expect([verdict.verdict, code]).toEqual(["VALID", 0]);
    expect(verdict.counts.faults_effective).toBe(1);
  });

  it("the sink can't go on: the drivers end, status says why, and a new start goes on when the cause is gone", async () => {
    await bench.must(["sql", "ALTER TABLE dead_letters ADD CONSTRAINT no_letters CHECK (false) NOT VALID"]);
    // About 20 of them are malformed.
    await bench.must(["produce", "--count", "4000", "--rate", "2000"]);
    let said = "";
    await until("no driver runs any more", 90_000, async () => {
      const { code, output } = await bench.run(["status"]);
      said = output;
      const drivers = (await status()).nodes.filter(({ name }) => name.startsWith("driver"));
      return code === 1 && drivers.length > 0 && drivers.every(({ state }) => state === "down");
    });
    expect(said).toMatch(/ended with exit code 78 .*PostgreSQL refuses a row for dead_letters: .*"no_letters"/);
    await bench.must(["sql", "ALTER TABLE dead_letters DROP CONSTRAINT no_letters"]);
    await bench.must(["up"]);
    await until("all is well", 120_000, async () => (await bench.run(["status"])).code === 0);
    const { verdict, code } = await bench.verdict();
    expect([verdict.verdict, verdict.reasons, code]).toEqual(["VALID", [], 0]);
  }, 300_000);

  it("two drivers' generations: the sink's accounts add up", async () => {
    const rows = await bench.rows<{ partition: number; ok: boolean; generation: string }>(
      "SELECT partition, next_offset - start_offset = rows + duplicates + dead_letters AS ok, generation FROM sink_offsets ORDER BY partition",
    );
    expect(rows).toHaveLength(4);
    expect(rows.every((row) => row.ok && Number(row.generation) >= 2)).toBe(true);
  });

  it("what is typed wrong is one clear error", async () => {
    for (const [args, code, message] of [
      [["demo", "--durration", "5"], 64, /--durration.*--duration/s],
      [["chaos", "--targets", "kafka-9"], 64, /kafka-9/],
      [["validate", "--run", "nosuch"], 64, /FL_RUN_MISSING.*nosuch/s],
      [["up", "--pipeline", "nosuch.yaml"], 64, /FL_PIPELINE_INVALID.*nosuch/s],
      [["sql", "SELEC 1"], 64, /syntax error/],
    ] as const) {
      const result = await bench.run([...args]);
      expect(result.output).toMatch(message);
      expect(result.code).toBe(code);
    }
  });

  it("psql's URL is a URL", async () => {
    const { postgres_url } = await bench.status<{ postgres_url: string }>();
    expect(new URL(postgres_url).protocol).toBe("postgresql:");
  });
});
