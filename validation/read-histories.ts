import { FaultlineError } from "../contract/errors.ts";
import type { Histories } from "./histories/histories.ts";
import { LogIngest } from "./histories/log-ingest.ts";
import { DEAD_LETTER_COLUMNS, SINK_OFFSET_COLUMNS, SinkIngest } from "./histories/sink-ingest.ts";
import type { KafkaLog } from "./read/kafka-log.ts";
import type { PostgresReader } from "./read/postgres.ts";

export type Progress = (text: string) => void;

/** Lines between two reports of progress. */
const REPORT_EVERY = 500_000;

/** Reads PostgreSQL in one snapshot. Must come after the ledger and before the log. */
export async function readSink(histories: Histories, topic: string, postgres: PostgresReader, progress: Progress, signal: AbortSignal): Promise<void> {
  const { pipeline } = histories;
  const ingest = new SinkIngest(histories, topic);
  const target = { target: pipeline.table };
  await postgres.snapshot(async () => {
    await postgres.copy("sink_offsets", SINK_OFFSET_COLUMNS, { where: target, signal }, (line) => ingest.offsetLine(line));
    await postgres.copy("dead_letters", DEAD_LETTER_COLUMNS, { where: target, order: ["topic", "partition", "offset"], signal }, (line) =>
      ingest.letterLine(line),
    );
    for (const table of histories.aggregates) await postgres.copy(table.spec.table, table.columns, { signal }, (line) => table.storedLine(line));
    const columns = [pipeline.identity.run, pipeline.identity.event, ...pipeline.fields.map((field) => field.name)];
    await postgres.copy(pipeline.table, columns, { signal }, (line) => {
      ingest.rowLine(line);
      if (histories.actualRows % REPORT_EVERY === 0) progress(`${histories.actualRows} rows read`);
    });
  });
  histories.sinkRead = true;
}

/**
 * Reads every partition from its first offset to its end, as it was at the beginning.
 * @returns what keeps the log from being judged, as sentences; none: it was read whole.
 */
export async function readLog(histories: Histories, log: KafkaLog, progress: Progress, signal: AbortSignal): Promise<string[]> {
  const ingest = new LogIngest(histories);
  const problems: string[] = [];
  const ranges = await log.ranges();
  if (ranges.length !== histories.partitions.length)
    throw new FaultlineError("FL_TOPIC_MISMATCH", `the topic has ${ranges.length} partitions, the pipeline ${histories.partitions.length}`, {
      remedy: "give the pipeline file and the topic of the run",
    });
  for (const range of ranges) {
    const { partition } = range;
    const history = histories.partitions[partition];
    if (history === undefined) continue;
    let records = 0;
    let missing = 0;
    const next = await log.read(
      range,
      {
        record: (offset, record) => {
          ingest.record(partition, offset, record);
          records += 1;
          if (histories.logRecords % REPORT_EVERY === 0) progress(`${histories.logRecords} records read`);
        },
        gap: (from, to) => {
          missing += to - from;
          if (missing === to - from)
            problems.push(`partition ${partition}: offsets from ${from} on hold no record (compaction or transactions), so the log is not whole`);
        },
      },
      signal,
    );
    history.log = { start: range.start, end: range.end, next, records };
    // The proof that nothing was skipped: as many records as offsets, up to the end.
    if (next !== range.end || records + missing !== range.end - range.start)
      problems.push(`partition ${partition}: read ${records} records of offsets ${range.start} to ${range.end}`);
    if (range.start > 0)
      problems.push(`partition ${partition}: Kafka has deleted the offsets below ${range.start} (retention), so what stood there can't be judged`);
  }
  ingest.finish();
  histories.logRead = true;
  return problems;
}
