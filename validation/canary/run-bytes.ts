import type { Pipeline } from "../../contract/pipeline.ts";
import { Histories } from "../histories/histories.ts";
import type { RunSettings } from "../histories/histories.ts";
import { LedgerIngest } from "../histories/ledger-ingest.ts";
import { LogIngest } from "../histories/log-ingest.ts";
import { SinkIngest } from "../histories/sink-ingest.ts";
import { LineSplitter } from "../read/line-splitter.ts";
import { readBatches } from "../read/record-batch.ts";
import { sinkTables } from "../sinks/sink-tables.ts";

/** A small run, or the beginning of one, as the bytes that the readers get. Tables are in COPY's text format, each line with its "\n". */
export type RunBytes = {
  ledger: Buffer;
  rows: Buffer;
  letters: Buffer;
  offsets: Buffer;
  /** One per aggregate of the pipeline. */
  groups: Buffer[];
  /** One per partition: record batches as a broker sends them, for offsets from `start` to `end`. */
  log: { start: number; end: number; batches: Buffer }[];
};

export type ReadRun = { histories: Histories; ledgerProblems: readonly string[]; logProblems: readonly string[] };

/** Reads a run of a topic from its bytes through the same readers that read servers and files. */
export function readRunBytes(pipeline: Pipeline, settings: RunSettings, topic: string, bytes: RunBytes): ReadRun {
  const histories = new Histories(pipeline, settings);
  const ledger = new LedgerIngest(histories);
  let number = 0;
  const lines = new LineSplitter((line) => ledger.line(line, ++number));
  lines.push(bytes.ledger);
  ledger.finish();

  const sink = new SinkIngest(histories, topic);
  const tables = sinkTables(pipeline, settings.run);
  tables.offsets((offset) => sink.offset(offset))(bytes.offsets);
  tables.letters((letter) => sink.letter(letter))(bytes.letters);
  for (const [index, table] of histories.aggregates.entries())
    tables.groups(table.spec, (group) => table.stored(group))(bytes.groups[index] as Buffer);
  tables.rows((row) => sink.row(row))(bytes.rows);
  histories.sinkRead = true;

  const logProblems: string[] = [];
  const log = new LogIngest(histories);
  for (const [partition, { start, end, batches }] of bytes.log.entries()) {
    const history = histories.partitions[partition];
    if (history === undefined) continue;
    let records = 0;
    const next = readBatches(batches, start, end, {
      record: (offset, record) => {
        log.record(partition, offset, record);
        records += 1;
      },
      gap: (from, to) => logProblems.push(`partition ${partition}: no record at offsets ${from} to ${to - 1}`),
    });
    history.log = { start, end, next, records };
    if (next !== end) logProblems.push(`partition ${partition}: read up to ${next} of ${end}`);
  }
  log.finish();
  histories.logRead = true;
  return { histories, ledgerProblems: ledger.problems, logProblems };
}
