import { expect, it } from "vitest";
import type { NodeContainer } from "./engine/containers.ts";
import type { ContainerInspect } from "./engine/engine-api.ts";
import { readinessQuestion } from "./inventory.ts";

const STARTED_MS = Date.parse("2026-01-01T00:00:10Z");

it("finds the files of the run, and knows a life by the time of its start", () => {
  const postgres = { host: "127.0.0.1", port: 1, database: "d", user: "u", password_file: "/nowhere" };
  const status = { name: "driver", kind: "driver" as const, addresses: {}, state: "running" as const, log: "" };
  const node: NodeContainer = {
    service: "spark",
    inspect: {} as ContainerInspect,
    status: { ...status, starts: STARTED_MS },
  };
  const question = readinessQuestion({ runDirectory: "/runs/current", postgres }, [node]);
  expect([...["driver", "driver-2"].map((name) => question.driverStatusFile(name)), question.healthFile]).toEqual([
    "/runs/current/driver-status.json",
    "/runs/current/driver-2-status.json",
    "/runs/current/health.json",
  ]);
  expect([-1, 0, 1].map((ms) => question.isOfThisLife(node.status, { pid: 7, at_ms: STARTED_MS + ms }))).toEqual([
    false,
    false,
    true,
  ]);
});
