import { readFileSync } from "node:fs";
import { Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Aggregate } from "../../contract/pipeline.ts";
import { parsePipeline } from "../../contract/pipeline.ts";
import { FakePostgres, type PostgresReply } from "../fixture/fake-postgres.ts";
import { PostgresReader } from "./postgres.ts";
import { relationsOf } from "./relations.ts";

const pipeline = parsePipeline(
  readFileSync(new URL("../../pipelines/payments.yaml", import.meta.url), "utf8"),
  "payments.yaml",
);
const CATALOG = relationsOf(pipeline).map(({ name, kind, types }) => ({
  schema: "data",
  name,
  kind: kind === "table" ? "r" : "v",
  has_children: "",
  types: JSON.stringify(types),
}));

let server: FakePostgres;
let reader: PostgresReader;
beforeEach(async () => {
  server = await FakePostgres.start();
  reader = await PostgresReader.connect(server.login);
  server.asked.length = 0;
});
afterEach(async () => {
  await reader.close();
  await server.stop();
});

/** Answers queries that have this text so, and the tables of the pipeline. */
function answer(part: string, reply: PostgresReply): void {
  server.answer = (text) => {
    if (text.includes(part)) return reply;
    if (text === "SHOW server_encoding") return { rows: [{ server_encoding: "UTF8" }] };
    return text.includes("format_type") ? { rows: CATALOG.map((row) => ({ ...row, types: row.types })) } : {};
  };
}
/** pg reads JSON by its type; the fake has only texts. */
async function resolve(part = "nothing", reply: PostgresReply = {}): Promise<void> {
  answer(part, reply);
  await reader.resolve(pipeline);
}

test("a session spells values in one way, reads past no policy, and does not wait for locks forever", async () => {
  await PostgresReader.connect(server.login).then((other) => other.close());
  expect(server.texts[0]?.split("; ")).toEqual([
    "SET search_path = pg_catalog",
    "SET row_security = off",
    "SET TIME ZONE 'UTC'",
    "SET DateStyle = 'ISO, YMD'",
    "SET extra_float_digits = 1",
    "SET bytea_output = 'hex'",
    "SET client_encoding = 'UTF8'",
    "SET IntervalStyle = 'postgres'",
    "SET lock_timeout = '30s'",
  ]);
  expect(server.startups[0]).toMatchObject({
    application_name: "faultline-validation",
    user: "reader",
    database: "shop",
  });
});

test("a connection is kept alive, so that a server that is gone is noticed", async () => {
  const asked: unknown[] = [];
  const setKeepAlive = Reflect.get(Socket.prototype, "setKeepAlive");
  Socket.prototype.setKeepAlive = function (this: Socket, ...values: unknown[]) {
    asked.push(values[0]);
    return Reflect.apply(setKeepAlive, this, values);
  };
  try {
    await PostgresReader.connect(server.login).then((other) => other.close());
  } finally {
    Socket.prototype.setKeepAlive = setKeepAlive;
  }
  expect(asked).toContain(true);
});

const PLACE = (port: number) => `PostgreSQL at 127.0.0.1:${port}, database shop, user reader`;
test.each([
  ["28P01", "no", "FL_POSTGRES_AUTH", "refuses the login: no"],
  ["28000", "no", "FL_POSTGRES_AUTH", "refuses the login: no"],
  ["XX000", "a Password is needed", "FL_POSTGRES_AUTH", "refuses the login: a Password is needed"],
  ["3D000", "no database", "FL_SCHEMA_MISSING", ": no database"],
  ["57P03", "starting up", "FL_POSTGRES_UNREACHABLE", "can't be read: starting up"],
])("a login that fails with %s (%s) is %s", async (code, message, expected, text) => {
  server.refusal = { code, message };
  const error = await PostgresReader.connect(server.login).catch((reason: Error) => reason);
  expect(error).toMatchObject({ code: expected, cause: { code } });
  expect((error as Error).message).toContain(PLACE(server.login.port));
  expect((error as Error).message).toContain(text);
});

