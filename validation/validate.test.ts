import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { journalClose, ledgerClose } from "../contract/fixture/close.ts";
import { JOURNAL_VERSION, type JournalRecord } from "../contract/journal.ts";
import { LEDGER_VERSION, type LedgerRecord } from "../contract/ledger.ts";
import { encodeLog } from "../contract/log-line.ts";
import { RUN_FILES, type Run } from "../contract/run.ts";
import type { VerdictFile } from "../contract/verdict.ts";
import { statusOf } from "./evidence/fixture/run-directory.ts";
import { deadServers } from "./fixture/dead-servers.ts";
import { FaultlineError } from "../contract/errors.ts";
import { CHECKS } from "./checks/all.ts";
import type { Check } from "./checks/check.ts";
import type { MemoryServers } from "./fixture/memory-servers.ts";
import { MUTATIONS } from "./fixture/mutations.ts";
import { worldOnDisk, type WorldOnDisk } from "./fixture/world-on-disk.ts";
import { UnreadableError } from "./read/unreadable-error.ts";
import { linesOf } from "./canary/lines.ts";
import { Sources } from "./source/sources.ts";
import { type JudgeOptions, validate, validateFrom } from "./validate.ts";

const CREATED_MS = 1_700_000_000_000;
const at = (ms: number) => CREATED_MS + ms;
const PIPELINE = await readFile(new URL("../pipelines/payments.yaml", import.meta.url));
const sha256 = createHash("sha256").update(PIPELINE).digest("hex");
const run: Run = {
  version: 1,
  id: "20231114T221320Z-payments",
  run: CREATED_MS / 1000,
  seed: 1,
  malformed_ppm: 0,
  pipeline: "payments",
  pipeline_sha256: sha256,
  runtime: "local",
  trigger: "realtime",
  created_ms: CREATED_MS,
  versions: {},
};

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "faultline-verdict-"));
  await writeFile(join(directory, RUN_FILES.pipeline), PIPELINE);
  await writeFile(join(directory, RUN_FILES.run), JSON.stringify(run));
});
afterEach(() => rm(directory, { recursive: true }));

const open: LedgerRecord = {
  t: "open",
  version: LEDGER_VERSION,
  run: run.run,
  seed: run.seed,
  malformed_ppm: 0,
  pipeline: run.pipeline,
  pipeline_sha256: sha256,
  topic: "payments",
  partitions: 6,
  pid: 1,
  at_ms: at(0),
};
const batch = (index: number, fromMs: number, toMs: number): LedgerRecord[] => [
  { t: "attempt", p: 0, s: index * 10, n: 10, first_ms: at(0), last_ms: at(9), a: 1, at_ms: at(fromMs) },
  { t: "ack", p: 0, s: index * 10, n: 10, o: index * 10, at_ms: at(toMs) },
];
const closed = (before: LedgerRecord[], ms: number) => [...before, ledgerClose(before, at(ms))];
const kill = (id: number, fromMs: number, toMs: number): JournalRecord[] => [
  {
    t: "planned",
    id,
    fault: { id, at_ms: 0, kind: "kill", target: { node: "kafka-1" }, hold_ms: 1 },
    node: "kafka-1",
    node_kind: "kafka",
    undo: { node: "kafka-1", release: `test-${id}` },
    at_ms: at(fromMs),
  },
  { t: "active", id, kind: "kill", node: "kafka-1", effective: true, proof: "", at_ms: at(fromMs) },
  { t: "healed", id, by: "engine", proof: "", at_ms: at(toMs) },
];
const engine = { pid: 1, start_ticks: 1, boot_id: "b" };
const begin: JournalRecord = {
  t: "open",
  version: JOURNAL_VERSION,
  run: run.run,
  seed: 1,
  plan_sha256: "",
  faults: 9,
  process: engine,
  at_ms: at(0),
};

async function judged(ledger: LedgerRecord[], journal: JournalRecord[], flags = {}): Promise<VerdictFile> {
  await writeFile(join(directory, RUN_FILES.ledger), encodeLog(ledger));
  await writeFile(join(directory, RUN_FILES.journal), encodeLog(journal));
  return validateFrom({ allowNoFaults: false, runDirectory: directory, ...flags }, deadServers);
}
const idle = "2 faults had an effect, but none while its path was at work and worked again afterwards";

