import { readFileSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Admin, Producer } from "@platformatic/kafka";
import { parsePipeline } from "../../contract/pipeline.ts";
import { RUN_FILES } from "../../contract/run.ts";
import type { AnomalyKind } from "../../contract/verdict.ts";
import { ANOMALIES } from "../../contract/verdict.ts";
import { type WitnessRecord, witnessReader } from "../../contract/witness.ts";
import { renderSchema } from "../../db/ddl.ts";
import { startWitness } from "../../monitor/witness/witness.ts";
import { TestServer } from "../fixture/postgres.ts";
import { KafkaLog } from "../read/kafka-log.ts";
import { readBatches } from "../read/record-batch.ts";
import { printVerdict } from "../print-verdict.ts";
import { validate } from "../validate.ts";
import { fill } from "./fill.ts";

/**
 * Against three real brokers, and a PostgreSQL of its own: breaks something while a witness watches, and undoes it before the validator comes. Only
 * the witness can tell. It deletes and creates the topic.
 */
const text = { type: "string" } as const;
const { values } = parseArgs({
  options: {
    brokers: text,
    pipeline: { ...text, default: "pipelines/payments.yaml" },
    events: { ...text, default: "20000" },
    directory: text,
  },
});
if (values.directory === undefined || values.brokers === undefined) throw new Error("--brokers and --directory");
const brokers = values.brokers.split(",");
const directory = values.directory;
const pipeline = parsePipeline(readFileSync(values.pipeline, "utf8"), values.pipeline);
const server = await TestServer.start({ track_commit_timestamp: "on" });
const witnessFile = join(directory, RUN_FILES.witness);

async function lines(): Promise<WitnessRecord[]> {
  const reader = witnessReader();
  const all = await readFile(witnessFile, "utf8");
  return all
    .split("\n")
    .slice(0, -1)
    .map((line) => reader.read(line))
    .filter((record) => typeof record !== "string");
}

async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  for (const giveUpMs = performance.now() + 60_000; !(await look()); await sleep(200))
    if (performance.now() > giveUpMs) throw new Error(`not within 60 s: ${what}`);
}

type StoredRecord = { key: Buffer; value: Buffer; timestampMs: number };

async function readTopic(): Promise<StoredRecord[][]> {
  const kafka = new KafkaLog(brokers, pipeline.topic);
  const all: StoredRecord[][] = [];
  for (const range of await kafka.ranges()) {
    const records: StoredRecord[] = [];
    const visitor = {
      record: (
        _: number,
        {
          bytes,
          keyFrom,
          keyTo,
          valueFrom,
          valueTo,
          timestampMs,
        }: Parameters<Parameters<typeof readBatches>[3]["record"]>[1],
      ) =>
        void records.push({
          key: Buffer.from(bytes.subarray(keyFrom, keyTo)),
          value: Buffer.from(bytes.subarray(valueFrom, valueTo)),
          timestampMs,
        }),
      gap: () => undefined,
    };
    await kafka.read(
      range,
      (bytes, position) => readBatches(bytes, position, range.end, visitor),
      new AbortController().signal,
    );
    all.push(records);
  }
  await kafka.close();
  return all;
}

/** Deletes the topic, and fills it again with the same records, timestamps too. */
async function refill(): Promise<void> {
  const records = await readTopic();
  const admin = new Admin({ clientId: "check", bootstrapBrokers: brokers });
  await admin.deleteTopics({ topics: [pipeline.topic] });
  for (let tries = 0; ; tries++)
    try {
      await admin.createTopics({ topics: [pipeline.topic], partitions: pipeline.partitions, replicas: 3 });
      break;
    } catch (error) {
      if (tries === 50) throw error;
      await sleep(200);
    }
  await admin.close();
  await until("the witness sees the empty topic", async () =>
    (await lines()).some((line) => line.t === "ends" && line.high_watermark === 0),
  );
  const producer = new Producer({ clientId: "check", bootstrapBrokers: brokers });
  for (const [partition, all] of records.entries())
    for (let from = 0; from < all.length; from += 500) {
      const messages = all.slice(from, from + 500).map(({ key, value, timestampMs }) => ({
        topic: pipeline.topic,
        partition,
        key,
        value,
        timestamp: BigInt(timestampMs),
      }));
      await producer.send({ acks: -1, messages });
    }
  await producer.close();
}

