import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { runInProcess } from "./fixture/in-process.ts";

const directory = mkdtempSync(join(tmpdir(), "faultline-arguments-"));
afterAll(() => rmSync(directory, { recursive: true }));
const path = (name: string): string => join(directory, name);
writeFileSync(path("bad.yaml"), "name: bad\ntopik: bad\n");
writeFileSync(path("plan.json"), JSON.stringify({ version: 1, seed: 1, duration_ms: 1, kinds: [], faults: [] }));
writeFileSync(path("plan-9.json"), JSON.stringify({ version: 9 }));
writeFileSync(
  path("no-now.yaml"),
  "name: t\ntopic: t\npartitions: 1\ntable: t\nidentity: { run: r, event: e }\nfields: [{ name: n, type: int, generate: { uniform: [1, 2] } }]\n",
);

const USAGE = 64;
const UNAVAILABLE = 69;

/** What is typed · exit code · what the error must name. */
const CASES: [string[], number, RegExp][] = [
  [["demo", "--duration", "20"], USAGE, /--duration 20 is too short.*use --duration/s],
  [["demo", "--duration", "0"], USAGE, /duration/],
  [["demo", "--interval", "5"], USAGE, /--interval 5 .*--interval 10/s],
  [["demo", "--targets", "kafka-9"], USAGE, /kafka-9.*kafka-1/s],
  [["demo", "--faults", "nosuch"], USAGE, /nosuch.*isolate/s],
  [["demo", "--faults", "isolate"], USAGE, /FL_FAULT_UNAVAILABLE.*isolate.*compose/s],
  [["demo", "--pipeline", path("nosuch.yaml")], USAGE, /FL_PIPELINE_INVALID.*nosuch\.yaml/s],
  [["demo", "--pipeline", path("bad.yaml")], USAGE, /bad\.yaml:2: topik: unknown key/],
  [["demo", "--rate", "0"], USAGE, /rate/],
  [["demo", "--seed", "-1"], USAGE, /seed/],
  [["up", "--pipeline", path("bad.yaml")], USAGE, /bad\.yaml:2/],
  [["up", "--port", "nosuch=5000"], USAGE, /nosuch.*spark-master/s],
  [["up", "--port", "postgres=99999"], USAGE, /1 to 65535/],
  [["up", "--port", "postgres=29999", "--port", "spark-master=29999"], USAGE, /29999/],
  [["up", "--port", "postgres=29998", "--port", "postgres=29999"], USAGE, /postgres is given twice: 29998 and 29999/],
  [["up", "--pipeline", ""], USAGE, /--pipeline.*must not be empty/],
  [["up", "--trigger", "hourly"], USAGE, /hourly/],
  [["up", "--runtime", "nosuch"], USAGE, /nosuch/],
  [["status"], UNAVAILABLE, /no stack is here.*faultline up/s],
  [["status", "--json"], UNAVAILABLE, /"health":null.*"outcome":"no stack"/s],
  [["produce"], UNAVAILABLE, /FL_STACK_DOWN.*faultline up/s],
  [["produce", "--duration", "0"], USAGE, /duration/],
  [["produce", "--duration", "9999999h"], USAGE, /duration.*at most 168h/s],
  [["produce", "--rate", "99999999999"], USAGE, /rate.*at most 10000000/s],
  [["produce", "--count", "9007199254740991"], USAGE, /count.*at most/s],
  [["produce", "--count", "1.5"], USAGE, /count/],
  [["chaos"], UNAVAILABLE, /FL_STACK_DOWN/],
  [["chaos", "--plan", path("nosuch.json")], USAGE, /FL_PLAN_INVALID.*nosuch\.json/s],
  [["chaos", "--plan", path("plan-9.json")], USAGE, /plan-9\.json.*version/s],
  [["chaos", "--plan", path("plan.json"), "--seed", "7"], USAGE, /--seed can't be given/],
  [["chaos", "--faults", "kill,"], USAGE, /faults/],
  [["heal", "--run", "nosuch"], USAGE, /FL_RUN_MISSING.*nosuch/s],
  [["validate", "--run", "nosuch"], USAGE, /FL_RUN_MISSING.*nosuch/s],
  [["validate", "--db-port", "99999"], USAGE, /1 to 65535/],
  [["validate", "--brokers", "nonsense", "--producer-log-path", path("bad.yaml")], USAGE, /--brokers.*host:port/s],
  [
    ["validate", "--brokers", "h:99999", "--producer-log-path", path("bad.yaml")],
    USAGE,
    /--brokers.*1 to 65535.*h:99999/s,
  ],
  [["validate", "--config", path("nosuch.yaml")], USAGE, /FL_CONFIG_INVALID.*nosuch\.yaml/s],
  [["validate", "--evidence", path("nosuch.evidence")], 2, /FL_EVIDENCE_DAMAGED.*nosuch\.evidence can't be read/s],
  [["validate", "--evidence", path("bad.yaml")], 2, /FL_EVIDENCE_DAMAGED.*bad\.yaml is no evidence file/s],
  [["validate", "--evidence", directory], 2, /FL_EVIDENCE_DAMAGED.*is a directory/s],
  [["validate", "--evidence", path("bad.yaml"), "--root", "abc"], USAGE, /--root abc is no root.*64 hexadecimal/s],
  [["validate", "--root", "0".repeat(64)], USAGE, /--evidence FILE/],
  [["validate", "--evidence", path("bad.yaml"), "--db-host", "h"], USAGE, /--db-host can't be given with --evidence/],
  [["validate", "--evidence", path("bad.yaml"), "--quiet-timeout", "5s"], USAGE, /--quiet-timeout can't be given/],
  [["evidence", "nosuch"], USAGE, /FL_RUN_MISSING.*nosuch/s],
  [["evidence", "--out", ""], USAGE, /--out.*must not be empty/],
  [["evidence", "a", "b"], USAGE, /b/],
  [["evidence", "--db-port", "99999"], USAGE, /1 to 65535/],
  [["report", "nosuch"], USAGE, /FL_RUN_MISSING.*nosuch/s],
  [["watch", "nosuch"], USAGE, /FL_RUN_MISSING.*nosuch/s],
  [["watch", "--port", "70000"], USAGE, /1 to 65535/],
  [["report", "--diff", "a"], USAGE, /--diff compares two runs.*--diff A B/s],
  [["report", "a", "b"], USAGE, /b: a report is about one run.*--diff A B/s],
  [["report", "--diff", "a", "b", "--junit", path("out.xml")], USAGE, /--junit can't be given with --diff/],
  [["report", "--print", "--json"], USAGE, /--print and --json both print/],
  [["report", "--junit", path("nowhere/out.xml")], USAGE, /--junit.*there is no directory .*nowhere/s],
  [["report", "--digest", directory], USAGE, /--digest.*is a directory/s],
  [["report", "--junit", path("x"), "--digest", path("x")], USAGE, /name the same file/],
  [["submission", "--file", path("nosuch.yml")], USAGE, /FL_CONFIG_INVALID.*nosuch\.yml/s],
  [["sql", " "], USAGE, /empty/],
  [["sql", "SELECT 1"], UNAVAILABLE, /FL_STACK_DOWN/],
  [["schema", "--pipeline", path("nosuch.yaml")], USAGE, /FL_PIPELINE_INVALID/],
  [["bench", "sink", "--only", "nosuch"], USAGE, /nosuch.*micro-batch/s],
  [["bench", "sink", "--events", "10"], USAGE, /10000/],
  [["bench", "sink", "--pipeline", path("nosuch.yaml")], USAGE, /FL_PIPELINE_INVALID/],
  [["bench", "latency", "--only", "nosuch"], USAGE, /nosuch.*micro-batch/s],
  [["bench", "latency", "--duration", "10ms"], USAGE, /1s/],
  [["bench", "latency", "--pipeline", path("no-now.yaml")], USAGE, /now/],
  [["bench", "recovery", "--faults", "nosuch"], USAGE, /--faults: "nosuch".*kill-driver, .*pause-driver/s],
  [["bench", "recovery", "--faults", "stop-producer"], USAGE, /--faults: "stop-producer".*kill-producer/s],
  [
    ["bench", "recovery", "--variants", "nosuch"],
    USAGE,
    /--variants: "nosuch" can't be measured.*no-standby, defaults/s,
  ],
  [["bench", "recovery", "--rounds", "0"], USAGE, /rounds/],
  [["bench", "recovery", "--hold", "long"], USAGE, /hold/],
  [["bench", "recovery", "--pipeline", path("nosuch.yaml")], USAGE, /FL_PIPELINE_INVALID/],
  [
    ["bench", "recovery", "--results", path("plan-9.json")],
    USAGE,
    /FL_CONFIG_INVALID.*plan-9\.json.*version 9.*--fresh/s,
  ],
  [["bench", "recovery", "--results", path("none.json"), "--table"], USAGE, /none\.json has no results/],
  [["test", "nosuch"], USAGE, /nosuch.*unit/s],
  [["test", "--watch"], USAGE, /--watch.*test unit --watch/s],
  [["test", "unit", "--only", "check"], USAGE, /--only/],
  [["test", "check", "chaos"], USAGE, /no single tests/],
];

describe("arguments are checked before work starts", () => {
  it.each(CASES)("%j", async (argv, code, names) => {
    const result = await runInProcess(argv);
    expect(result.output).toMatch(names);
    expect(result.code).toBe(code);
    // Nothing was begun.
    expect(existsSync(result.stateDir)).toBe(false);
  });
});

const main = join(import.meta.dirname, "main.ts");
/** The program itself, with these variables. */
const faultline = (argv: string[], variables: Record<string, string>) =>
  spawnSync(process.execPath, [main, ...argv], { encoding: "utf8", env: { ...process.env, ...variables } });

describe("a typo in FAULTLINE_RUNTIME", () => {
  const commands = [
    "status",
    "up",
    "down",
    "demo",
    "produce",
    "chaos",
    "heal",
    "validate",
    "evidence",
    "report",
    "watch",
    "schema",
    "doctor",
  ];
  it.each([...commands, "submission", "test", "sql", "bench"])("is an error in %s", (command) => {
    const { status, stderr } = faultline([command], { FAULTLINE_RUNTIME: "compse" });
    expect(stderr).toMatch(/FL_CONFIG_INVALID: FAULTLINE_RUNTIME: "compse" is not a runtime\n {2}.*local or compose/);
    expect(status).toBe(USAGE);
  });
});

it.each([[["--help"]], [[]], [["up", "--help"]]])("help comes also with a wrong environment: %j", (argv) => {
  const { status, stdout } = faultline(argv, { FAULTLINE_RUNTIME: "compse", FAULTLINE_RUNS_DIR: path("bad.yaml") });
  expect(stdout).toContain("USAGE");
  expect(status).toBe(0);
});

it.each([
  ["FAULTLINE_STATE_DIR", "bad.yaml", "is not a directory"],
  ["FAULTLINE_STATE_DIR", "bad.yaml/local", "bad.yaml is not a directory"],
  ["FAULTLINE_RUNS_DIR", "bad.yaml", "is not a directory"],
])("%s that is %s is an error in every command", (variable, name, why) => {
  for (const command of ["status", "up", "down", "doctor", "report"]) {
    const { status, stderr } = faultline([command], { [variable]: path(name) });
    expect(stderr).toContain(`FL_CONFIG_INVALID: ${variable}: ${path(name)}`);
    expect(stderr).toContain(why);
    expect(status).toBe(USAGE);
  }
});
