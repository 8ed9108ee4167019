import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type ErrorCode, FaultlineError } from "../../contract/errors.ts";
import { parsePipeline } from "../../contract/pipeline.ts";
import { linesOf } from "../canary/lines.ts";
import { findAnomalies } from "../checks/find-anomalies.ts";
import { ANOMALIES } from "../../contract/verdict.ts";
import { MemoryServers } from "../fixture/memory-servers.ts";
import { worldBytes } from "../fixture/read-world.ts";
import { applySink } from "../fixture/sink.ts";
import { makeWorld } from "../fixture/world.ts";
import { Histories } from "../histories/histories.ts";
import { LedgerIngest } from "../histories/ledger-ingest.ts";
import { UnreadableError } from "../read/unreadable-error.ts";
import type { Question } from "../source/question.ts";
import type { PartitionSource, TablePart } from "../source/run-source.ts";
import { WitnessSeen } from "../witness/witness-seen.ts";
import { readRun } from "./read-run.ts";

const file = new URL("../../pipelines/payments.yaml", import.meta.url);
const pipeline = parsePipeline(readFileSync(file, "utf8"), "payments.yaml");
const world = makeWorld(pipeline, 3, { batches: 30, malformedPpm: 100_000 });
const bytes = worldBytes(world, applySink(world));
const settings = { run: world.open.run, seed: world.open.seed, malformedPpm: world.open.malformed_ppm };
const records = world.log.flat().length;

/** The run's servers, which may fail; `done` says what was done with them, in its order. */
class Servers extends MemoryServers {
  readonly done: string[] = [];
  snapshotError: Error | undefined;
  /** The error for a question, by its name. */
  readonly questionErrors: Record<string, Error> = {};
  partError: (part: TablePart) => Error | undefined = () => undefined;
  logError: Error | undefined;

  constructor(of = bytes) {
    super({ bytes: of, pipeline, run: settings.run, rowsFromMs: 0 });
    const answer = this.ask;
    this.ask = async <Answer>(question: Question<Answer>): Promise<Answer> => {
      this.done.push(`ask ${question.name}`);
      const error = this.questionErrors[question.name];
      if (error !== undefined) throw error;
      return answer(question);
    };
  }

  override async beginSnapshot(): Promise<void> {
    this.done.push("snapshot");
    if (this.snapshotError !== undefined) throw this.snapshotError;
  }

  override partitions(): PartitionSource {
    const source = super.partitions();
    this.done.push("open");
    return {
      copy: async (part, signal, take) => {
        this.done.push(`copy ${part.of}${"partition" in part ? ` ${part.partition}` : ""}`);
        const error = this.partError(part);
        if (error !== undefined) throw error;
        await source.copy(part, signal, take);
      },
      log: async (range, signal, take) => {
        this.done.push(`log ${range.partition}`);
        if (this.logError !== undefined) throw this.logError;
        await source.log(range, signal, take);
      },
      close: async () => void this.done.push("close"),
    };
  }
}

/** A run of which the ledger was read. */
function ledgerRead(): Histories {
  const histories = new Histories(pipeline, settings);
  const ledger = new LedgerIngest(histories);
  for (const [index, line] of linesOf(bytes.ledger).entries()) ledger.line(line, index + 1);
  ledger.finish();
  return histories;
}

async function read(
  servers: Servers,
  histories = ledgerRead(),
  options: { beginning?: { sequences: number; offsets: number }[] } = {},
) {
  const said: string[] = [];
  const result = await readRun(histories, servers, {
    topic: pipeline.topic,
    beginning: options.beginning ?? pipeline.aggregates.map(() => ({ sequences: 5, offsets: 5 })),
    inSnapshot: async () => void servers.done.push("in snapshot"),
    progress: (text) => said.push(text),
    signal: new AbortController().signal,
  });
  const { sinkRead, logRead, actualRows, logRecords } = histories;
  const wrong = findAnomalies(histories).filter(({ kind }) => ANOMALIES[kind].verdict !== "info");
  return {
    ...result,
    histories,
    said,
    sinkRead,
    logRead,
    actualRows,
    logRecords,
    wrong: wrong.map(({ kind }) => kind),
  };
}

const more = (table: Buffer, line: string) => Buffer.concat([table, Buffer.from(`${line}\n`)]);
const messagesOf = ({ problems }: { problems: { message: string }[] }) => problems.map(({ message }) => message);
const unreadable = (message = "not today") => new UnreadableError(message);

test("reads the shared tables in the snapshot, then asks Kafka where its log ends, then each partition", async () => {
  const servers = new Servers();
  const result = await read(servers);
  expect([result.problems, result.doubtful, result.wrong]).toEqual([[], [], []]);
  expect([result.sinkRead, result.logRead, result.logRecords]).toEqual([true, true, records]);
  expect(result.actualRows).toBe(linesOf(bytes.rows).length);
  expect(result.said[0]).toBe("reading PostgreSQL");
  const partitionsFrom = servers.done.indexOf("ask kafka.log.judged");
  expect(servers.done.slice(0, partitionsFrom + 1)).toEqual([
    "snapshot",
    "in snapshot",
    "open",
    "copy offsets",
    "copy letters rest",
    "copy rows rest",
    "copy groups rest",
    "copy groups rest",
    "close",
    "ask postgres.view.payments_per_minute_total",
    "ask postgres.view.payments_per_account_total",
    "ask kafka.log.judged",
  ]);
  for (let partition = 0; partition < 6; partition++)
    expect(servers.done.slice(partitionsFrom)).toEqual(
      expect.arrayContaining([`copy letters ${partition}`, `copy rows ${partition}`, `log ${partition}`]),
    );
});

