import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Stack } from "../contract/stack.ts";
import { resolveOptions } from "./options.ts";

const directory = mkdtempSync(join(tmpdir(), "faultline-options-"));
const file = (name: string, text: string) => {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
};
const stack: Stack = {
  version: 1,
  runtime: "local",
  run_directory: "/runs/a",
  bootstrap_servers: ["stack:1"],
  postgres: { host: "stack", port: 2, database: "d", user: "u", password_file: file("password", "from the stack\n") },
  spark_master: "",
  trigger: "realtime",
  created_ms: 0,
};

test("everything comes from the stack when nothing is said", async () => {
  expect(await resolveOptions({}, { environment: {}, runDirectory: "/runs/a", stack })).toEqual({
    runDirectory: "/runs/a",
    brokers: ["stack:1"],
    postgres: { host: "stack", port: 2, database: "d", user: "u", password: "from the stack" },
    quietTimeoutMs: 60_000,
    allowNoFaults: false,
  });
});

test("a flag wins over the environment, that over the file, that over the stack", async () => {
  const config = file(
    "all.yaml",
    "run: a\nbrokers: [file:1]\npostgres: {host: file, port: 4, database: file, password: file}\nquiet_timeout_s: 1.5\n",
  );
  const options = await resolveOptions(
    { config, dbHost: "flag", run: "/runs/a" },
    { environment: { POSTGRES_HOST: "environment", POSTGRES_DB: "environment" }, stack },
  );
  expect(options).toMatchObject({ runDirectory: "/runs/a", brokers: ["file:1"], quietTimeoutMs: 1500 });
  expect(options.postgres).toEqual({ host: "flag", port: 4, database: "environment", user: "u", password: "file" });
});

test("several servers of one database: from a flag, the environment, or the stack", async () => {
  const around = { environment: {}, runDirectory: "/runs/a", stack };
  const { postgres } = await resolveOptions({ dbHost: "a,[::1]:7", dbPort: 6 }, around);
  expect(postgres).toMatchObject({ host: "a", port: 6, standbys: [{ host: "::1", port: 7 }] });
  const environment = { POSTGRES_HOST: "a:1,b" };
  expect((await resolveOptions({}, { ...around, environment })).postgres).toMatchObject({
    host: "a",
    port: 1,
    standbys: [{ host: "b", port: 2 }],
  });
  const two = { ...stack, postgres: { ...stack.postgres, standbys: [{ host: "b", port: 3 }] } };
  expect((await resolveOptions({}, { ...around, stack: two })).postgres.standbys).toEqual([{ host: "b", port: 3 }]);
  expect((await resolveOptions({ dbPort: 9 }, { ...around, stack: two })).postgres).toMatchObject({ port: 9 });
  expect((await resolveOptions({ dbPort: 9 }, { ...around, stack: two })).postgres.standbys).toBeUndefined();
  await expect(resolveOptions({ dbHost: "a,,b" }, around)).rejects.toThrow(/--db-host: .*"" is no host \(is "a,,b"\)/);
  await expect(resolveOptions({}, { ...around, environment: { POSTGRES_HOST: "::1" } })).rejects.toThrow(
    /environment: POSTGRES_HOST: .*brackets/,
  );
});

test("bounds of flags win over those of the file", async () => {
  const config = file("slo.yaml", "run: a\nslo: { without_rows_ms: 5000, calm_p99_ms: 80 }\n");
  const around = { environment: {}, runDirectory: "/runs/a", stack };
  const options = await resolveOptions({ config, run: "/runs/a", maxWithoutRows: 9000, maxTurnedAway: 0 }, around);
  expect(options.slo).toEqual({ without_rows_ms: 9000, calm_p99_ms: 80, turned_away_events: 0 });
  expect(await resolveOptions({ maxVisibleAgain: 7 }, around)).toMatchObject({ slo: { visible_again_ms: 7 } });
  expect(await resolveOptions({ maxWithoutAcknowledgement: 8, maxCalmP99: 9 }, around)).toMatchObject({
    slo: { without_acknowledgement_ms: 8, calm_p99_ms: 9 },
  });
});

test("a ledger and a pipeline suffice without a run directory", async () => {
  const options = await resolveOptions(
    { producerLogPath: "l", pipeline: "p" },
    { environment: {}, runDirectory: "/runs/newest", stack },
  );
  expect(options).toMatchObject({ ledgerFile: "l", pipeline: "p" });
  expect(options).not.toHaveProperty("runDirectory");
});

test("without a run it says what to do", async () => {
  await expect(resolveOptions({}, { environment: {} })).rejects.toMatchObject({
    code: "FL_RUN_MISSING",
    remedy: expect.stringContaining("demo"),
  });
  await expect(resolveOptions({ producerLogPath: "l" }, { environment: {}, stack })).rejects.toMatchObject({
    code: "FL_RUN_MISSING",
  });
});

test("another run is not judged by the stack that is up", async () => {
  const error = await resolveOptions({ run: "/runs/b" }, { environment: {}, stack }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: "FL_CONFIG_INVALID", remedy: expect.stringContaining("/runs/a") });
  expect(String(error)).toContain("--brokers");
  expect(String(error)).toContain("--db-host");
});

test("errors of the file name field and value, but no password", async () => {
  const config = file("bad.yaml", "brokers: [nowhere]\npostgres: {port: 70000, password: [secret], colour: red}\n");
  const error = String(await resolveOptions({ config }, { environment: {} }).catch((reason: unknown) => reason));
  expect(error).toContain("brokers.0: must be host:port");
  expect(error).toContain("(is 70000)");
  expect(error).toContain("postgres.colour: unknown key");
  expect(error).not.toContain("secret");
});

test("a wrong address in the environment is named", async () => {
  await expect(resolveOptions({}, { environment: { KAFKA_BROKERS: "nowhere" } })).rejects.toThrow("KAFKA_BROKERS");
});
