import { createHash } from "node:crypto";
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline as pipe } from "node:stream/promises";
import { Admin, Producer } from "@platformatic/kafka";
import { Client, escapeIdentifier, escapeLiteral } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { JOURNAL_VERSION, type JournalRecord } from "../../contract/journal.ts";
import { LedgerTally } from "../../contract/ledger-tally.ts";
import { LEDGER_VERSION } from "../../contract/ledger.ts";
import { encodeLog, LogWriter } from "../../contract/log-line.ts";
import type { LedgerRecord } from "../../contract/ledger.ts";
import { parsePipeline } from "../../contract/pipeline.ts";
import { type Run, RUN_FILES } from "../../contract/run.ts";
import type { PostgresLogin } from "../../contract/stack.ts";
import { columnText, copyLine } from "../fixture/copy-lines.ts";
import { reasonOf } from "../fixture/reasons.ts";
import { GroupSums } from "../fixture/sink.ts";
import type { TextRow } from "../fixture/sink.ts";
import { makeRecord } from "../fixture/world.ts";
import type { World } from "../fixture/world.ts";
import { eventSource } from "../../contract/event.ts";

export type FillOptions = {
  brokers: string[];
  postgres: PostgresLogin;
  pipelineFile: string;
  events: number;
  directory: string;
  malformedPpm: number;
  batch: number;
};

/**
 * Makes a run directory, a topic and tables that a correct run of `events` events would leave, with real servers: the producer and the sink in their simplest form.
 * The tables must exist and are emptied; the topic is deleted and created. Every 20th batch is sent twice, as after a timeout.
 */
