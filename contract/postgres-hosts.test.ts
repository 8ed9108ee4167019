import { expect, test } from "vitest";
import { addressOf, hostsOf, hostText, hostVariables, parseHosts } from "./postgres-hosts.ts";

test.each([
  ["db", [{ host: "db", port: 5432 }]],
  ["db:6000", [{ host: "db", port: 6000 }]],
  [
    "127.0.0.1,db-2:6001",
    [
      { host: "127.0.0.1", port: 5432 },
      { host: "db-2", port: 6001 },
    ],
  ],
  [
    "[::1],[fe80::2]:6000",
    [
      { host: "::1", port: 5432 },
      { host: "fe80::2", port: 6000 },
    ],
  ],
  ["/var/run/postgresql", [{ host: "/var/run/postgresql", port: 5432 }]],
])("the servers of %j", (text, hosts) => {
  expect(parseHosts(text)).toEqual(hosts);
});

test.each([
  ["", /"" is no host/],
  ["db,", /"" is no host/],
  ["db 2", /"db 2" is no host/],
  ["::1", /IPv6 addresses in brackets; "::1" is no host/],
  ["[::1", /is no host/],
  ["db:", /is no host/],
  ["db:x", /is no host/],
  ["db:0", /ports from 1 to 65535, not 0/],
  ["db:65536", /not 65536/],
  ["db,db:5432", /each server once, not db:5432 twice/],
])("%j is refused", (text, problem) => {
  expect(parseHosts(text)).toMatch(problem);
});

test("the default port is that of hosts without one", () => {
  expect(parseHosts("a,b:1", 7)).toEqual([
    { host: "a", port: 7 },
    { host: "b", port: 1 },
  ]);
  expect(parseHosts("a:7,a", 7)).toMatch("not a twice");
});

test("an address keeps the order of its servers, and variables give the same servers again", () => {
  for (const text of ["db:6000", "[::1]:6000", "a:1,[::1]:2,b:3"]) {
    const hosts = parseHosts(text) as { host: string; port: number }[];
    const address = addressOf(hosts);
    expect(hostsOf(address)).toEqual(hosts);
    const { POSTGRES_HOST, POSTGRES_PORT } = hostVariables(address);
    expect(parseHosts(POSTGRES_HOST, Number(POSTGRES_PORT))).toEqual(hosts);
    expect(hosts.map(hostText).join(",")).toBe(text);
  }
  expect(hostVariables({ host: "db", port: 5432 })).toEqual({ POSTGRES_HOST: "db", POSTGRES_PORT: "5432" });
});
