import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Run, RUN_FILES } from "../contract/run.ts";
import { decodeSample, type Sample } from "../contract/sample.ts";
import { waitUntil } from "../machine/clock.ts";
import { readPageFile } from "./http/page-file.ts";

/** The real process, on a run whose brokers and PostgreSQL are dead: it writes samples all the same. */
const ROOT = join(import.meta.dirname, "..");
const DEAD = "127.0.0.1:1";
/** Four starts of a process, on a machine that may be crowded. */
const SLOW = { timeout: 60_000 };

let directory: string;
let runDirectory: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "faultline-monitor-"));
  runDirectory = join(directory, "run");
  mkdirSync(runDirectory);
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(directory, { recursive: true });
});

function makeRun(): void {
  const run: Run = {
    version: 1,
    id: "r",
    run: 1,
    seed: 1,
    malformed_ppm: 0,
    pipeline: "payments",
    pipeline_sha256: "",
    runtime: "local",
    trigger: "realtime",
    created_ms: 0,
    versions: {},
  };
  copyFileSync(join(ROOT, "pipelines/payments.yaml"), join(runDirectory, RUN_FILES.pipeline));
  writeFileSync(join(runDirectory, RUN_FILES.run), JSON.stringify(run));
}

type Monitor = { child: ChildProcess; output: () => string; exitCode: Promise<number | null> };

function startMonitor(
  path = runDirectory,
  { variables = {}, flags = [] }: { variables?: Record<string, string>; flags?: string[] } = {},
): Monitor {
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "monitor/main.ts", "--run-dir", path, "--brokers", DEAD, ...flags],
    {
      cwd: ROOT,
      env: {
        PATH: process.env["PATH"],
        POSTGRES_HOST: "127.0.0.1",
        POSTGRES_PORT: "1",
        POSTGRES_DB: "d",
        POSTGRES_USER: "u",
        POSTGRES_PASSWORD: "never-in-a-log",
        ...variables,
      },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  children.push(child);
  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const exitCode = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, output: () => output, exitCode };
}

const text = (): string => {
  const file = join(runDirectory, RUN_FILES.samples);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
};
const samples = (): Sample[] =>
  text()
    .split("\n")
    .slice(0, -1)
    .map((line) => decodeSample(line) as Sample);

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  if (!(await waitUntil(15_000, condition, { everyMs: 20 }))) throw new Error(`not in time: ${what}\n${text()}`);
}

it("waits for run.json, samples a run whose servers are dead, and ends in order on SIGTERM", SLOW, async () => {
  const link = join(directory, "current");
  const monitor = startMonitor(link);
  await until("it waits", () => monitor.output().includes("waiting for the run"));
  makeRun();
  expect(text()).toBe("");
  symlinkSync("run", link);
  await until("two samples", () => samples().length >= 2);
  expect(samples()[0]).toMatchObject({ acknowledged: null, log_end: null, rows: null, next_offsets: null, faults: [] });
  monitor.child.kill("SIGTERM");
  expect(await monitor.exitCode).toBe(0);
  expect(text().endsWith("\n")).toBe(true);
  expect(samples()).not.toContain(undefined);
  expect(monitor.output()).toContain('"part":"samples","msg":"ended"');
  expect(monitor.output()).not.toContain("never-in-a-log");
});

it("ends at once if it is asked to stop while it waits", SLOW, async () => {
  const monitor = startMonitor(join(directory, "nothing"));
  await until("it waits", () => monitor.output().includes("waiting for the run"));
  monitor.child.kill("SIGINT");
  expect(await monitor.exitCode).toBe(0);
});

it(
  "refuses a run that another monitor watches; after that one's death it goes on, and the gap stays",
  SLOW,
  async () => {
    makeRun();
    const first = startMonitor();
    await until("a sample", () => samples().length > 0);
    const second = startMonitor();
    expect(await second.exitCode).toBe(69);
    expect(second.output()).toContain("FL_STACK_BUSY");
    first.child.kill("SIGKILL");
    await first.exitCode;
    const before = text();
    const killedMs = Date.now();
    const third = startMonitor();
    const last = before.split("\n").length - 2;
    await until("samples of the next monitor", () => samples().length >= last + 3);
    expect(text().startsWith(before)).toBe(true);
    const times = samples().map((sample) => sample.at_ms);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    // Nothing stands in for the time without a monitor.
    expect((times[last] as number) <= killedMs && (times[last + 1] as number) > killedMs).toBe(true);
    third.child.kill("SIGTERM");
    expect(await third.exitCode).toBe(0);
  },
);

it(
  "serves /metrics to whoever asks, without the page's token; servers that are dead have no metrics",
  SLOW,
  async () => {
    makeRun();
    const monitor = startMonitor(runDirectory, {
      variables: { MONITOR_PAGE: "127.0.0.1:0", MONITOR_NODES: "driver=driver" },
    });
    const page = join(runDirectory, RUN_FILES.page);
    await until("the page's address and a sample", () => existsSync(page) && samples().length > 0);
    const { url } = JSON.parse(readFileSync(page, "utf8")) as { url: string };
    expect((await fetch(new URL("/", url))).status).toBe(401);
    let metrics = "";
    await until("metrics of a sample", async () => {
      metrics = await (await fetch(new URL("/metrics", url))).text();
      return metrics.includes("faultline_sample_age_seconds");
    });
    expect(metrics).toContain('faultline_run_info{run="run",pipeline="payments",topic="payments"} 1\n');
    expect(metrics).not.toMatch(/^faultline_(lag|stored|acknowledged|partition)/m);
    monitor.child.kill("SIGTERM");
    expect(await monitor.exitCode).toBe(0);
  },
);

it("names what it is not told", SLOW, async () => {
  const child = spawn(process.execPath, ["monitor/main.ts", "--run-dir", runDirectory, "--brokers", DEAD], {
    cwd: ROOT,
    env: { PATH: process.env["PATH"], POSTGRES_HOST: "127.0.0.1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    output += part;
  });
  expect(await new Promise((resolve) => child.once("close", resolve))).toBe(64);
  expect(output).toContain("POSTGRES_PORT: not set");
});

const PAGE = ["--page", "127.0.0.1:0"];

it("serves the run's page; after it was killed, the next one serves it at the same address", SLOW, async () => {
  makeRun();
  const served = async (monitor: Monitor): Promise<string> => {
    await until("the page", () => monitor.output().includes('"the page"'));
    return (await readPageFile(runDirectory))?.url ?? "none";
  };
  const first = startMonitor(runDirectory, { flags: PAGE });
  const url = await served(first);
  const answer = await fetch(url);
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining("<title>Faultline</title>")]);
  expect(statSync(join(runDirectory, RUN_FILES.page)).mode & 0o777).toBe(0o600);
  first.child.kill("SIGKILL");
  await first.exitCode;
  const second = startMonitor(runDirectory, { flags: PAGE });
  expect(await served(second)).toBe(url);
  expect((await fetch(url)).status).toBe(200);
  second.child.kill("SIGTERM");
  expect(await second.exitCode).toBe(0);
  expect((await readPageFile(runDirectory))?.url).toBeNull();
});

it("samples go on if the page can't be served, and the log says why", SLOW, async () => {
  makeRun();
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  try {
    const { port } = taken.address() as { port: number };
    const monitor = startMonitor(runDirectory, { flags: ["--page", `127.0.0.1:${port}`] });
    await until("two samples", () => samples().length >= 2);
    expect(monitor.output()).toContain(`port ${port} on 127.0.0.1 is taken`);
  } finally {
    taken.close();
  }
});
