import { parentPort, workerData } from "node:worker_threads";
import type { Pipeline } from "../../contract/pipeline.ts";
import type { RunSettings } from "../histories/histories.ts";
import type { SharedBatches } from "../truth/batches.ts";
import { Batches } from "../truth/batches.ts";
import { openPlace } from "../source/open-place.ts";
import type { SourcePlace } from "../source/place.ts";
import type { PartitionReading, PartitionTask } from "./partition-reading.ts";
import { PartitionReader } from "./read-partition.ts";

/** A thread that reads one partition after the other, as it is told. */
export type WorkerData = {
  pipeline: Pipeline;
  settings: RunSettings;
  topic: string;
  place: SourcePlace;
  batches: SharedBatches[];
};
export type FromWorker = { rows: number; records: number } | { reading: PartitionReading };

/** Between two messages about progress. */
const REPORT_EVERY_MS = 200;

if (parentPort !== null) work(parentPort, workerData as WorkerData);

function work(port: NonNullable<typeof parentPort>, { pipeline, settings, topic, place, batches }: WorkerData): void {
  const source = openPlace(place);
  const context = { pipeline, settings, topic, batches: batches.map((shared) => Batches.of(shared)) };
  const reader = new PartitionReader(context, source);
  const sum = { rows: 0, records: 0 };
  let reportedMs = 0;
  const send = (message: FromWorker) => port.postMessage(message);
  const onRead = ({ rows, records }: { rows: number; records: number }) => {
    sum.rows += rows;
    sum.records += records;
    if (performance.now() - reportedMs < REPORT_EVERY_MS) return;
    reportedMs = performance.now();
    send({ ...sum });
    sum.rows = sum.records = 0;
  };
  // The thread is ended from outside: nothing here can wait for a server longer than the connections do.
  const { signal } = new AbortController();
  port.on("message", (task: PartitionTask | "end") => {
    if (task === "end") void source.close().then(() => port.close());
    // An error that says nothing about a source is a bug: it ends the thread, and the other side sees it.
    else void reader.read(task, signal, onRead).then((reading) => send({ reading }));
  });
}