test("keeps the beginning of each partition, as long as is asked", async () => {
  const beginning = [0, 1, 2].map((partition) => ({ sequences: partition === 1 ? 3 : 0, offsets: 0 }));
  const { captured } = await read(new Servers(), ledgerRead(), { beginning });
  expect([...captured.keys()].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5]);
  const rows = [...captured.entries()].filter(([, { rows: kept }]) => kept.length > 0);
  expect(rows.map(([partition]) => partition)).toEqual([1]);
  expect([...captured.values()].every(({ batches }) => batches.length === 0)).toBe(true);
});

test("rows, dead letters and groups that belong to no partition are read as well", async () => {
  const changed = {
    ...bytes,
    rows: more(bytes.rows, linesOf(bytes.rows)[0]?.replace(/^\d+/, "7") ?? ""),
    letters: more(bytes.letters, "other\tpayments\t0\t0\t\\N\t\\N\tx\t2026-07-01 00:00:00+00"),
    groups: bytes.groups.with(1, more(bytes.groups[1] as Buffer, "5\t99\t1\t1")),
  };
  const { wrong, histories } = await read(new Servers(changed));
  expect(wrong.toSorted()).toEqual(["aggregate-mismatch", "dead-letter-mismatch", "foreign-run"]);
  expect(histories.oddLetters.count).toBe(1);
});

test("a view that returns other groups than its table is an anomaly", async () => {
  const servers = new Servers();
  servers.answers["postgres.view.payments_per_account_total"] = { missing: 2, more: 1 };
  const { wrong, histories } = await read(servers);
  expect(histories.viewDifferences).toEqual([
    { count: 2, text: expect.stringMatching(/^payments_per_account_total: /) as string },
  ]);
  expect(wrong).toEqual(["aggregate-mismatch"]);
});

test("without PostgreSQL the log is read all the same", async () => {
  const servers = new Servers();
  servers.snapshotError = unreadable();
  const result = await read(servers);
  expect(result.problems).toEqual([{ code: undefined, message: "not today", remedy: undefined }]);
  expect([result.sinkRead, result.logRead, result.actualRows, result.logRecords]).toEqual([false, true, 0, records]);
  expect(servers.done.filter((what) => what.startsWith("copy"))).toEqual([]);
});

test("without Kafka the tables are read all the same", async () => {
  const servers = new Servers();
  servers.questionErrors["kafka.log.judged"] = unreadable();
  const result = await read(servers);
  expect(messagesOf(result)).toEqual(["not today"]);
  expect([result.sinkRead, result.logRead, result.logRecords]).toEqual([true, false, 0]);
  expect(result.actualRows).toBe(linesOf(bytes.rows).length);
  expect(servers.done.filter((what) => what.startsWith("log"))).toEqual([]);
});

test("without both, no partition is read", async () => {
  const servers = new Servers();
  servers.snapshotError = unreadable("no tables");
  servers.questionErrors["kafka.log.judged"] = unreadable("no log");
  const result = await read(servers);
  expect(messagesOf(result)).toEqual(["no tables", "no log"]);
  expect([result.sinkRead, result.logRead, servers.done.includes("open")]).toEqual([false, false, false]);
});

test.each<ErrorCode>(["FL_POSTGRES_AUTH", "FL_SCHEMA_MISSING", "FL_TOPIC_MISSING", "FL_TOPIC_MISMATCH"])(
  "if %s, nothing else is read",
  async (code) => {
    const problem = { code, message: "hopeless", remedy: "r" };
    const error = new FaultlineError(code, "hopeless", { remedy: "r" });
    const [early, late] = [new Servers(), new Servers()];
    early.snapshotError = error;
    late.questionErrors["kafka.log.judged"] = error;
    expect((await read(early)).problems).toEqual([problem]);
    expect(early.done).toEqual(["snapshot"]);
    expect((await read(late)).problems).toEqual([problem]);
    expect(late.done.at(-1)).toBe("ask kafka.log.judged");
  },
);

test("another error of a server does not keep the other server from being read", async () => {
  const servers = new Servers();
  servers.snapshotError = new FaultlineError("FL_POSTGRES_UNREACHABLE", "gone", { remedy: "r" });
  const { problems, logRead } = await read(servers);
  expect(problems).toEqual([{ code: "FL_POSTGRES_UNREACHABLE", message: "gone", remedy: "r" }]);
  expect(logRead).toBe(true);
});

