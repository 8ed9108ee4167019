import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { parseNodes } from "../../monitor/sources/nodes/node-list.ts";
import { nodeOfService } from "./engine/containers.ts";
import { ALL_PROFILES } from "./host/docker-compose.ts";

/** What docker-compose.yml promises as a whole. */
const serviceSchema = z.object({
  profiles: z.array(z.string()).optional(),
  mem_limit: z.string(),
  environment: z.record(z.string(), z.string()).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).optional(),
});
const text = readFileSync(join(import.meta.dirname, "../../docker-compose.yml"), "utf8");
const { services } = z
  .object({ services: z.record(z.string(), serviceSchema) })
  .parse(parse(text, { merge: true, maxAliasCount: 1000 }));

function mebibytes(limit: string): number {
  const [, number, unit] = /^(\d+)([mg])$/.exec(limit) ?? [];
  return Number(number) * (unit === "g" ? 1024 : 1);
}

it("needs at most 8 GiB for all that `docker compose up` starts", () => {
  const limits = Object.values(services).flatMap(({ profiles, mem_limit }) =>
    profiles === undefined ? [mebibytes(mem_limit)] : [],
  );
  expect(limits.reduce((sum, limit) => sum + limit, 0)).toBeLessThanOrEqual(8 * 1024);
});

/** All that compose starts when it is asked for one service. */
function startedWith(service: string): Set<string> {
  const names = Object.keys(services[service]?.depends_on ?? {});
  return new Set([service, ...names.flatMap((name) => [...startedWith(name)])]);
}

it("starts the monitor with the producer and with the driver, and lets nobody wait for its health", () => {
  for (const service of ["producer", "spark", "spark-standby"]) expect(startedWith(service)).toContain("monitor");
  const conditions = Object.values(services).flatMap(({ depends_on }) => depends_on?.["monitor"]?.condition ?? []);
  expect(conditions).toEqual(["service_started"]);
});

it("starts the second driver on demand, after the first one, with files and a name of its own", () => {
  expect(services["spark-standby"]).toMatchObject({
    profiles: ["standby"],
    environment: { FAULTLINE_DRIVER: nodeOfService("spark-standby")?.name },
    depends_on: { spark: { condition: "service_healthy" } },
  });
  expect(services["spark"]?.environment).toMatchObject({ FAULTLINE_DRIVER: nodeOfService("spark")?.name });
});

it("takes down the services of every profile", () => {
  const profiles = new Set(Object.values(services).flatMap(({ profiles }) => profiles ?? []));
  expect([...profiles].toSorted()).toEqual(ALL_PROFILES.filter((word) => word !== "--profile").toSorted());
});

it("tells the monitor every node, and where it can be asked", () => {
  const asked = parseNodes(services["monitor"]?.environment?.["MONITOR_NODES"] ?? "", "MONITOR_NODES");
  const nodes = Object.keys(services).flatMap((service) => nodeOfService(service) ?? []);
  expect(asked.map(({ name, kind }) => `${name} ${kind}`).toSorted()).toEqual(
    nodes.map(({ name, kind }) => `${name} ${kind}`).toSorted(),
  );
  const known = nodes.flatMap(({ addresses }) => Object.values(addresses));
  for (const { name, address } of asked) if (address !== undefined) expect(known, name).toContain(address);
});