const { table } = pipeline;
const field = pipeline.fields.find(({ type }) => type === "bigint" || type === "int")?.name as string;
const rows = `ctid = (SELECT min(ctid) FROM ${table})`;
const again = async (after: number, isIt: (line: WitnessRecord) => boolean) =>
  until("the witness has seen it", async () => (await lines()).slice(after).some(isIt));

const BREAKS: { name: string; kinds: AnomalyKind[]; act: () => Promise<void> }[] = [
  { name: "nothing", kinds: [], act: async () => undefined },
  {
    name: "rows changed and changed back",
    kinds: ["rewritten"],
    act: async () => {
      const before = (await lines()).length;
      const known = new Set((await lines()).flatMap((line) => (line.t === "rows" ? line.digest : [])));
      await server.sql(`UPDATE ${table} SET ${field} = ${field} + 1`);
      await again(before, (line) => line.t === "rows" && !known.has(line.digest));
      await server.sql(`UPDATE ${table} SET ${field} = ${field} - 1`);
    },
  },
  {
    name: "next_offset back and forward again",
    kinds: ["rewound", "torn-visible"],
    act: async () => {
      const before = (await lines()).length;
      await server.sql("UPDATE sink_offsets SET next_offset = next_offset - 5 WHERE partition = 2");
      await again(before, (line) => line.t === "offsets");
      await again(before, (line) => line.t === "totals" && !line.agree);
      await server.sql("UPDATE sink_offsets SET next_offset = next_offset + 5 WHERE partition = 2");
    },
  },
  {
    name: "a row gone and back",
    kinds: ["vanished", "torn-visible"],
    act: async () => {
      const before = (await lines()).length;
      const known = new Set((await lines()).flatMap((line) => (line.t === "rows" ? line.digest : [])));
      await server.sql(`CREATE TABLE saved AS SELECT * FROM ${table} WHERE ${rows}; DELETE FROM ${table} WHERE ${rows};
        UPDATE sink_offsets SET rows = rows + 1 WHERE partition = 1`);
      await again(before, (line) => line.t === "totals" && !line.agree);
      await again(before, (line) => line.t === "rows" && !known.has(line.digest));
      await server.sql(`INSERT INTO ${table} SELECT * FROM saved; DROP TABLE saved;
        UPDATE sink_offsets SET rows = rows - 1 WHERE partition = 1`);
    },
  },
  { name: "topic deleted and refilled with the same records", kinds: ["rewound"], act: refill },
];

try {
  await server.sql(renderSchema(pipeline));
  await fill({
    brokers,
    postgres: server.login,
    pipelineFile: values.pipeline,
    events: Number(values.events),
    directory,
    malformedPpm: 2000,
    batch: 500,
  });
  for (const { name, kinds, act } of BREAKS) {
    rmSync(witnessFile, { force: true });
    const beganMs = performance.now();
    const witness = await startWitness({
      brokers,
      topic: pipeline.topic,
      pipeline,
      postgres: server.login,
      runDirectory: directory,
      onProblem: (source, problem) => console.log(`  witness: ${source}: ${problem ?? "answers"}`),
    });
    const isWhole = async () => {
      const all = await lines();
      const read = all.reduce((sum, line) => sum + (line.t === "log" ? line.records : 0), 0);
      return read >= Number(values.events) && all.filter((line) => line.t === "totals").length > 1;
    };
    await until("the witness has read the log", isWhole);
    await act();
    await isWhole();
    const usage = process.cpuUsage();
    await sleep(4_000);
    const { user, system } = process.cpuUsage(usage);
    await witness.stop();
    console.log(
      `  ${((user + system) / 4e4).toFixed(1)} % of a core while nothing comes; ${((performance.now() - beganMs) / 1000).toFixed(0)} s`,
    );
    const verdict = await validate({
      runDirectory: directory,
      brokers,
      postgres: server.login,
      quietTimeoutMs: 10_000,
      allowNoFaults: true,
    });
    const found = verdict.anomalies.filter(({ kind }) => ANOMALIES[kind].verdict !== "info");
    const isRight =
      found
        .map(({ kind }) => kind)
        .toSorted()
        .join() === kinds.toSorted().join();
    if (!isRight) process.exitCode = 1;
    console.log(
      `${isRight ? "right" : "WRONG"}: ${name}: ${verdict.verdict} ${found.map((item) => `${item.count} ${item.kind} (${item.ranges.slice(0, 2).join(", ")})`).join("; ")}`,
    );
    if (name === "nothing" || !isRight) console.log(printVerdict(verdict));
  }
} finally {
  await server.remove();
}