export async function fill(options: FillOptions): Promise<void> {
  const text = readFileSync(options.pipelineFile);
  const pipeline = parsePipeline(text.toString(), options.pipelineFile);
  mkdirSync(options.directory, { recursive: true });
  writeFileSync(join(options.directory, RUN_FILES.pipeline), text);
  const createdMs = Date.now();
  const run = Math.floor(createdMs / 1000);
  const seed = 20260701;
  const open = {
    t: "open",
    version: LEDGER_VERSION,
    run,
    seed,
    malformed_ppm: options.malformedPpm,
    pipeline: pipeline.name,
    pipeline_sha256: createHash("sha256").update(text).digest("hex"),
    topic: pipeline.topic,
    partitions: pipeline.partitions,
    pid: process.pid,
    at_ms: Date.now(),
  } as const;
  const began: Run = {
    version: 1,
    id: `${new Date(run * 1000).toISOString().replace(".000", "").replaceAll(/[-:]/g, "")}-${pipeline.name}`,
    run,
    seed,
    malformed_ppm: options.malformedPpm,
    pipeline: pipeline.name,
    pipeline_sha256: open.pipeline_sha256,
    runtime: "local",
    trigger: "realtime",
    created_ms: createdMs,
    versions: {},
  };
  writeFileSync(join(options.directory, RUN_FILES.run), JSON.stringify(began));
  const ledger = createWriteStream(join(options.directory, RUN_FILES.ledger));
  const [writer, tally] = [new LogWriter<LedgerRecord>(), new LedgerTally()];
  const log = (record: LedgerRecord) => {
    ledger.write(writer.encode(record));
    tally.add(record);
  };
  log(open);

  const admin = new Admin({ clientId: "fill", bootstrapBrokers: options.brokers });
  await admin.deleteTopics({ topics: [pipeline.topic] }).catch(() => undefined);
  for (let tries = 0; ; tries++) {
    try {
      await admin.createTopics({ topics: [pipeline.topic], partitions: pipeline.partitions, replicas: 3 });
      break;
    } catch (error) {
      if (tries === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  await admin.close();
  const client = new Client(options.postgres);
  await client.connect();
  const tables = [pipeline.table, "sink_offsets", "dead_letters", ...pipeline.aggregates.map(({ table }) => table)];
  await client.query(`TRUNCATE ${tables.map(escapeIdentifier).join(", ")}`);
  const copy = async (table: string, columns: readonly string[], rows: readonly TextRow[]) => {
    const stream = client.query(
      copyFrom(`COPY ${escapeIdentifier(table)} (${columns.map(escapeIdentifier).join(", ")}) FROM STDIN`),
    );
    await pipe(Readable.from([rows.map((row) => `${copyLine(row)}\n`).join("")]), stream);
  };

  const world: World = {
    pipeline,
    source: eventSource(pipeline, { run, seed, malformedPpm: options.malformedPpm }),
    open,
    ledger: [],
    batches: [],
    log: [],
  };
  const groups = new GroupSums(pipeline);
  const producer = new Producer({ clientId: "fill", bootstrapBrokers: options.brokers });
  const columns = [pipeline.identity.run, pipeline.identity.event, ...pipeline.fields.map(({ name }) => name)];
  /** After the rows of the first batch: the journal's fault struck while it was under way, and others are acknowledged and stored later. */
  let healedMs = 0;
  const perPartition = Math.ceil(options.events / pipeline.partitions);
  for (let partition = 0; partition < pipeline.partitions; partition++) {
    const sums = { next: 0, rows: 0, duplicates: 0, letters: 0 };
    for (let start = 0, index = 0; start < perPartition; start += options.batch, index++) {
      const count = Math.min(options.batch, perPartition - start);
      const [firstMs, lastMs] = [open.at_ms + start, open.at_ms + start + count];
      const records = Array.from({ length: count }, (_, at) =>
        makeRecord(
          world,
          partition,
          start + at,
          count <= 1 ? firstMs : firstMs + Math.floor(((lastMs - firstMs) * at) / (count - 1)),
        ),
      );
      const attempts = index % 20 === 7 ? 2 : 1;
      for (let a = 1; a <= attempts; a++) {
        log({
          t: "attempt",
          p: partition,
          s: start,
          n: count,
          first_ms: firstMs,
          last_ms: lastMs,
          a,
          at_ms: Date.now(),
        });
        const result = await producer.send({
          acks: -1,
          messages: records.map(({ key, value }) => ({ topic: pipeline.topic, partition, key, value })),
        });
        const offset = Number(result.offsets?.[0]?.offset);
        if (offset !== sums.next) throw new Error(`the batch stands at ${offset}, not ${sums.next}`);
        log(
          a === attempts
            ? { t: "ack", p: partition, s: start, n: count, o: offset, at_ms: Date.now() }
            : { t: "indeterminate", p: partition, s: start, n: count, why: "timeout", at_ms: Date.now() },
        );
        const isNew = a === 1;
        const letters = records.flatMap((record, at) =>
          record.json === undefined ? [{ record, offset: offset + at }] : [],
        );
        const good = records.filter(({ json }) => json !== undefined);
        await copy(
          "dead_letters",
          ["target", "topic", "partition", "offset", "key", "value", "reason"],
          letters.map(({ record, offset: at }) => [
            pipeline.table,
            pipeline.topic,
            `${partition}`,
            `${at}`,
            hex(record.key),
            hex(record.value),
            reasonOf(record.value, pipeline),
          ]),
        );
        if (isNew) {
          await copy(
            pipeline.table,
            columns,
            good.map(({ event, json }) => [
              `${run}`,
              `${event}`,
              ...pipeline.fields.map((field) => columnText(field, json?.[field.name])),
            ]),
          );
          healedMs ||= Date.now() + 1;
          for (const { json } of good) groups.add(json as Record<string, unknown>, partition);
        }
        sums.next += count;
        sums.letters += letters.length;
        if (isNew) sums.rows += good.length;
        else sums.duplicates += good.length;
      }
    }
    await client.query(
      `INSERT INTO sink_offsets (target, topic, partition, start_offset, next_offset, generation, rows, duplicates, dead_letters)
       VALUES (${escapeLiteral(pipeline.table)}, ${escapeLiteral(pipeline.topic)}, $1, 0, $2, 1, $3, $4, $5)`,
      [partition, sums.next, sums.rows, sums.duplicates, sums.letters],
    );
  }
  for (const [index, rows] of groups.rows().entries()) {
    const spec = pipeline.aggregates[index];
    if (spec === undefined) continue;
    await copy(
      spec.table,
      [...(spec.window ? [spec.window.column] : []), ...spec.groupBy, "shard", spec.count, ...Object.values(spec.sums)],
      rows,
    );
  }
  log(tally.closing(Date.now()));
  writeFileSync(join(options.directory, RUN_FILES.journal), journal(run, open.at_ms, healedMs));
  await new Promise((resolve) => ledger.end(resolve));
  await producer.close();
  await client.end();
}

function hex(bytes: Buffer): string {
  return `\\x${bytes.toString("hex")}`;
}

/** A journal of one fault that bit and was healed at these times. */
function journal(run: number, injectedMs: number, healedMs: number): string {
  const identity = { pid: 1, start_ticks: 1, boot_id: "b" };
  const fault = { id: 0, at_ms: 0, kind: "kill", target: { node: "kafka-1" }, hold_ms: 1 } as const;
  const proof = "made up by the live check";
  const totals = { planned: 1, effective: 1, healed: 1, failed: 0, recovered: 0, duration_ms: healedMs - injectedMs };
  const plan = { run, seed: 1, plan_sha256: "", faults: 1 };
  const undo = { node: "kafka-1", release: "live-0" };
  const records: JournalRecord[] = [
    { t: "open", version: JOURNAL_VERSION, ...plan, process: identity, at_ms: injectedMs },
    { t: "planned", id: 0, fault, node: "kafka-1", node_kind: "kafka", undo, at_ms: injectedMs },
    { t: "active", id: 0, kind: "kill", node: "kafka-1", effective: true, proof, at_ms: injectedMs },
    { t: "healed", id: 0, by: "engine", proof, at_ms: healedMs },
    { t: "close", ...totals, at_ms: healedMs },
  ];
  return encodeLog(records);
}
