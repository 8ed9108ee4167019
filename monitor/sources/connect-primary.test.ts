import { afterAll, beforeAll, expect, test } from "vitest";
import { TestPostgres, until } from "../fixture/postgres.ts";
import { SinkLink } from "../witness/sink-link.ts";
import { PostgresConnection } from "./postgres-connection.ts";

let [old, next]: TestPostgres[] = [];
beforeAll(async () => {
  [old, next] = await Promise.all([TestPostgres.create(), TestPostgres.create()]);
  await old.start();
  await old.sql("CREATE TABLE payments (at text); INSERT INTO payments VALUES ('before')");
  await old.stop();
  await next.standBy(old);
  await Promise.all([old.start(), next.start()]);
}, 60_000);
afterAll(async () => {
  await Promise.all([old?.remove(), next?.remove()]);
});

const servers = () => ({ old: old as TestPostgres, next: next as TestPostgres });
/** Both servers; the one that is named first is the standby. */
const login = () => ({ ...servers().next.login, standbys: [servers().old.login] });
async function port(connection: PostgresConnection): Promise<number> {
  const rows = await connection.query<{ port: string }>("SELECT current_setting('port') AS port", []);
  return Number(rows[0]?.port);
}

test("the primary is asked, also after another server was promoted, and not the one that comes back", async () => {
  const { old, next } = servers();
  const connection = new PostgresConnection(login(), "test");
  const link = new SinkLink(login(), "payments", "test");
  const rows = async () =>
    link.use(async ({ client, name }) => (await client.query(`SELECT * FROM ${name("payments")}`)).rows);
  expect(await port(connection)).toBe(old.login.port);
  expect(await rows()).toHaveLength(1);
  await old.sql("INSERT INTO payments VALUES ('lost')");
  expect(await rows()).toHaveLength(2);

  await old.kill();
  await expect(port(connection)).rejects.toThrow(/terminat|is a standby/);
  await next.sql("SELECT pg_promote()");
  await until(async () => (await port(connection)) === next.login.port);
  await until(async () => (await rows()).length === 1);
  await connection.close();
  link.close();

  await old.start();
  const late = new PostgresConnection({ ...old.login, standbys: [next.login] }, "test");
  expect(await port(late)).toBe(next.login.port);
  await late.close();
}, 60_000);

test("a paused server keeps nobody from the primary for long", async () => {
  const { old, next } = servers();
  await old.signal("SIGSTOP");
  try {
    const connection = new PostgresConnection({ ...old.login, standbys: [next.login] }, "test");
    const beganMs = performance.now();
    expect(await port(connection)).toBe(next.login.port);
    expect(performance.now() - beganMs).toBeLessThan(1_500);
    await connection.close();
  } finally {
    await old.signal("SIGCONT");
  }
}, 30_000);
