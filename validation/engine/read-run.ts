import { FaultlineError } from "../../contract/errors.ts";
import type { AnomalyKind } from "../../contract/verdict.ts";
import type { Histories } from "../histories/histories.ts";
import { SinkIngest } from "../histories/sink-ingest.ts";
import type { LogRange } from "../read/kafka-log.ts";
import { viewDifference } from "../sinks/view-totals.ts";
import { sinkTables } from "../sinks/sink-tables.ts";
import type { Progress } from "../read/progress.ts";
import { logRanges, viewTotals } from "../source/question.ts";
import type { RunServers } from "../source/run-servers.ts";
import type { PartitionSource } from "../source/run-source.ts";
import { mergeReading, settleElsewhere } from "./merge-reading.ts";
import type { Captured, PartitionTask, SourceError } from "./partition-reading.ts";
import { ReadProgress } from "./read-progress.ts";
import { sourceError } from "./read-partition.ts";
import { readPartitions } from "./read-partitions.ts";

/** How the reading went: reasons for UNKNOWN, and the kinds of anomaly that are uncertain because of them. */
export type ReadResult = {
  problems: SourceError[];
  doubtful: AnomalyKind[];
  /** The beginning of each partition, for the canary. */
  captured: Map<number, Captured>;
};

/** Errors that another try or another source does not help: then nothing else is read either. */
const HOPELESS = new Set<string>(["FL_POSTGRES_AUTH", "FL_SCHEMA_MISSING", "FL_TOPIC_MISSING", "FL_TOPIC_MISMATCH"]);
/** Whether another try and another source can't help. */
export function isHopeless({ code }: Pick<SourceError, "code">): boolean {
  return HOPELESS.has(String(code));
}

/** What can't be recounted from a log with holes. */
const OF_THE_WHOLE_LOG = [
  "lost-kafka",
  "reorder",
  "torn-batch",
  "aggregate-mismatch",
  "offset-gap",
  "dead-letter-mismatch",
] as const;

/**
 * Reads PostgreSQL, in one snapshot, and then Kafka up to the end that it has after the snapshot was taken, partition by partition.
 * Call it after the ledger was read.
 * @param beginning how much of each partition to keep for the canary.
 */
export async function readRun(
  histories: Histories,
  servers: RunServers,
  options: {
    topic: string;
    beginning: readonly PartitionTask["capture"][];
    /** Called within the snapshot, before any row is read. */
    inSnapshot: () => Promise<void>;
    progress: Progress;
    signal: AbortSignal;
  },
): Promise<ReadResult> {
  const { topic, progress, signal } = options;
  const result: ReadResult = { problems: [], doubtful: [], captured: new Map() };
  const complain = (problem: SourceError) => {
    if (!result.problems.some(({ message }) => message === problem.message)) result.problems.push(problem);
    return !isHopeless(problem);
  };
  progress("reading PostgreSQL");
  let isSnapshot = false;
  try {
    await readShared(histories, servers, options);
    isSnapshot = true;
  } catch (error) {
    if (!complain(sourceError(error))) return result;
  }
  let ranges: LogRange[] | undefined;
  try {
    ranges = await servers.ask(logRanges("judged"));
    checkPartitions(ranges, histories);
  } catch (error) {
    ranges = undefined;
    if (!complain(sourceError(error))) return result;
  }
  if (!isSnapshot && ranges === undefined) return result;

  const tasks = histories.partitions.map((history, partition): PartitionTask => ({
    partition,
    range: ranges?.[partition],
    hasTables: isSnapshot,
    sink: history.sink,
    capture: options.beginning[partition] ?? { sequences: 0, offsets: 0 },
    witnessed: (histories.witness?.lanes[partition]?.log ?? []).map(({ from, to }) => ({ from, to })),
  }));
  const meter = new ReadProgress(tasks, progress);
  const logProblems: string[] = [];
  const batches = histories.partitions.map((history) => history.batches);
  const context = { pipeline: histories.pipeline, settings: histories.settings, topic, batches };
  let [isSinkRead, isLogRead] = [isSnapshot, ranges !== undefined];
  await readPartitions(context, servers, tasks, {
    reading: (reading) => {
      mergeReading(histories, reading);
      result.captured.set(reading.partition, reading.captured);
      logProblems.push(...reading.logProblems);
      isSinkRead &&= reading.tableError === undefined;
      isLogRead &&= reading.logError === undefined;
      for (const error of [reading.tableError, reading.logError]) if (error !== undefined) complain(error);
    },
    read: (read) => meter.add(read),
    signal,
  });
  settleElsewhere(histories);
  histories.sinkRead = isSinkRead;
  histories.logRead = isLogRead;
  for (const message of logProblems.toSorted()) complain({ code: undefined, message, remedy: undefined });
  if (logProblems.length > 0) result.doubtful.push(...OF_THE_WHOLE_LOG);
  return result;
}

/** Takes the snapshot, and reads what belongs to no single partition. */
async function readShared(
  histories: Histories,
  servers: RunServers,
  { topic, inSnapshot, signal }: Pick<Parameters<typeof readRun>[2], "topic" | "inSnapshot" | "signal">,
): Promise<void> {
  await servers.beginSnapshot();
  await inSnapshot();
  const parts = servers.partitions();
  try {
    await readRest(histories, parts, topic, signal);
  } finally {
    await parts.close();
  }
  for (const { spec } of histories.aggregates) {
    const difference = viewDifference(spec, await servers.ask(viewTotals(spec)));
    if (difference !== undefined) histories.viewDifferences.push(difference);
  }
}

/** `sink_offsets`, and what belongs to no partition. */
async function readRest(
  histories: Histories,
  parts: PartitionSource,
  topic: string,
  signal: AbortSignal,
): Promise<void> {
  const { pipeline, run } = histories;
  const sink = new SinkIngest(histories, topic);
  const tables = sinkTables(pipeline, run);
  const offsets = tables.offsets((offset) => sink.offset(offset));
  await parts.copy({ of: "offsets" }, signal, offsets);
  const letters = tables.letters((letter) => sink.letter(letter));
  await parts.copy({ of: "letters", partition: "rest" }, signal, letters);
  const rows = tables.rows((row) => sink.row(row));
  await parts.copy({ of: "rows", partition: "rest" }, signal, rows);
  for (const [aggregate, table] of histories.aggregates.entries()) {
    const groups = tables.groups(table.spec, (group) => table.stored(group));
    await parts.copy({ of: "groups", aggregate, partition: "rest" }, signal, groups);
  }
}

/** @throws FaultlineError FL_TOPIC_MISMATCH */
export function checkPartitions(ranges: readonly LogRange[], { partitions }: Pick<Histories, "partitions">): void {
  if (ranges.length === partitions.length) return;
  throw new FaultlineError(
    "FL_TOPIC_MISMATCH",
    `the topic has ${ranges.length} partitions, but the pipeline has ${partitions.length}`,
    { remedy: "give the pipeline file and the topic of the run" },
  );
}