test("faults that strike after all is stored put nothing at stake", async () => {
  const ledger = closed([open, ...batch(0, 10, 20), ...batch(1, 30, 40)], 50);
  const strikes = [begin, ...kill(1, 5_000, 6_000), ...kill(2, 7_000, 8_000)];
  const faults = [...strikes, journalClose(strikes, at(8_000))];
  const after = await judged(ledger, faults);
  expect(after.counts).toMatchObject({ acknowledged: 20, faults_effective: 2, faults_under_load: 0 });
  expect(after.reasons).toContainEqual(expect.stringContaining(idle));
  expect(after.faults).toEqual([{ node_kind: "kafka", struck: 2, under_load: 0, recovered: 0 }]);
  expect(after.not_proved).toContainEqual(expect.stringContaining("failures of kafka: struck 2, none while"));

  const restarted = [...ledger, { ...open, pid: 2 }, ...batch(2, 5_500, 6_500), ...batch(3, 9_000, 9_001)];
  const during = await judged(restarted, faults);
  expect(during.counts).toMatchObject({ faults_effective: 2, faults_under_load: 1 });
  expect(during.reasons).not.toContainEqual(expect.stringContaining(idle));
  expect(during.not_proved).not.toContainEqual(expect.stringContaining("failures of kafka"));
});

test("a line about a kill that never happened, or a time before the run, damages the journal", async () => {
  const ledger = [open, ...batch(0, 10, 20)];
  const [, active] = kill(1, 12, 15) as [JournalRecord, JournalRecord];
  expect((await judged(ledger, [active])).reasons[0]).toContain(
    'FL_JOURNAL_DAMAGED: fault journal: line 1: a journal begins with "open"',
  );
  expect((await judged(ledger, [begin, active])).reasons[0]).toContain(
    "line 2: fault 1 is active, but was never planned",
  );
  expect((await judged(ledger, [{ ...begin, at_ms: at(-60_000) }])).reasons[0]).toContain(
    "60000 ms before the run was created",
  );
});

test("an impossible line damages the ledger", async () => {
  const ledger = closed([open, ...batch(0, 10, 20)], 50);
  const failed: LedgerRecord = { t: "failed", p: 1, s: 0, n: 10, why: "", at_ms: at(60) };
  const attempt: LedgerRecord = { ...(batch(0, 60, 70)[0] as LedgerRecord & { t: "attempt" }), p: 1 };
  const { verdict, reasons } = await judged([...ledger, attempt, failed], [begin]);
  expect(verdict).toBe("UNKNOWN");
  expect(reasons).toContainEqual(
    expect.stringMatching(
      /^FL_LEDGER_DAMAGED: ledger line 5: "attempt" after "close".*ledger line 6: "failed" after "close"/,
    ),
  );
});

test("files that contradict the ledger or each other make the verdict UNKNOWN", async () => {
  const ledger = closed([open, ...batch(0, 10, 20)], 50);
  const journal = [begin, ...kill(1, 12, 15)];
  expect((await judged(ledger, journal)).reasons).toContainEqual(
    expect.stringMatching(/^the fault journal does not end with "close".*`\.\/faultline heal`/),
  );
  const whole = [...journal, journalClose(journal, at(16))];
  await writeFile(join(directory, RUN_FILES.run), JSON.stringify({ ...run, seed: 2 }));
  await writeFile(join(directory, RUN_FILES.producerStatus), JSON.stringify(statusOf([...ledger, open], "producing")));
  const { verdict, reasons } = await judged(ledger, whole);
  expect(verdict).toBe("UNKNOWN");
  expect(reasons).toContainEqual("run.json is not what the run began with: seed is 2, but in the ledger 1");
  expect(reasons).toContainEqual(
    "the ledger's end is cut off: it has 4 lines, but producer-status.json says that 5 were on disk",
  );
});

test("the verdict says what flags have taken away", async () => {
  const ledger = [open, ...batch(0, 10, 20)];
  expect((await judged(ledger, [begin])).waived).toEqual([]);
  expect((await judged(ledger, [begin], { allowNoFaults: true, canary: false, minAcknowledged: 10 })).waived).toEqual([
    "no fault was required",
    "the checks were not tested by a canary",
    "only 10 acknowledged events were required, not 1000",
  ]);
  expect(
    (await judged(ledger, [begin], { topic: "other", journalFile: join(directory, RUN_FILES.journal) })).waived,
  ).toEqual([
    "topic other was judged, not payments, which the ledger names",
    "the fault journal is not the run directory's",
  ]);
});

