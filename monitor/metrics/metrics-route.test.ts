import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FAULT_KINDS } from "../../contract/plan.ts";
import { RUN_FILES } from "../../contract/run.ts";
import { VERDICTS } from "../../contract/verdict.ts";
import type { Observed } from "./facts.ts";
import { AT_MS, observed, sample, VERDICT } from "./fixture/observed.ts";
import { parseOpenMetrics } from "./fixture/openmetrics.ts";
import { serveMetrics } from "./fixture/serve.ts";
import { metricsRoute } from "./metrics-route.ts";

const OPENMETRICS = "application/openmetrics-text; version=1.0.0";
/** What Prometheus 2.53 sends. */
const PROMETHEUS_ACCEPTS =
  "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

let directory: string;
let now: Observed;
let server: Awaited<ReturnType<typeof serveMetrics>>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "faultline-metrics-"));
  now = observed(directory);
  server = await serveMetrics(
    metricsRoute(
      () => now,
      () => AT_MS,
    ),
  );
});
afterEach(async () => {
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

/** All lines of a scrape: name and labels → value. */
async function scrape(): Promise<Record<string, number>> {
  const text = await (await fetch(server.url, { headers: { accept: OPENMETRICS } })).text();
  return Object.fromEntries([...parseOpenMetrics(text).values()].flatMap(({ lines }) => [...lines]));
}

async function isValid(): Promise<number | undefined> {
  return (await scrape())['faultline_verdict{verdict="VALID"}'];
}

function writeVerdict(text: string): void {
  writeFileSync(join(directory, "verdict.tmp"), text);
  renameSync(join(directory, "verdict.tmp"), join(directory, RUN_FILES.verdict));
}

it("says how the run is, in base units", async () => {
  writeVerdict(JSON.stringify(VERDICT));
  const lines = await scrape();
  const run = directory.split("/").at(-1);
  expect(lines).toEqual({
    [`faultline_run_info{run="${run}",pipeline="payments",topic="payments.v1"}`]: 1,
    faultline_sample_age_seconds: 0.5,
    faultline_attempted_events_total: 1_010,
    faultline_acknowledged_events_total: 1_000,
    faultline_stored_rows_total: 900,
    faultline_duplicate_events_total: 2,
    faultline_dead_letters_total: 3,
    faultline_backlog_events: 0,
    faultline_lag_events: 95,
    faultline_under_replicated_partitions: 2,
    faultline_latency_p50_seconds: 0.0215,
    faultline_latency_p99_seconds: 0.1,
    faultline_latency_max_seconds: 1.25,
    'faultline_partition_log_end_offset{partition="0"}': 400,
    'faultline_partition_log_end_offset{partition="1"}': 300,
    'faultline_partition_log_end_offset{partition="2"}': 300,
    'faultline_partition_next_offset{partition="0"}': 400,
    'faultline_partition_next_offset{partition="1"}': 205,
    'faultline_partition_next_offset{partition="2"}': 300,
    'faultline_partition_isr{partition="0"}': 3,
    'faultline_partition_isr{partition="1"}': 2,
    'faultline_partition_isr{partition="2"}': 0,
    // Of partition 2, whose state is unknown, nothing is said.
    'faultline_partition_unstored_age_seconds{partition="0"}': 0,
    'faultline_partition_unstored_age_seconds{partition="1"}': 61.5,
    'faultline_partition_standstill_seconds{partition="0"}': 0,
    'faultline_partition_standstill_seconds{partition="1"}': 60.25,
    'faultline_partition_stuck{partition="0"}': 0,
    'faultline_partition_stuck{partition="1"}': 1,
    'faultline_node_up{node="kafka-1",kind="kafka"}': 1,
    'faultline_node_up{node="postgres",kind="postgres"}': 0,
    'faultline_node_role{node="kafka-1",kind="kafka",role="controller"}': 1,
    'faultline_active_faults{kind="kill",node="kafka-2"}': 1,
    'faultline_active_faults{kind="pause",node="node \\"b\\"\\\\"}': 1,
    'faultline_faults_total{kind="kill"}': 2,
    'faultline_faults_total{kind="pause"}': 1,
    ...Object.fromEntries(
      FAULT_KINDS.filter((kind) => kind !== "kill" && kind !== "pause").map((kind) => [
        `faultline_faults_total{kind="${kind}"}`,
        0,
      ]),
    ),
    ...Object.fromEntries(VERDICTS.map((name) => [`faultline_verdict{verdict="${name}"}`, name === "STALLED" ? 1 : 0])),
    faultline_verdict_timestamp_seconds: (AT_MS - 60_500) / 1_000,
  });
});

it("leaves out what is unknown, and never says 0 for it", async () => {
  now = observed(directory, { sample: undefined, health: undefined, faults: [] });
  const names = Object.keys(await scrape()).map((line) => line.replace(/\{.*/, ""));
  expect([...new Set(names)]).toEqual(["faultline_run_info", "faultline_faults_total"]);
});

it("says of an old sample only how old it is", async () => {
  now = observed(directory, {
    sample: sample({ at_ms: AT_MS - 5_001 }),
    health: { version: 1, at_ms: AT_MS - 5_001, partitions: now.health?.partitions ?? [] },
  });
  const lines = await scrape();
  expect(lines["faultline_sample_age_seconds"]).toBe(5.001);
  expect(Object.keys(lines).filter((line) => /^faultline_(partition|lag|attempted|node|stored)/.test(line))).toEqual(
    [],
  );
});

it("counts on when a producer that starts again says less, and begins anew with another run", async () => {
  const attempted = async (value: number | null): Promise<number | undefined> => {
    now = { ...now, sample: sample({ attempted: value }) };
    return (await scrape())["faultline_attempted_events_total"];
  };
  const seen: (number | undefined)[] = [];
  for (const value of [500, 0, null, 480, 510]) seen.push(await attempted(value));
  expect(seen).toEqual([500, 500, undefined, 500, 510]);
  now = { ...now, directory: join(directory, "another-run") };
  expect(await attempted(3)).toBe(3);
});

it("reads the verdict when it is replaced, and knows none that it can't read", async () => {
  expect(await isValid()).toBeUndefined();
  writeVerdict(JSON.stringify(VERDICT));
  expect(await isValid()).toBe(0);
  writeVerdict(JSON.stringify({ ...VERDICT, verdict: "VALID" }));
  expect(await isValid()).toBe(1);
  writeVerdict(JSON.stringify({ ...VERDICT, version: 99 }));
  expect(await isValid()).toBeUndefined();
  rmSync(join(directory, RUN_FILES.verdict));
  expect(await isValid()).toBeUndefined();
});

it.each([
  [PROMETHEUS_ACCEPTS, "openmetrics"],
  // Prometheus 3, in short.
  [
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3",
    "openmetrics",
  ],
  [OPENMETRICS, "openmetrics"],
  ["text/plain", "text"],
  ["text/plain;version=0.0.4, application/openmetrics-text;version=1.0.0;q=0.5", "text"],
  ["application/openmetrics-text;version=0.0.1", "text"],
  ["application/openmetrics-text;version=1.0.0;q=0", "text"],
  ["text/html,application/xhtml+xml,*/*;q=0.8", "text"],
  ["application/json", "text"],
])("answers to Accept: %s with %s", async (accept, format) => {
  const response = await fetch(server.url, { headers: { accept } });
  const text = await response.text();
  expect(response.status).toBe(200);
  if (format === "openmetrics") {
    expect(response.headers.get("content-type")).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
    expect(parseOpenMetrics(text).get("faultline_lag_events")).toMatchObject({ type: "gauge", unit: "events" });
    expect(text).toContain("# TYPE faultline_attempted_events counter\n# UNIT faultline_attempted_events events\n");
  } else {
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(text).toContain("# TYPE faultline_attempted_events_total counter\nfaultline_attempted_events_total 1010\n");
    expect(text).not.toMatch(/# (EOF|UNIT)/);
  }
});

it("answers HEAD with the same headers and no body", async () => {
  const get = await fetch(server.url);
  const head = await fetch(server.url, { method: "HEAD" });
  expect(await head.text()).toBe("");
  expect(head.headers.get("content-length")).toBe(`${(await get.text()).length}`);
});