test("a topic with another number of partitions is not the run's", async () => {
  const servers = new Servers();
  servers.answers["kafka.log.judged"] = [{ partition: 0, start: 0, end: 5 }];
  const { problems, logRead } = await read(servers);
  expect(problems).toEqual([
    {
      code: "FL_TOPIC_MISMATCH",
      message: "the topic has 1 partitions, but the pipeline has 6",
      remedy: "give the pipeline file and the topic of the run",
    },
  ]);
  expect([logRead, servers.done.at(-1)]).toEqual([false, "ask kafka.log.judged"]);
});

test("a table that breaks off in every partition is one problem, and the tables count as not read", async () => {
  const servers = new Servers();
  servers.partError = (part) => (part.of === "rows" && part.partition !== "rest" ? unreadable("broken") : undefined);
  const result = await read(servers);
  expect(messagesOf(result)).toEqual(["broken"]);
  expect([result.sinkRead, result.logRead, result.logRecords]).toEqual([false, true, records]);
});

test("a table that breaks off in one partition only counts as not read, too", async () => {
  const servers = new Servers();
  servers.partError = (part) => (part.of === "rows" && part.partition === 0 ? unreadable("broken") : undefined);
  const { sinkRead, logRead } = await read(servers);
  expect([sinkRead, logRead]).toEqual([false, true]);
});

test("a log that breaks off counts as not read, and the tables are read", async () => {
  const servers = new Servers();
  servers.logError = unreadable("cut");
  const result = await read(servers);
  expect(messagesOf(result)).toEqual(["cut"]);
  expect([result.sinkRead, result.logRead, result.doubtful]).toEqual([true, false, []]);
});

test("if the shared tables break off, their reader is closed and no table counts as read", async () => {
  const servers = new Servers();
  servers.partError = (part) => (part.of === "offsets" ? unreadable("broken") : undefined);
  const result = await read(servers);
  expect(messagesOf(result)).toEqual(["broken"]);
  expect([result.sinkRead, result.logRead]).toEqual([false, true]);
  expect(servers.done.filter((what) => what === "open")).toHaveLength(2);
  expect(servers.done.filter((what) => what === "close")).toHaveLength(2);
});

test.each<[string, (servers: Servers) => void]>([
  ["in the snapshot", (servers) => (servers.snapshotError = new Error("a bug"))],
  ["at Kafka's ends", (servers) => (servers.questionErrors["kafka.log.judged"] = new Error("a bug"))],
  ["in a partition", (servers) => (servers.logError = new Error("a bug"))],
])("an error that says nothing about a source is thrown: %s", async (_name, spoil) => {
  const servers = new Servers();
  spoil(servers);
  await expect(read(servers)).rejects.toThrow("a bug");
});

test("a log with holes makes doubtful what must be recounted from it, and each hole is told in order", async () => {
  const log = bytes.log.map((each) => ({ ...each, end: each.end + 1 }));
  const result = await read(new Servers({ ...bytes, log }));
  expect(messagesOf(result)).toEqual(
    log.map(({ end }, partition) => `partition ${partition}: read ${end - 1} records of offsets 0 to ${end}`),
  );
  expect(result.problems[0]).toMatchObject({ code: undefined, remedy: undefined });
  expect(result.doubtful).toEqual([
    "lost-kafka",
    "reorder",
    "torn-batch",
    "aggregate-mismatch",
    "offset-gap",
    "dead-letter-mismatch",
  ]);
});

test("the ranges that a witness has read are summed up", async () => {
  const histories = ledgerRead();
  histories.witness = new WitnessSeen(6);
  const end = world.log.findIndex((log) => log.length > 9);
  histories.witness.lanes[end]?.log.push({ from: 1, to: 4, records: 3, digest: "d", atMs: 0 });
  await read(new Servers(), histories);
  expect([...histories.witness.end.log]).toEqual([
    [`${end}:1:4`, { from: 1, to: 4, records: 3, digest: expect.stringMatching(/./) as string }],
  ]);
});

test("an event whose record stands in another partition is due in its own", async () => {
  const other = makeWorld(pipeline, 3, { batches: 30, malformedPpm: 100_000 });
  const from = other.log.findIndex((log) => log.length > 5);
  const to = other.log.findLastIndex((log) => log.length > 5);
  const [own = [], at] = [other.log[from], other.log[from]?.findIndex(({ json }) => json !== undefined) ?? -1];
  // Its own partition does not have it any more.
  const [stray] = own.splice(at, 1);
  if (stray === undefined) throw new Error("the fixture has no record");
  other.log[to]?.push(stray);
  const tables = applySink(other);
  const { histories } = await read(new Servers(worldBytes(other, tables)));
  expect(histories.elsewhere).toEqual([{ of: to, partition: from, sequence: stray.sequence }]);
  expect(histories.partitions[from]?.due.has(stray.sequence)).toBe(true);
});

test("says how far the reading is", async () => {
  const now = performance.now.bind(performance);
  let seconds = 0;
  performance.now = () => (seconds += 1) * 1000;
  try {
    const { said } = await read(new Servers());
    expect(said.some((text) => text.startsWith("comparing: "))).toBe(true);
  } finally {
    performance.now = now;
  }
});