test("settings that are refused end the session", async () => {
  server.answer = () => ({ code: "42704", message: "no such setting" });
  await expect(PostgresReader.connect(server.login)).rejects.toMatchObject({ code: "FL_POSTGRES_UNREACHABLE" });
  expect(await server.isLeft(1)).toBe(true);
});

test("a server that is not there is told with its address", async () => {
  const other = await FakePostgres.start();
  const { login } = other;
  await other.stop();
  await expect(PostgresReader.connect(login)).rejects.toMatchObject({
    code: "FL_POSTGRES_UNREACHABLE",
    message: expect.stringContaining(`${PLACE(login.port)} can't be read: `),
  });
});

test("a session that ends by itself does not end the validator", async () => {
  await server.stop();
  await expect(reader.query("SELECT 1")).rejects.toThrow(/connection|ended|closed/i);
  server = await FakePostgres.start();
});

test.each<[string, (read: PostgresReader) => Promise<unknown>]>([
  ["resolve", (read) => read.resolve(pipeline)],
  ["nextOffsets", (read) => read.nextOffsets("payments", "payments")],
  ["beginSnapshot", (read) => read.beginSnapshot()],
  ["joinSnapshot", (read) => read.joinSnapshot("x")],
  ["copy", (read) => read.copy("SELECT 1", new AbortController().signal, () => undefined)],
])("%s says what PostgreSQL's error means", async (_, read) => {
  const told = async (code: string) => {
    server.answer = () => ({ code, message: "its words" });
    return read(reader).catch((error: Error) => error);
  };
  expect(await told("55P03")).toMatchObject({
    name: "UnreadableError",
    message: "another session has kept a table of the pipeline locked for 30 s: end its transaction and validate again",
  });
  for (const code of ["42P01", "42703"])
    expect(await told(code)).toMatchObject({ code: "FL_SCHEMA_MISSING", message: "PostgreSQL: its words" });
  expect(await told("53300")).toMatchObject({
    code: "FL_POSTGRES_UNREACHABLE",
    message: "PostgreSQL can't be read: its words",
    cause: { code: "53300" },
  });
});

test("an error without words has its code", async () => {
  server.answer = () => ({ code: "53300", message: "" });
  await expect(reader.beginSnapshot()).rejects.toThrow("PostgreSQL can't be read: 53300");
});

test("a database of another encoding can't be compared", async () => {
  answer("server_encoding", { rows: [{ server_encoding: "LATIN1" }] });
  await expect(reader.resolve(pipeline)).rejects.toMatchObject({
    name: "UnreadableError",
    message: expect.stringContaining("the encoding LATIN1"),
  });
  answer("server_encoding", { rows: [] });
  await expect(reader.resolve(pipeline)).rejects.toMatchObject({ name: "UnreadableError" });
});

test("tables that are missing are named", async () => {
  await expect(resolve("format_type", { rows: CATALOG.slice(1) })).rejects.toMatchObject({
    code: "FL_SCHEMA_MISSING",
    message: 'PostgreSQL has no table "payments"',
  });
  expect(server.asked.at(-1)?.values[0]).toContain('"payments_per_minute_total"');
});

test("tables are read in the one schema that has them", async () => {
  expect(reader.schema).toBe("");
  await resolve("next_offset FROM", {
    rows: [
      { partition: "1", next_offset: "12" },
      { partition: "2", next_offset: "7" },
    ],
  });
  expect(reader.schema).toBe("data");
  const next = await reader.nextOffsets("payments", "topic");
  expect([...next.values()]).toEqual([12, 7]);
  expect(server.asked.at(-1)).toEqual({
    text: 'SELECT partition, next_offset FROM "data"."sink_offsets" WHERE target = $1 AND topic = $2',
    values: ["payments", "topic"],
  });
  await reader.select((name) => `SELECT 1 FROM ${name('a"b')}`, ["x", 5]);
  expect(server.asked.at(-1)).toEqual({ text: 'SELECT 1 FROM "data"."a""b"', values: ["x", "5"] });
});

