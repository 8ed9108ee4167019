import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parsePipeline } from "../../contract/pipeline.ts";
import { RUN_FILES } from "../../contract/run.ts";
import { runFiles } from "../read/run-files.ts";
import type { Ask, Question } from "../source/question.ts";
import { Premises } from "./premises.ts";

const pipeline = parsePipeline(
  readFileSync(new URL("../../pipelines/payments.yaml", import.meta.url), "utf8"),
  "payments.yaml",
);
const topic = {
  clusterId: "c",
  topicId: "t",
  partitions: [{ partition: 0, leader: 1, leaderEpoch: 4, replicas: [1, 2], isr: [1, 2] }],
  settings: [{ broker: 1, values: { "min.insync.replicas": "1", "cleanup.policy": "compact" } }],
};
const ends = [{ partition: 0, start: 0, end: 9 }];

/** Servers that have these answers, by the questions' names; an answer that is an Error is thrown. */
function asking(answers: Record<string, unknown>): Ask {
  return async <Answer>({ name, schema }: Question<Answer>) => {
    const answer = answers[name] ?? { problem: "nobody knows" };
    if (answer instanceof Error) throw answer;
    return schema.parse(answer);
  };
}

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "faultline-premises-"));
  for (const name of Object.values(RUN_FILES)) await writeFile(join(directory, name), name);
});
afterEach(() => rm(directory, { recursive: true }));

const texts = async (premises: Premises) =>
  (await premises.finish()).premises.map(({ verdict, name, value }) => `${verdict}: ${name} is ${value}`);
async function sealed(files: Parameters<typeof runFiles>[0], change?: () => Promise<void>) {
  const premises = new Premises(runFiles(files));
  await premises.sealFiles();
  await premises.sealLedger();
  await change?.();
  return premises.finish();
}
/** The checksum of the file's own name. */
const SUM = /^[0-9a-f]{64}$/;

test("every file that the verdict rests on is sealed", async () => {
  const { premises } = await sealed({ runDirectory: directory });
  expect(premises.map(({ name, verdict }) => `${verdict} ${name}`)).toEqual([
    "recorded sha256.run.json",
    "recorded sha256.pipeline.yaml",
    "recorded sha256.plan.json",
    "recorded sha256.faults.ndjson",
    "recorded sha256.ledger.ndjson",
    "recorded sha256.samples.ndjson",
    "recorded sha256.producer-status.json",
  ]);
  for (const { value } of premises) expect(value).toMatch(SUM);
});

test("without a run directory, plan, samples and status are sought beside the ledger", async () => {
  const { premises } = await sealed({
    ledgerFile: join(directory, RUN_FILES.ledger),
    pipeline: join(directory, RUN_FILES.pipeline),
  });
  expect(premises.map(({ name }) => name)).toEqual([
    "sha256.pipeline.yaml",
    "sha256.plan.json",
    "sha256.ledger.ndjson",
    "sha256.samples.ndjson",
    "sha256.producer-status.json",
  ]);
  for (const { value } of premises) expect(value).toMatch(SUM);
});

test("with a ledger from elsewhere, they are those of the run directory", async () => {
  const ledgerFile = join(directory, "other", "ledger.ndjson");
  const { premises } = await sealed({ runDirectory: directory, ledgerFile });
  expect(premises.filter(({ value }) => value === "missing").map(({ name }) => name)).toEqual(["sha256.ledger.ndjson"]);
});

test.each([
  ["run", true],
  ["pipeline", true],
  ["plan", true],
  ["journal", true],
  ["ledger", true],
  ["samples", false],
  ["producerStatus", false],
] as const)("if %s changes while it is judged, the verdict is UNKNOWN: %s", async (file, isUnknown) => {
  const name = RUN_FILES[file];
  const { unknown } = await sealed({ runDirectory: directory }, () => writeFile(join(directory, name), "other"));
  expect(unknown.map((sentence) => sentence.split(" ")[0])).toEqual(isUnknown ? [`sha256.${name}`] : []);
});

const premisesOf = () => new Premises(runFiles({ runDirectory: directory }));

test("Kafka's facts are judged with the ends that the log had, and with the producers' acks", async () => {
  const premises = premisesOf();
  const shorter = [{ partition: 0, start: 0, end: 7 }];
  await premises.readKafka(asking({ "kafka.topic": topic, "kafka.log.after": shorter }), ends, new Set([1]));
  const { premises: all, unknown, notProved } = await premises.finish();
  expect(all[0]).toMatchObject({ name: "kafka.acks", verdict: "unknown" });
  expect(unknown).toEqual([
    expect.stringMatching(/^kafka.acks is 1: /),
    expect.stringMatching(/^kafka.min.insync.replicas is 1: /),
    expect.stringMatching(/^kafka.log_end_offsets is p0: 7: Kafka cut or deleted records of partition 0/),
  ]);
  expect(notProved).toContain(
    "kafka.cleanup.policy is compact: compaction removes records with the same key; what it had removed when the log was read would be found",
  );
});

test("if nobody describes the topic, that is unknown", async () => {
  const premises = premisesOf();
  await premises.readKafka(
    asking({ "kafka.topic": new Error("no broker"), "kafka.log.after": ends }),
    ends,
    new Set([-1]),
  );
  expect(await texts(premises)).toEqual([
    "holds: kafka.acks is all",
    "unknown: kafka.topic is not readable (no broker)",
  ]);
});

test("if nobody says where the log ends now, its settings are judged all the same", async () => {
  const premises = premisesOf();
  await premises.readKafka(asking({ "kafka.topic": topic, "kafka.log.after": new Error("late") }), ends, new Set([-1]));
  const found = await texts(premises);
  expect(found).toContain("unknown: kafka.min.insync.replicas is 1");
  expect(found).toContain("recorded: kafka.log_end_offsets is ");
});

test("PostgreSQL's premises come before those of files", async () => {
  const premises = premisesOf();
  await premises.sealLedger();
  await premises.readPostgres(asking({}), pipeline);
  const found = await texts(premises);
  expect(found[0]).toBe("unknown: postgres.open_transactions is not readable (nobody knows)");
  expect(found.at(-1)).toMatch(/^recorded: sha256.producer-status.json is /);
});