test("a bound that is exceeded gives a reason with fault and figure; one without evidence makes the verdict UNKNOWN", async () => {
  const ledger = closed([open, ...batch(0, 10, 20), ...batch(1, 30, 9_040)], 9_050);
  const slo = { without_acknowledgement_ms: 5_000, without_rows_ms: 5_000 };
  const { verdict, reasons, slo: lines } = await judged(ledger, [begin, ...kill(4, 5_000, 6_000)], { slo });
  expect(verdict).toBe("UNKNOWN");
  expect(lines).toEqual([
    {
      bound: "without_acknowledgement_ms",
      limit: 5_000,
      worst: 9_020,
      fault: "fault 4 (kill of kafka-1)",
      is_exceeded: true,
    },
    { bound: "without_rows_ms", limit: 5_000, worst: null, fault: "", is_exceeded: false },
  ]);
  expect(reasons).toContain("the bound without_rows_ms can't be judged: PostgreSQL could not be read");
  expect(reasons).toContain(
    "without_acknowledgement_ms: 9020 ms without an acknowledgement on partition 0, during fault 4 (kill of kafka-1); the bound is 5000 (by the ledger, to 1 ms)",
  );
});

test("a witness that is damaged, of another run or of another time makes the verdict UNKNOWN; none is only not proved", async () => {
  const ledger = closed([open, ...batch(0, 10, 20)], 50);
  const without = await judged(ledger, [begin]);
  expect(without.witness).toBeNull();
  expect(without.not_proved).toContainEqual(expect.stringContaining("no witness watched the run"));

  const begun = { t: "open", version: 1, run: run.run, session: 1, pid: 1, at_ms: at(0) };
  const ends = { t: "ends", partition: 0, high_watermark: 3, at_ms: at(40) };
  const witnessed = async (text: string) => {
    await writeFile(join(directory, RUN_FILES.witness), text);
    return judged(ledger, [begin]);
  };
  const text = encodeLog([begun, ends]);
  expect((await witnessed(encodeLog([{ ...begun, at_ms: at(6_000) }]))).not_proved).toContainEqual(
    expect.stringContaining("(before the witness began)"),
  );
  const good = await witnessed(`${text}{"t":"torn`);
  expect(good.witness).toEqual({ sessions: 1, watched_s: 0, records: 0, row_ranges: 0, snapshots: 0 });
  expect(good.reasons).not.toContainEqual(expect.stringContaining("FL_WITNESS_DAMAGED"));
  expect(good.premises).toContainEqual({
    name: "sha256.witness.ndjson",
    value: createHash("sha256").update(text).digest("hex"),
    verdict: "recorded",
    why: "",
  });
  expect(good.not_proved).toContainEqual(expect.stringContaining("(after the witness's last line)"));

  for (const [damaged, reason] of [
    [
      text.replace('"high_watermark":3', '"high_watermark":4'),
      /^FL_WITNESS_DAMAGED: witness.ndjson line 2: its checksum/,
    ],
    [encodeLog([{ ...begun, run: 5 }]), /line 1: "open" of run 5, but the ledger is of run/],
    [encodeLog([begun, { ...ends, at_ms: at(-60_000) }]), /line 2: the time of "ends" is 60000 ms before/],
    [encodeLog([ends]), /line 1: a witness begins with "open"/],
  ] as const) {
    const { verdict, reasons } = await witnessed(damaged);
    expect(verdict).toBe("UNKNOWN");
    expect(reasons).toContainEqual(expect.stringMatching(reason));
  }
});

// From here on the servers answer: a generated run in memory, and what its files say.

const JUDGE = { allowNoFaults: true, minAcknowledged: 1, canary: false };
const worlds: WorldOnDisk[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.remove();
});

/** A correct run, or one that this mutation breaks. */
async function worldOf(mutationName?: string): Promise<WorldOnDisk> {
  const mutation = MUTATIONS.find(({ name }) => name === mutationName);
  expect(mutation?.name).toBe(mutationName);
  for (let seed = 5; ; seed++) {
    const world = await worldOnDisk(seed, "payments", mutation);
    if (world === undefined) continue;
    worlds.push(world);
    return world;
  }
}
const judgedWorld = ({ directory: runDirectory, servers }: WorldOnDisk, flags: Partial<JudgeOptions> = {}) =>
  validateFrom({ ...JUDGE, runDirectory, ...flags }, () => servers);
