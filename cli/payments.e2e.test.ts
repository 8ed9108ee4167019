import { appendFileSync, copyFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { journalReader, type JournalRecord } from "../contract/journal.ts";
import { RUN_FILES } from "../contract/run.ts";
import type { AnomalyKind, VerdictFile } from "../contract/verdict.ts";
import { ignoredArchive } from "../platform/local/supervisor/ignored-archive.ts";
import { commandLine, TestBench } from "./fixture/test-bench.ts";

/**
 * One real chaos run of about a minute over the whole path; then the same stack is damaged by hand, one way at a time, and the validator must say which.
 */
const change = (by: number) =>
  `UPDATE payments SET amount_cents = amount_cents + ${by} WHERE event_id = (SELECT min(event_id) FROM payments)`;

describe("payments, a chaos run in Real-time Mode", () => {
  const bench = new TestBench();
  let run: string;

  afterAll(() => bench[Symbol.asyncDispose](), 120_000);

  it("the demo ends with exit code 0", async () => {
    const { code, output } = await bench.run([
      "demo",
      "--no-standby",
      "--duration",
      "60",
      "--interval",
      "10",
      "--rate",
      "1000",
      "--seed",
      "7",
      "--keep",
    ]);
    process.stdout.write(output);
    expect(code, output).toBe(0);
    run = join(bench.directory, "runs", readdirSync(join(bench.directory, "runs"))[0] as string);
    expect(output).toContain("VALIDATION PASSED: zero data loss");
  });

  const file = (name: keyof typeof RUN_FILES) => join(run, RUN_FILES[name]);

  it("is VALID, with faults that bit and were healed", () => {
    const verdict = JSON.parse(readFileSync(file("verdict"), "utf8")) as VerdictFile;
    expect(verdict.verdict).toBe("VALID");
    expect(verdict.counts.faults_effective).toBeGreaterThanOrEqual(4);
    expect(verdict.counts.actual_rows).toBeGreaterThan(20_000);
    expect(verdict.counts.actual_dead_letters).toBeGreaterThan(0);
    expect(verdict.witness?.records).toBeGreaterThan(verdict.counts.log_records / 2);
    expect(verdict.witness?.row_ranges).toBeGreaterThan(10);
    const reader = journalReader();
    const lines = readFileSync(file("journal"), "utf8").trimEnd().split("\n");
    const journal = lines.map((line) => reader.read(line) as JournalRecord);
    expect(journal.at(-1)?.t).toBe("close");
    const ids = (t: JournalRecord["t"]) =>
      journal.flatMap((record) => (record.t === t && "id" in record ? [record.id] : [])).toSorted((a, b) => a - b);
    expect(ids("healed")).toEqual(ids("active"));
  });

  it("leaves a report whose counts are the verdict's", async () => {
    const verdict = JSON.parse(readFileSync(file("verdict"), "utf8")) as VerdictFile;
    const report = readFileSync(file("report"), "utf8");
    expect(report).toContain("VALID");
    expect(report).toContain(verdict.counts.actual_rows.toLocaleString("en-US"));
    const [markdown, page] = (await bench.must(["report"])).trimEnd().split("\n");
    expect([markdown, page]).toEqual([file("report"), file("reportPage")]);
    expect(readFileSync(file("reportPage"), "utf8")).toContain("default-src &#39;none&#39;");
  });

  it("measures each recovery to the millisecond, by commit times", async () => {
    const { faults } = JSON.parse(await bench.must(["report", "--json"])) as {
      faults: { effective: boolean; visible_again: object; sink_gap: { measure: object } }[];
    };
    const bitten = faults.filter(({ effective }) => effective);
    expect(bitten.length).toBeGreaterThan(0);
    for (const { visible_again } of bitten) expect(visible_again).toMatchObject({ open: false, by: "commits" });
    for (const { sink_gap } of bitten) expect(sink_gap.measure).toMatchObject({ open: false, by: "commits" });
  });

  it("has no password in any file of the run, nor in a command line", async () => {
    const status = await bench.status<{ stack: { postgres: { password_file: string } } }>();
    const password = readFileSync(status.stack.postgres.password_file, "utf8").trim();
    expect(password.length).toBeGreaterThanOrEqual(16);
    for (const entry of readdirSync(run, { recursive: true, withFileTypes: true }))
      if (entry.isFile())
        expect(readFileSync(join(entry.parentPath, entry.name), "latin1").includes(password), entry.name).toBe(false);
    for (const pid of bench.processesLeft()) expect(commandLine(pid)).not.toContain(password);
  });

  it("has JVMs that all map their class archive, also those that the faults restarted, and executors", () => {
    const jvms = bench.processesLeft().filter((pid) => commandLine(pid).includes("-XX:SharedArchiveFile="));
    for (const part of ["kafka.Kafka", "master.Master", "worker.Worker", "PipelineJob", "CoarseGrainedExecutorBackend"])
      expect(jvms.filter((pid) => commandLine(pid).includes(part)).length, part).toBeGreaterThan(0);
    expect(jvms.map(ignoredArchive).filter((archive) => archive !== undefined)).toEqual([]);
  });

  /** Damage by SQL, what the verdict must name, and how to undo it. The pipeline is at rest: the producer has ended. */
  const damages: { name: string; kind: AnomalyKind; damage: string; undo: string }[] = [
    {
      name: "a row deleted",
      kind: "lost-sink",
      damage:
        "CREATE TABLE kept AS SELECT * FROM payments ORDER BY event_id OFFSET 7 LIMIT 1; DELETE FROM payments WHERE event_id IN (SELECT event_id FROM kept)",
      undo: "INSERT INTO payments SELECT * FROM kept; DROP TABLE kept",
    },
    {
      name: "a row copied under a new id",
      kind: "phantom",
      damage:
        "INSERT INTO payments SELECT run_id, event_id + 500000000, account_id, type, amount_cents, currency, created_at, note FROM payments ORDER BY event_id LIMIT 1",
      undo: "DELETE FROM payments WHERE event_id % 1099511627776 >= 500000000",
    },
    {
      name: "a row of another run",
      kind: "foreign-run",
      damage:
        "INSERT INTO payments SELECT 1, event_id, account_id, type, amount_cents, currency, created_at, note FROM payments ORDER BY event_id LIMIT 1",
      undo: "DELETE FROM payments WHERE run_id = 1",
    },
    {
      name: "an aggregate shifted",
      kind: "aggregate-mismatch",
      damage:
        "UPDATE payments_per_minute SET events = events + 1 WHERE (minute, type, shard) = (SELECT minute, type, shard FROM payments_per_minute ORDER BY 1, 2, 3 LIMIT 1)",
      undo: "UPDATE payments_per_minute SET events = events - 1 WHERE (minute, type, shard) = (SELECT minute, type, shard FROM payments_per_minute ORDER BY 1, 2, 3 LIMIT 1)",
    },
    {
      // (A next_offset that is moved back is what a failover leaves, and the sink stores those records again.)
      name: "sink_offsets counts otherwise",
      kind: "offset-gap",
      damage: "UPDATE sink_offsets SET rows = rows - 5 WHERE partition = 2",
      undo: "UPDATE sink_offsets SET rows = rows + 5 WHERE partition = 2",
    },
    {
      name: "a dead letter removed",
      kind: "dead-letter-mismatch",
      damage:
        'CREATE TABLE kept AS SELECT * FROM dead_letters LIMIT 1; DELETE FROM dead_letters WHERE (partition, "offset") IN (SELECT partition, "offset" FROM kept)',
      undo: "INSERT INTO dead_letters SELECT * FROM kept; DROP TABLE kept",
    },
  ];
  it("the witness looks away: what is undone later would be found, too", () => {
    const monitors = bench.processesLeft().filter((pid) => commandLine(pid).includes("monitor/main.ts"));
    expect(monitors).toHaveLength(1);
    process.kill(monitors[0] as number, "SIGSTOP");
  });

  it.each(damages)("$name is found: $kind", async ({ kind, damage, undo }) => {
    await bench.must(["sql", damage]);
    try {
      const { code, verdict } = await bench.verdict("--quiet-timeout", "3s");
      expect(verdict.anomalies.map((anomaly) => anomaly.kind)).toContain(kind);
      expect(verdict.verdict).toBe("INVALID");
      expect(code).toBe(1);
      const anomaly = verdict.anomalies.find((found) => found.kind === kind);
      expect(anomaly?.count).toBeGreaterThan(0);
      expect(anomaly?.ranges.length).toBeGreaterThan(0);
    } finally {
      await bench.must(["sql", undo]);
    }
  });

  it("is VALID again when all damage is undone", async () => {
    const { verdict } = await bench.verdict();
    expect(verdict.reasons).toEqual([]);
    expect(verdict.verdict).toBe("VALID");
  });

  it("a ledger with a damaged line is never VALID", async () => {
    const kept = join(bench.directory, "ledger");
    copyFileSync(file("ledger"), kept);
    try {
      const lines = readFileSync(kept, "utf8").split("\n");
      lines[10] = (lines[10] as string).replace('"n":', '"n":1');
      writeFileSync(file("ledger"), lines.join("\n"));
      const { code, verdict } = await bench.verdict("--quiet-timeout", "3s");
      expect(["UNKNOWN", "INVALID"]).toContain(verdict.verdict);
      expect(code).not.toBe(0);
      expect(verdict.reasons.join("\n")).toMatch(/line 11/);
    } finally {
      copyFileSync(kept, file("ledger"));
    }
  });

  it("a torn last line of the ledger counts as never written", async () => {
    const kept = join(bench.directory, "ledger");
    copyFileSync(file("ledger"), kept);
    try {
      appendFileSync(file("ledger"), '{"t":"attempt","p":0,');
      expect((await bench.verdict()).verdict.verdict).toBe("VALID");
    } finally {
      copyFileSync(kept, file("ledger"));
    }
  });

  /** Last, because the database never forgets an update until it crashes. */
  it("a column changed is found: corrupt; changed back, the run is UNKNOWN", async () => {
    await bench.must(["sql", change(1)]);
    const changed = await bench.verdict("--quiet-timeout", "3s");
    expect(changed.verdict.verdict).toBe("INVALID");
    expect(changed.verdict.anomalies).toContainEqual(expect.objectContaining({ kind: "corrupt", count: 1 }));
    await bench.must(["sql", change(-1)]);
    const { code, verdict } = await bench.verdict();
    expect(verdict.reasons).toEqual([expect.stringContaining("postgres.payments.changes is 2 updates, ")]);
    expect(verdict.verdict).toBe("UNKNOWN");
    expect(code).toBe(2);
  });

  it("a wrong password is one clear error, exit 2", async () => {
    const { code, output } = await bench.run(["validate"], { POSTGRES_PASSWORD: "wrong" });
    expect(output).toContain("FL_POSTGRES_AUTH");
    expect(output).not.toContain("    at ");
    expect(code).toBe(2);
  });

  it("another seed, pipeline or partition count on the same data is refused", async () => {
    const seed = await bench.run(["up", "--seed", "8"]);
    expect(seed.output).toMatch(/FL_[A-Z_]+:.*seed/);
    expect(seed.code).not.toBe(0);
    const pipeline = await bench.run(["up", "--pipeline", "pipelines/sensors.yaml"]);
    expect(pipeline.output).toMatch(/FL_[A-Z_]+:.*pipeline/);
    expect(pipeline.code).not.toBe(0);
    const demo = await bench.run(["demo"]);
    expect(demo.output).toContain("FL_STACK_BUSY");
    expect(demo.code).toBe(69);
  });

  it("down leaves no process and no data", async () => {
    expect(bench.processesLeft().length).toBeGreaterThan(8);
    await bench.must(["down", "--volumes"]);
    expect(bench.processesLeft()).toEqual([]);
    expect(existsSync(join(bench.directory, "state", "data"))).toBe(false);
    expect(await bench.must(["report", "--print"])).toContain("**UNKNOWN**");
  });
});
