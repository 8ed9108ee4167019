import { FaultlineError } from "../contract/errors.ts";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { journalClose, ledgerClose } from "../contract/fixture/close.ts";
import { JOURNAL_VERSION, type JournalRecord } from "../contract/journal.ts";
import { LEDGER_VERSION, type LedgerRecord } from "../contract/ledger.ts";
import { encodeLog } from "../contract/log-line.ts";
import { RUN_FILES, type Run } from "../contract/run.ts";
import type { VerdictFile } from "../contract/verdict.ts";
import { statusOf } from "./evidence/fixture/run-directory.ts";
import { deadServers } from "./fixture/dead-servers.ts";
import { validate, validateFrom } from "./validate.ts";
import { Sources } from "./source/sources.ts";
// It brings its own tests with it.
import { JUDGE } from "./fixture/answering-servers-suite.ts";

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

test("a fault that is not healed is a reason", async () => {
  const ledger = [open, ...batch(0, 10, 20)];
  expect((await judged(ledger, [begin, ...kill(3, 12, 15).slice(0, 2)])).reasons).toContainEqual(
    expect.stringMatching(/^fault 3 .* is not healed; run `\.\/faultline heal` and validate again$/),
  );
});

test("without run.json nobody knows when the run was created, and no time is too early", async () => {
  const ledger = closed([open, ...batch(0, 10, 20)], 50);
  await rm(join(directory, RUN_FILES.run));
  const { reasons } = await judged(ledger, [{ ...begin, at_ms: at(-60_000) }]);
  expect(reasons).not.toContainEqual(expect.stringContaining("FL_JOURNAL_DAMAGED"));
});

test("live servers are those of the addresses", async () => {
  await judged([open, ...batch(0, 10, 20)], []);
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
    const { reasons } = await validate({
      ...where,
      ...JUDGE,
      runDirectory: directory,
    });
    expect([reasons, asked.map((servers) => [servers.brokers, servers.topic])]).toEqual([
      ["FL_POSTGRES_AUTH: no"],
      [[brokers, "payments"]],
    ]);
  } finally {
    Sources.prototype.waitUntilQuiet = waitUntilQuiet;
  }
});