const fileOf = ({ directory: of }: WorldOnDisk, name: keyof typeof RUN_FILES) => join(of, RUN_FILES[name]);

async function change(file: string, edit: (text: string) => string): Promise<void> {
  await writeFile(file, edit(await readFile(file, "utf8")));
}
/** The last line has another checksum then. */
const damageEnd = (world: WorldOnDisk) =>
  change(fileOf(world, "ledger"), (text) =>
    text.replace(
      /"crc":"(.)([^"]*)"}\n$/,
      (_, first: string, more: string) => `"crc":"${first === "0" ? "1" : "0"}${more}"}\n`,
    ),
  );

test("a whole run is VALID, and its verdict says what was done", async () => {
  const world = await worldOf();
  const told: string[] = [];
  const beganMs = Date.now();
  const opened: unknown[] = [];
  const verdict = await validateFrom(
    { ...JUDGE, canary: true, runDirectory: `${world.directory}/.`, onProgress: (text) => told.push(text) },
    (of) => {
      opened.push({ ...of, pipeline: of.pipeline.name });
      return world.servers;
    },
  );
  const { run: number } = opened[0] as { run: number };
  expect(opened).toEqual([{ topic: "payments", pipeline: "payments", run: number }]);
  expect(verdict).toMatchObject({
    version: 4,
    run_id: basename(world.directory),
    verdict: "VALID",
    reasons: [],
    anomalies: [{ kind: "repeated-in-log" }],
    faults: [],
    slo: [],
    witness: null,
    evidence: null,
  });
  expect(told.filter((text) => !text.startsWith("read "))).toEqual([
    "reading the ledger",
    "reading PostgreSQL",
    "judging",
  ]);
  const { counts, canary, duration_ms: durationMs, peak_memory_mb: peakMb, at_ms: atMs } = verdict;
  expect(counts).toMatchObject({ faults_effective: 0, faults_under_load: 0, uncompared: 0 });
  expect([counts.actual_rows, counts.actual_dead_letters]).toEqual([
    counts.expected_rows,
    counts.expected_dead_letters,
  ]);
  expect(counts.actual_rows).toBeGreaterThan(100);
  expect(Object.keys(canary ?? {})).toEqual(["planted", "found", "kinds", "untested"]);
  expect([canary?.planted, canary?.kinds]).toEqual([canary?.found, 16]);
  expect(atMs).toBeGreaterThanOrEqual(beganMs);
  expect(Number.isInteger(durationMs) && durationMs >= 0 && durationMs <= atMs - beganMs + 1).toBe(true);
  expect(Number.isInteger(peakMb) && peakMb > 20 && peakMb < 20_000).toBe(true);
  // Nobody watched, so what only a witness finds was not planted.
  expect(verdict.not_proved).toContainEqual(expect.stringContaining("no witness watched the run"));
  expect(verdict.not_proved).not.toContainEqual(expect.stringContaining("that the checks would find vanished"));
  expect(verdict.premises.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["kafka.acks", "postgres.fsync", "sha256.ledger.ndjson"]),
  );
});

test("a kind for which the run has no place is not proved", async () => {
  const world = await worldOf();
  const { canary, not_proved: notProved } = await judgedWorld(world, { canary: true });
  expect(canary?.untested.length).toBeGreaterThan(0);
  for (const kind of canary?.untested ?? [])
    expect(notProved).toContain(`that the checks would find ${kind}: this run has no place to plant it`);
  const without = await judgedWorld(world);
  expect(without.canary).toBeNull();
  expect(without.not_proved).not.toContainEqual(expect.stringContaining("that the checks would find"));
});

