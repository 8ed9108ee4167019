import { expect, it } from "vitest";
import { nodeOfService, type NodeContainer } from "./engine/containers.ts";
import type { ContainerInspect } from "./engine/engine-api.ts";
import { readinessQuestion } from "./inventory.ts";

const STARTED_MS = Date.parse("2026-01-01T00:00:10Z");

function container(service: string, hostname: string, address: string): NodeContainer {
  const node = nodeOfService(service);
  if (node === undefined) throw new Error(service);
  const networks = { p_default: { IPAddress: address }, other: { IPAddress: "10.0.0.1" } };
  const inspect = { Config: { Labels: {}, Hostname: hostname }, NetworkSettings: { Networks: networks } };
  const status = { ...node, state: "running" as const, starts: STARTED_MS, log: "" };
  return { service, inspect: inspect as unknown as ContainerInspect, status };
}

it("knows a worker by its name, its host name and its address in the project's network; a life by the time of its start", () => {
  const postgres = { host: "127.0.0.1", port: 1, database: "d", user: "u", password_file: "/nowhere" };
  const nodes = [
    container("spark-worker-1", "host-1", "172.30.0.9"),
    container("spark-worker-2", "host-2", "172.30.0.10"),
  ];
  const question = readinessQuestion({ project: "p", runDirectory: "/runs/current", postgres }, nodes);
  const [node] = question.nodes;
  if (node === undefined) throw new Error("no node");
  const isKnown = (host?: string): boolean =>
    question.isWorker(node, { id: "w", port: 1, state: "ALIVE", ...(host !== undefined && { host }) });
  expect(["spark-worker-1", "host-1", "172.30.0.9"].map(isKnown)).toEqual([true, true, true]);
  expect(["spark-worker-2", "host-2", "172.30.0.10", "10.0.0.1", undefined].map(isKnown)).toEqual(Array(5).fill(false));
  expect([-1, 0, 1].map((ms) => question.isOfThisLife(node, { pid: 7, at_ms: STARTED_MS + ms }))).toEqual([
    false,
    false,
    true,
  ]);
});
