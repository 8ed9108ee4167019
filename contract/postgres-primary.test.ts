import { expect, test } from "vitest";
import type { HostPort } from "./postgres-hosts.ts";
import { findPrimary } from "./postgres-primary.ts";

const hosts = ["a", "b", "c"].map((host, index) => ({ host, port: index + 1 }));
const NEVER = new Promise<never>(() => {});
const standby = { standby: true, timeline: null, system: "7", started: "1" };
const primary = (timeline: string, started = timeline) => ({ standby: false, timeline, system: "7", started });

/** Servers by host: a row, an error of connecting, or no answer. Sessions are the hosts' names. */
function servers(rows: Record<string, unknown>) {
  const dropped: string[] = [];
  const ways = {
    open: async ({ host }: HostPort) => (rows[host] instanceof Error ? Promise.reject(rows[host]) : host),
    ask: async (session: string) => rows[session],
    drop: (session: string) => void dropped.push(session),
  };
  return { dropped, ways };
}

test("the primary's session is kept, the others are ended", async () => {
  const { dropped, ways } = servers({ a: standby, b: primary("00000002"), c: new Error("refused") });
  expect(await findPrimary(hosts, ways)).toMatchObject({ host: hosts[1], session: "b", rivals: [] });
  expect(dropped).toEqual(["a"]);
});

test("of several that take writes, it is the one that was promoted last, and the others are told", async () => {
  const { dropped, ways } = servers({ a: primary("00000009"), b: primary("0000000A"), c: primary("00000009", "x") });
  const { session, rivals } = await findPrimary(hosts, ways);
  expect(session).toBe("b");
  expect(rivals).toEqual(["a:1 (timeline 9)", "c:3 (timeline 9)"]);
  expect(dropped.toSorted()).toEqual(["a", "c"]);
});

test("two addresses of one server are no rivals", async () => {
  const { dropped, ways } = servers({ a: primary("00000001"), b: primary("00000001"), c: standby });
  expect(await findPrimary(hosts, ways)).toMatchObject({ session: "a", rivals: [] });
  expect(dropped.toSorted()).toEqual(["b", "c"]);
});

test("a server that does not answer costs no more than the patience", async () => {
  const { dropped, ways } = servers({ a: NEVER, b: standby, c: primary("00000001") });
  let waited = 0;
  const patience = async () => void waited++;
  expect(await findPrimary(hosts, { ...ways, patience })).toMatchObject({ session: "c" });
  expect(waited).toBe(1);
  expect(dropped).toEqual(["b"]);
});

test("a session that comes too late is ended", async () => {
  const late = Promise.withResolvers<object>();
  const { dropped, ways } = servers({ a: late.promise, b: primary("00000001"), c: standby });
  await findPrimary(hosts, { ...ways, patience: async () => undefined });
  late.resolve(primary("00000002"));
  await expect.poll(() => dropped.toSorted()).toEqual(["a", "c"]);
});

test("without a primary: the refusal of a login, else the first error, else who is a standby", async () => {
  const refused = Object.assign(new Error("password"), { code: "28P01" });
  const gone = new Error("connect ECONNREFUSED");
  await expect(findPrimary(hosts, servers({ a: gone, b: refused, c: standby }).ways)).rejects.toBe(refused);
  await expect(findPrimary(hosts, servers({ a: gone, b: gone, c: new Error("x") }).ways)).rejects.toBe(gone);
  await expect(findPrimary(hosts, servers({ a: gone, b: standby, c: standby }).ways)).rejects.toThrow(
    "no server is the primary: b:2, c:3 are standbys; connect ECONNREFUSED",
  );
  await expect(findPrimary(hosts.slice(1, 2), servers({ b: standby }).ways)).rejects.toThrow("b:2 is a standby");
});

test("a server whose answer is of another form counts as failed", async () => {
  const { dropped, ways } = servers({ a: undefined, b: primary("00000001"), c: {} });
  expect(await findPrimary(hosts, ways)).toMatchObject({ session: "b" });
  expect(dropped.toSorted()).toEqual(["a", "c"]);
});