test("a check that finds nothing any more is noticed by the canary", async () => {
  const world = await worldOf();
  const checks = CHECKS as Check[];
  const place = checks.findIndex(({ kinds }) => kinds.includes("duplicate-sink"));
  const [lost] = checks.splice(place, 1) as [Check];
  try {
    const { verdict, reasons } = await judgedWorld(world, { canary: true });
    expect(verdict).toBe("UNKNOWN");
    expect(reasons).toContainEqual(
      expect.stringMatching(/^the checks do not find duplicate-sink \(.*, planted in a copy of this run's own bytes$/),
    );
  } finally {
    checks.splice(place, 0, lost);
  }
});

test("without a run directory the ledger's directory counts, and the run is told by its number", async () => {
  const world = await worldOf();
  const { servers } = world;
  const files = { ledgerFile: fileOf(world, "ledger"), pipeline: fileOf(world, "pipeline") };
  const ledger = await readFile(files.ledgerFile, "utf8");
  const { run: number } = JSON.parse(ledger.slice(0, ledger.indexOf("\n"))) as { run: number };
  expect(await validateFrom({ ...JUDGE, ...files }, () => servers)).toMatchObject({
    run_id: String(number),
    verdict: "VALID",
  });
  await change(fileOf(world, "run"), (text) => text.replace(/"seed":\d+/, '"seed":99'));
  const { reasons } = await validateFrom({ ...JUDGE, ...files }, () => servers);
  expect(reasons).toContainEqual(expect.stringContaining("run.json is not what the run began with: seed is 99"));
});

test("a pipeline that is not quiet is told, and judged as it is", async () => {
  const world = await worldOf();
  world.servers.waitUntilQuiet = async () => ({ outcome: "stuck" as const, behind: 5, waitedMs: 61_499 });
  const told: string[] = [];
  const { verdict } = await judgedWorld(world, { onProgress: (text) => told.push(text) });
  expect(verdict).toBe("VALID");
  expect(told[0]).toBe("the pipeline is not quiet after 61 s (stuck): the sink is 5 records behind");
});

test("what no other try helps is a reason, and nothing else is read", async () => {
  for (const [error, reason] of [
    [new FaultlineError("FL_TOPIC_MISSING", "no topic", { remedy: "give it" }), "FL_TOPIC_MISSING: no topic (give it)"],
    [new FaultlineError("FL_POSTGRES_AUTH", "no"), "FL_POSTGRES_AUTH: no"],
  ] as const) {
    const servers = deadServers();
    servers.waitUntilQuiet = () => Promise.reject(error);
    const world = await worldOf();
    const { verdict, reasons, counts } = await validateFrom({ ...JUDGE, runDirectory: world.directory }, () => servers);
    expect([verdict, reasons[0], servers.calls]).toEqual(["UNKNOWN", reason, ["close"]]);
    expect(counts).toMatchObject({ log_records: 0, actual_rows: 0 });
    expect(counts.acknowledged).toBeGreaterThan(100);
  }
});

test("servers that do not answer are each named once, and what was not read is not judged", async () => {
  const servers = deadServers();
  const world = await worldOf();
  const flags = { ...JUDGE, canary: true, minAcknowledged: 10 };
  const {
    reasons,
    canary,
    anomalies,
    not_proved: notProved,
  } = await validateFrom({ ...flags, runDirectory: world.directory }, () => servers);
  expect(reasons).toEqual([
    "FL_KAFKA_UNREACHABLE: Kafka does not answer (start it)",
    "FL_POSTGRES_UNREACHABLE: PostgreSQL can't be read",
  ]);
  expect([canary, anomalies]).toEqual([null, []]);
  expect(notProved.slice(-1)).toEqual([expect.stringContaining("no witness watched the run")]);
  expect(servers.calls).toEqual(["waitUntilQuiet", "beginSnapshot", "kafka.log.judged", "close"]);
});

const broken = () => Promise.reject(new FaultlineError("FL_KAFKA_UNREACHABLE", "broken"));

test.each<[string, keyof MemoryServers]>([
  ["Kafka", "ask"],
  ["PostgreSQL", "beginSnapshot"],
])("if only %s can't be read there is no canary, and the other one is judged", async (_, call) => {
  const world = await worldOf();
  const { servers } = world;
  const { ask } = servers;
  const calls: string[] = [];
  if (call === "ask")
    servers.ask = (question) => {
      calls.push(question.name);
      return question.name.startsWith("kafka.") ? broken() : ask(question);
    };
  else servers.beginSnapshot = broken;
  servers.lookUpRows = () => {
    calls.push("lookUpRows");
    return broken();
  };
  const { verdict, reasons, counts, canary } = await judgedWorld(world, { canary: true });
  expect([verdict, reasons, canary]).toEqual(["UNKNOWN", ["FL_KAFKA_UNREACHABLE: broken"], null]);
  expect([counts.actual_rows > 0, counts.log_records > 0]).toEqual(call === "ask" ? [true, false] : [false, true]);
  expect(calls.includes("lookUpRows")).toBe(call === "ask");
  expect(calls).not.toContain("kafka.replicas");
  expect(calls).not.toContain("kafka.topic");
});

test("commit times that can't be asked for, and copies that can't be read, are reasons", async () => {
  const world = await worldOf();
  world.servers.lookUpRows = () => Promise.reject(new UnreadableError("the evidence lacks commit times"));
  const { ask } = world.servers;
  world.servers.ask = (question) =>
    question.name === "kafka.replicas" ? Promise.reject(new UnreadableError("no copies")) : ask(question);
  const { verdict, reasons, premises } = await judgedWorld(world);
  expect([verdict, reasons]).toEqual(["UNKNOWN", ["the evidence lacks commit times", "no copies"]]);
  // Kafka's premises are asked for all the same.
  expect(premises.map(({ name }) => name)).toContain("kafka.topic_id");
});

test("a follower that has something else is an anomaly; one that is not read is not proved", async () => {
  const world = await worldOf();
  const copies = world.servers.answers["kafka.replicas"] as { copies: { damaged: number[] }[]; problem: string | null };
  copies.problem = "no metadata";
  expect((await judgedWorld(world)).not_proved).toContain(
    "copies of the log on followers: nobody says where they are (no metadata)",
  );
  copies.copies[0]!.damaged = [0];
  const { verdict, anomalies } = await judgedWorld(world);
  expect([verdict, anomalies.map(({ kind }) => kind)]).toEqual(["INVALID", ["repeated-in-log", "inconsistent-offset"]]);
});

test("a bug is no reason but an error, and all is closed", async () => {
  const bug = new TypeError("a bug");
  for (const call of ["waitUntilQuiet", "beginSnapshot", "lookUpRows", "ask"] as const) {
    const world = await worldOf();
    let closed = 0;
    world.servers.close = async () => void closed++;
    world.servers[call] = () => Promise.reject(bug);
    await expect(judgedWorld(world)).rejects.toBe(bug);
    expect(closed).toBe(1);
  }
});

test("who ends the validation gets no verdict", async () => {
  const world = await worldOf();
  const controller = new AbortController();
  const { signal } = controller;
  const reason = new Error("ended");
  world.servers.waitUntilQuiet = (async (_file: string, given: AbortSignal) => {
    expect(given).toBe(signal);
    controller.abort(reason);
    given.throwIfAborted();
  }) as never;
  await expect(judgedWorld(world, { signal })).rejects.toMatchObject({
    code: "FL_INTERRUPTED",
    message: "the validation was interrupted: no verdict",
    cause: reason,
  });
});

test.each([
  ["failed-visible", "a refused batch is in the log"],
  ["duplicate-log", "a record is in the log more often than it was sent"],
  ["phantom", "a record of an event that nobody attempted"],
])("%s is not certain if a part of the ledger is damaged or missing", async (kind, mutation) => {
  const certain = new RegExp(`^\\d+ ${kind}: .*\\)$`);
  const doubted = new RegExp(`^\\d+ ${kind}: .*; not certain, because the evidence is incomplete$`);
  const world = await worldOf(mutation);
  expect((await judgedWorld(world)).reasons).toContainEqual(expect.stringMatching(certain));
  await change(fileOf(world, "producerStatus"), (text) => text.replace(/"lines":\d+/, '"lines":99999'));
  const cut = await judgedWorld(world);
  expect(cut.reasons).toContainEqual(expect.stringContaining("the ledger's end is cut off"));
  expect(cut.reasons).toContainEqual(expect.stringMatching(doubted));
  await rm(fileOf(world, "producerStatus"));
  await damageEnd(world);
  const damaged = await judgedWorld(world);
  const lines = linesOf(await readFile(fileOf(world, "ledger"))).length;
  expect(damaged.reasons).toContain(
    `FL_LEDGER_DAMAGED: ledger line ${lines}: its checksum does not fit: it was changed, or lines before it were removed, added or exchanged`,
  );
  expect(damaged.reasons).toContainEqual(expect.stringMatching(doubted));
});

test.each([
  ["phantom", "a record of an event that nobody attempted"],
  ["aggregate-mismatch", "the count of a group is one too high"],
  ["offset-gap", "rows of a partition's offsets too high"],
])("%s is not certain if the ledger grows while it is judged", async (kind, mutation) => {
  const world = await worldOf(mutation);
  expect((await judgedWorld(world)).verdict).toBe("INVALID");
  world.servers.beginSnapshot = () => appendFile(fileOf(world, "ledger"), "{");
  const { verdict, reasons } = await judgedWorld(world);
  expect(verdict).toBe("UNKNOWN");
  expect(reasons[0]).toBe(
    "the ledger grew while it was judged: the producer is still running; stop it and validate again",
  );
  expect(reasons).toContainEqual(expect.stringMatching(new RegExp(`${kind}: .*; not certain, `)));
});

test("of many damaged lines of the ledger ten are told, and the others are counted", async () => {
  const world = await worldOf();
  await rm(fileOf(world, "producerStatus"));
  await change(fileOf(world, "ledger"), (text) => `${text}${"{}\n".repeat(12)}`);
  const { verdict, reasons } = await judgedWorld(world);
  expect(verdict).toBe("UNKNOWN");
  expect(reasons[0]).toMatch(/^FL_LEDGER_DAMAGED: (ledger line \d+: [^;]*; ){10}and 2 more$/);
});

test("a log that has lost its beginning makes what depends on it uncertain", async () => {
  const world = await worldOf("the last acknowledged record is not in the log");
  expect((await judgedWorld(world)).verdict).toBe("INVALID");
  const ranges = world.servers.answers["kafka.log.judged"] as { start: number; end: number }[];
  for (const range of ranges) range.start = Math.min(1, range.end);
  const { verdict, reasons } = await judgedWorld(world);
  expect(reasons).toContainEqual(expect.stringContaining("Kafka has deleted the offsets below 1 (retention)"));
  expect(reasons).toContainEqual(expect.stringMatching(/lost-kafka: .*; not certain, /));
  expect(verdict).toBe("UNKNOWN");
});

test("records whose creation time is lost can't be compared", async () => {
  const world = await worldOf();
  await rm(fileOf(world, "producerStatus"));
  await change(fileOf(world, "ledger"), (text) => text.replaceAll(/\{"t":"attempt"[^\n]*/g, "{}"));
  const { reasons, counts } = await judgedWorld(world);
  expect(counts.uncompared).toBeGreaterThan(0);
  expect(reasons).toContain(
    `${counts.uncompared} records and rows can't be compared: the ledger lines that have their creation times are damaged`,
  );
});

test("a fault that is not healed is a reason", async () => {
  const ledger = [open, ...batch(0, 10, 20)];
  expect((await judged(ledger, [begin, ...kill(3, 12, 15).slice(0, 2)])).reasons).toContainEqual(
    expect.stringMatching(/^fault 3 .* is not healed; run `\.\/faultline heal` and validate again$/),
  );
});

test("a producer that lives is asked to quiesce until everything is read", async () => {
  const world = await worldOf();
  const status = JSON.parse(await readFile(fileOf(world, "producerStatus"), "utf8")) as object;
  const live = { ...status, state: "quiesced", at_ms: Date.now() + 4_000 };
  await writeFile(fileOf(world, "producerStatus"), JSON.stringify(live));
  const asked: boolean[] = [];
  world.servers.beginSnapshot = async () => void asked.push(existsSync(fileOf(world, "quiesce")));
  const told: string[] = [];
  await judgedWorld(world, { onProgress: (text) => told.push(text) });
  expect(asked).toEqual([true]);
  expect(told[0]).toBe("asked the producer to quiesce");
  expect(existsSync(fileOf(world, "quiesce"))).toBe(false);
  // What is in a file can't go on.
  world.servers.takenMs = Date.now();
  await judgedWorld(world);
  expect(asked).toEqual([true, false]);
});

test("what was written after the evidence was taken is in the future", async () => {
  const world = await worldOf();
  world.servers.takenMs = Date.now();
  expect((await judgedWorld(world)).verdict).toBe("VALID");
  world.servers.takenMs -= 3_600_000;
  const { reasons } = await judgedWorld(world);
  expect(reasons).toContainEqual(expect.stringContaining("updated_at is"));
  await writeJournal(world, Date.now());
  expect((await judgedWorld(world)).reasons).toContainEqual(
    expect.stringMatching(/^FL_JOURNAL_DAMAGED: .*in the future/),
  );
  world.servers.takenMs = Date.now();
  expect((await judgedWorld(world)).verdict).toBe("VALID");
});

/** A fault journal without faults, of an engine that began then. */
async function writeJournal(world: WorldOnDisk, atMs: number): Promise<void> {
  const { run: number } = JSON.parse(await readFile(fileOf(world, "run"), "utf8")) as Run;
  const opening = { ...begin, run: number, faults: 0, at_ms: atMs };
  await writeFile(fileOf(world, "journal"), encodeLog([opening, journalClose([opening], atMs)]));
}

test("damage of the fault journal is planted and found, and a time to come damages it", async () => {
  const world = await worldOf();
  await writeJournal(world, Date.now());
  const { verdict, canary, reasons } = await judgedWorld(world, { canary: true });
  expect([verdict, reasons, canary?.kinds]).toEqual(["VALID", [], 17]);
  await writeJournal(world, Date.now() + 3_600_000);
  expect((await judgedWorld(world)).reasons).toContainEqual(
    expect.stringMatching(/^FL_JOURNAL_DAMAGED: .*in the future/),
  );
});

test("without run.json nobody knows when the run was created, and no time is too early", async () => {
  const ledger = closed([open, ...batch(0, 10, 20)], 50);
  await rm(join(directory, RUN_FILES.run));
  const { reasons } = await judged(ledger, [{ ...begin, at_ms: at(-60_000) }]);
  expect(reasons).not.toContainEqual(expect.stringContaining("FL_JOURNAL_DAMAGED"));
});

test("a figure of the producer's status that the ledger does not have is a reason", async () => {
  const world = await worldOf();
  await change(fileOf(world, "producerStatus"), (text) => text.replace(/"acknowledged":(\d+)/, '"acknowledged":1$1'));
  const { verdict, reasons } = await judgedWorld(world);
  expect(verdict).toBe("UNKNOWN");
  expect(reasons).toContainEqual(expect.stringMatching(/^producer-status.json says acknowledged 1/));
});

test("a premise that does not hold is a reason, and a log that was cut meanwhile is one", async () => {
  const world = await worldOf();
  const ranges = structuredClone(world.servers.answers["kafka.log.judged"]) as { end: number }[];
  ranges[2]!.end -= 1;
  world.servers.answers["kafka.log.after"] = ranges;
  const { verdict, reasons } = await judgedWorld(world);
  expect([verdict, reasons]).toEqual([
    "UNKNOWN",
    [expect.stringContaining("Kafka cut or deleted records of partition 2 while they were judged")],
  ]);
});

test("what only a damaged witness tells is not certain", async () => {
  const world = await worldOf();
  const { run: number } = JSON.parse(await readFile(fileOf(world, "run"), "utf8")) as Run;
  const begun = { t: "open", version: 1, run: number, session: 1, pid: 1, at_ms: number * 1000 };
  const ends = { t: "ends", partition: 0, high_watermark: 1_000_000, at_ms: number * 1000 };
  const text = encodeLog([begun, ends]);
  await writeFile(fileOf(world, "witness"), text);
  const whole = await judgedWorld(world);
  expect(whole.verdict).toBe("INVALID");
  expect(whole.anomalies.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["vanished", "rewound"]));
  await writeFile(fileOf(world, "witness"), `${text}{}\n`);
  const damaged = await judgedWorld(world);
  expect(damaged.verdict).toBe("UNKNOWN");
  for (const kind of ["vanished", "rewound"])
    expect(damaged.reasons).toContainEqual(expect.stringMatching(new RegExp(`${kind}: .*; not certain, `)));
});

test("live servers are those of the addresses", async () => {
  const world = await worldOf();
  const waitUntilQuiet = Reflect.get(Sources.prototype, "waitUntilQuiet") as () => never;
  const asked: Sources[] = [];
  Sources.prototype.waitUntilQuiet = async function (this: Sources) {
    asked.push(this);
    throw new FaultlineError("FL_POSTGRES_AUTH", "no");
  };
  try {
    const brokers = ["127.0.0.1:1"];
    const postgres = { host: "127.0.0.1", port: 1, database: "d", user: "u", password: "p" };
    const where = { brokers, postgres, quietTimeoutMs: 0 };
    const { reasons } = await validate({ ...JUDGE, ...where, runDirectory: world.directory });
    expect([reasons, asked.map((servers) => [servers.brokers, servers.topic])]).toEqual([
      ["FL_POSTGRES_AUTH: no"],
      [[brokers, "payments"]],
    ]);
  } finally {
    Sources.prototype.waitUntilQuiet = waitUntilQuiet;
  }
});