test("a view is compared in that schema, and how it differs are numbers", async () => {
  await resolve("EXCEPT ALL", { rows: [{ missing: "3", more: "4" }] });
  expect(await reader.viewTotals(pipeline.aggregates[0] as Aggregate)).toEqual({ missing: 3, more: 4 });
  expect(server.texts.at(-1)).toContain('FROM "data"."payments_per_minute_total"');
});

test("a snapshot is of one moment, only reads, and has a name for other sessions", async () => {
  answer("pg_export_snapshot", { rows: [{ name: "00000003-1" }] });
  expect(await reader.beginSnapshot()).toBe("00000003-1");
  await reader.joinSnapshot("it's");
  expect(server.texts).toEqual([
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "SELECT pg_catalog.pg_export_snapshot() AS name",
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "SET TRANSACTION SNAPSHOT 'it''s'",
  ]);
});

const NEVER = new AbortController().signal;
test("a copy gives the bytes in their order", async () => {
  answer("COPY", { copy: ["a\tb\n", "c\t", "d\n"] });
  let text = "";
  await reader.copy("SELECT x", NEVER, (chunk) => (text += String(chunk)));
  expect(text).toBe("a\tb\nc\td\n");
  expect(server.texts).toEqual(["COPY (SELECT x) TO STDOUT"]);
});

test("who ends the validation ends the copy; an error of our own stays as it is", async () => {
  answer("COPY", { copy: ["a\n"] });
  const taken: string[] = [];
  const aborted = AbortSignal.abort();
  await expect(reader.copy("SELECT x", aborted, (chunk) => taken.push(String(chunk)))).rejects.toMatchObject({
    name: "AbortError",
  });
  expect(taken).toEqual([]);
});

test.each([new TypeError("a bug"), new RangeError("another")])("a bug is not PostgreSQL's fault: %s", async (bug) => {
  answer("COPY", { copy: ["a\n"] });
  const broken = () => {
    throw bug;
  };
  await expect(reader.copy("SELECT x", NEVER, broken)).rejects.toBe(bug);
});

test("a query's rows, with its parameters", async () => {
  answer("SELECT", { rows: [{ a: "1", b: null }] });
  expect(await reader.query("SELECT $1", ["x"])).toEqual([{ a: "1", b: null }]);
  expect(await reader.query("SELECT 1")).toEqual([{ a: "1", b: null }]);
  expect(server.asked.map(({ values }) => values)).toEqual([["x"], []]);
});

test("a query that PostgreSQL refuses has its words, and the snapshot goes on", async () => {
  answer("SELECT bad", { code: "42501", message: "permission denied" });
  expect(await reader.tryQuery(() => reader.query("SELECT good"))).toEqual({ value: [] });
  expect(await reader.tryQuery(() => reader.query("SELECT bad"))).toEqual({ problem: "permission denied" });
  expect(server.texts).toEqual([
    "SAVEPOINT attempt",
    "SELECT good",
    "RELEASE SAVEPOINT attempt",
    "SAVEPOINT attempt",
    "SELECT bad",
    "ROLLBACK TO SAVEPOINT attempt",
  ]);
});

test("an error that is not PostgreSQL's is thrown on", async () => {
  const bug = new Error("a bug");
  await expect(reader.tryQuery(() => Promise.reject(bug))).rejects.toBe(bug);
});

test("a session is closed, even if the server hangs", async () => {
  await reader.close();
  expect(await server.isLeft()).toBe(true);
  server.isPolite = false;
  const hanging = await PostgresReader.connect(server.login);
  const beganMs = performance.now();
  await hanging.close();
  expect(performance.now() - beganMs).toBeLessThan(5000);
});
