import { readFileSync } from "node:fs";
import { eventKey, eventNumber } from "../../contract/event.ts";
import { LEDGER_VERSION, type LedgerRecord } from "../../contract/ledger.ts";
import { LogWriter } from "../../contract/log-line.ts";
import { parsePipeline } from "../../contract/pipeline.ts";
import { columnText, copyLine, timestamptz } from "../fixture/copy-lines.ts";
import { reasonOf } from "../fixture/reasons.ts";
import { Histories } from "../histories/histories.ts";
import { LedgerIngest } from "../histories/ledger-ingest.ts";
import { LogIngest } from "../histories/log-ingest.ts";
import { SinkIngest } from "../histories/sink-ingest.ts";
import { findAnomalies } from "../checks/find-anomalies.ts";
import { LineSplitter } from "../read/line-splitter.ts";
import { readBatches } from "../read/record-batch.ts";
import { sinkTables } from "../sinks/sink-tables.ts";
import { encodeBatch } from "./encode-batch.ts";

/**
 * Reads a generated, valid history of many events through the real decoders, without servers: rate and memory.
 * Usage: node validation/bench/many-events.ts [events] [pipeline file]. CPU seconds are those of the readers; making the input is not counted.
 */
const events = Number(process.argv[2] ?? 10_000_000);
const file = process.argv[3] ?? "pipelines/payments.yaml";
const pipeline = parsePipeline(readFileSync(file, "utf8"), file);
const [run, seed, malformedPpm, batch] = [1_750_000_000, 7, 1000, 500];
const perPartition = Math.floor(events / pipeline.partitions);
const begin = Date.UTC(2026, 6, 1);
const histories = new Histories(pipeline, { run, seed, malformedPpm });
const { source } = histories;
let peakRss = 0;

const createdMs = (sequence: number) => {
  const first = Math.floor(sequence / batch) * batch;
  const last = Math.min(first + batch, perPartition);
  return last - first <= 1 ? begin + first : begin + first + Math.floor((10 * (sequence - first)) / (last - first - 1));
};

function timed(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const spent = process.cpuUsage(before);
  return spent.user + spent.system;
}

function report(what: string, count: number, micros: number): void {
  const rss = process.memoryUsage.rss();
  peakRss = Math.max(peakRss, rss);
  console.log(
    `${what}: ${count.toLocaleString("en-US")} in ${(micros / 1e6).toFixed(1)} CPU s, ${Math.round(count / (micros / 1e6)).toLocaleString("en-US")}/s, RSS ${Math.round(rss / 1e6)} MB`,
  );
}

const ledger = new LedgerIngest(histories);
let [micros, lines] = [0, 0];
const writer = new LogWriter<LedgerRecord>();
ledger.line(
  writer
    .encode({
      t: "open",
      version: LEDGER_VERSION,
      run,
      seed,
      malformed_ppm: malformedPpm,
      pipeline: pipeline.name,
      pipeline_sha256: "",
      topic: "t",
      partitions: pipeline.partitions,
      pid: 1,
      at_ms: 0,
    })
    .trimEnd(),
  ++lines,
);
const ledgerLines = new LineSplitter((line) => ledger.line(line, ++lines));
for (let p = 0; p < pipeline.partitions; p++)
  for (let s = 0; s < perPartition; s += batch) {
    const n = Math.min(batch, perPartition - s);
    const text =
      writer.encode({ t: "attempt", p, s, n, first_ms: begin + s, last_ms: begin + s + 10, a: 1, at_ms: 0 }) +
      writer.encode({ t: "ack", p, s, n, o: s, at_ms: 0 });
    micros += timed(() => ledgerLines.push(Buffer.from(text)));
  }
ledger.finish();
report("ledger lines", lines, micros);

micros = 0;
const STORED = timestamptz(Date.now());
const sink = new SinkIngest(histories, "t");
const tables = sinkTables(pipeline, run);
const letterLines = tables.letters((letter) => sink.letter(letter));
const offsetLines = tables.offsets((offset) => sink.offset(offset));
for (let p = 0; p < pipeline.partitions; p++) {
  let letters = 0;
  for (let s = 0; s < perPartition; s++)
    if (source.isMalformed(p, s)) {
      letters += 1;
      const line = copyLine([
        pipeline.table,
        "t",
        `${p}`,
        `${s}`,
        `\\x${Buffer.from(eventKey(run, p, s)).toString("hex")}`,
        `\\x${source.value(p, s, createdMs(s)).toString("hex")}`,
        reasonOf(source.value(p, s, createdMs(s)), pipeline),
        STORED,
      ]);
      letterLines(Buffer.from(`${line}\n`));
    }
  const figures = [0, perPartition, perPartition - letters, 0, letters, 1];
  offsetLines(Buffer.from(`${[pipeline.table, "t", p, ...figures, "\\N", STORED].join("\t")}\n`));
}
const rows = tables.rows((row) => sink.row(row));
for (let p = 0; p < pipeline.partitions; p++)
  for (let s = 0; s < perPartition;) {
    let text = "";
    for (const end = Math.min(s + batch, perPartition); s < end; s++) {
      if (source.isMalformed(p, s)) continue;
      const json = JSON.parse(source.json(p, s, createdMs(s))) as Record<string, unknown>;
      text += `${copyLine([`${run}`, `${eventNumber(p, s)}`, ...pipeline.fields.map((field) => columnText(field, json[field.name]))])}\n`;
    }
    const chunk = Buffer.from(text);
    micros += timed(() => rows(chunk));
  }
histories.sinkRead = true;
report("rows", histories.actualRows, micros);

micros = 0;
const log = new LogIngest(histories);
for (let p = 0; p < pipeline.partitions; p++) {
  const visitor = { record: log.record.bind(log, p), gap: () => undefined };
  for (let s = 0; s < perPartition; s += batch) {
    const count = Math.min(batch, perPartition - s);
    const bytes = encodeBatch(
      s,
      Array.from({ length: count }, (_, at) => ({
        key: eventKey(run, p, s + at),
        value: source.value(p, s + at, createdMs(s + at)),
      })),
    );
    micros += timed(() => readBatches(bytes, s, perPartition, visitor));
  }
  const history = histories.partitions[p];
  if (history !== undefined) history.log = { start: 0, end: perPartition, next: perPartition, records: perPartition };
}
log.finish();
histories.logRead = true;
report("records", histories.logRecords, micros);

// The stored groups are only there to take their memory: they are what was recomputed.
for (const table of histories.aggregates)
  for (const group of table.computed()) table.stored({ ...group, describe: () => "" });
let found: ReturnType<typeof findAnomalies> = [];
micros = timed(() => (found = findAnomalies(histories)));
report("events judged", perPartition * pipeline.partitions, micros);
console.log(
  `anomalies: ${found.map(({ kind, count }) => `${count} ${kind}`).join(", ") || "none"}; peak RSS of the reports ${Math.round(peakRss / 1e6)} MB, of the process ${Math.round(process.resourceUsage().maxRSS / 1e3)} MB`,
);
