import { afterAll, beforeAll, expect, test } from "vitest";
import { TestServer } from "../fixture/postgres.ts";
import { connectPrimary } from "./connect-primary.ts";
import { PostgresReader } from "./postgres.ts";

let [one, other]: TestServer[] = [];
beforeAll(async () => {
  [one, other] = await Promise.all([TestServer.start(), TestServer.start()]);
}, 60_000);
afterAll(async () => {
  await Promise.all([one?.remove(), other?.remove()]);
});
const logins = () => [(one as TestServer).login, (other as TestServer).login] as const;

test("further sessions go to the server that was the primary, although another one does not answer", async () => {
  const [login] = logins();
  const reader = await PostgresReader.connect({ ...login, port: 1, standbys: [login] });
  expect(reader.server).toEqual({ ...login, standbys: undefined });
  await reader.close();
});

test("two servers that take writes are not judged", async () => {
  const [a, b] = logins();
  await expect(PostgresReader.connect({ ...a, standbys: [b] })).rejects.toThrow(
    `several PostgreSQL servers take writes (split brain): 127.0.0.1:${a.port} (timeline 1) and 127.0.0.1:${b.port} (timeline 1)`,
  );
  const { client, server } = await connectPrimary(a);
  expect(server).toBe(a);
  await client.end();
});

test("if no server answers, all are named", async () => {
  const [login] = logins();
  await expect(
    PostgresReader.connect({ ...login, port: 1, standbys: [{ host: "127.0.0.1", port: 2 }] }),
  ).rejects.toMatchObject({
    code: "FL_POSTGRES_UNREACHABLE",
    message: expect.stringContaining("127.0.0.1:1, 127.0.0.1:2"),
  });
});

test("any user may ask a server for its part", async () => {
  const server = one as TestServer;
  await server.sql("CREATE ROLE plain LOGIN");
  const standbys = [{ host: "127.0.0.1", port: 1 }];
  const reader = await PostgresReader.connect({ ...server.login, user: "plain", standbys });
  expect(reader.server.port).toBe(server.login.port);
  await reader.close();
});
