import type { Pipeline } from "../../contract/pipeline.ts";
import type { RunSettings } from "../histories/histories.ts";
import type { SourcePlace } from "../source/place.ts";
import type { PartitionSource } from "../source/run-source.ts";
import type { SharedBatches } from "../truth/batches.ts";
import { Batches } from "../truth/batches.ts";
import type { PartitionReading, PartitionTask } from "./partition-reading.ts";
import { PartitionReader } from "./read-partition.ts";

/** What a thread that reads partitions is started with. */
export type WorkerData = {
  pipeline: Pipeline;
  settings: RunSettings;
  topic: string;
  place: SourcePlace;
  batches: SharedBatches[];
};
export type ToWorker = PartitionTask | "end";
export type FromWorker = { rows: number; records: number } | { reading: PartitionReading };

/** A thread's own end of the channel to the thread that has started it. */
export type WorkerPort = {
  on(event: "message", take: (message: ToWorker) => void): unknown;
  postMessage(message: FromWorker): void;
  close(): void;
};

/** Between two messages about progress. */
const REPORT_EVERY_MS = 200;

/**
 * Reads one partition after the other, as the messages say, until "end".
 * @param nowMs a clock that never jumps.
 */
export function servePartitions(
  port: WorkerPort,
  { pipeline, settings, topic, batches }: Omit<WorkerData, "place">,
  source: PartitionSource,
  nowMs = () => performance.now(),
): void {
  const context = { pipeline, settings, topic, batches: batches.map((shared) => Batches.of(shared)) };
  const reader = new PartitionReader(context, source);
  const sum = { rows: 0, records: 0 };
  let reportedMs = nowMs();
  const onRead = ({ rows, records }: { rows: number; records: number }) => {
    sum.rows += rows;
    sum.records += records;
    if (nowMs() - reportedMs < REPORT_EVERY_MS) return;
    reportedMs = nowMs();
    port.postMessage({ ...sum });
    sum.rows = sum.records = 0;
  };
  // The thread is ended from outside: nothing here can wait for a server longer than the connections do.
  const { signal } = new AbortController();
  port.on("message", (task) => {
    if (task === "end") void source.close().then(() => port.close());
    // An error that says nothing about a source is a bug: it ends the thread, and the other side sees it.
    else void reader.read(task, signal, onRead).then((reading) => port.postMessage({ reading }));
  });
}
