import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Digest } from "../contract/digest.ts";
import type { Plan } from "../contract/plan.ts";
import { TestBench } from "./fixture/test-bench.ts";

type StatusJson = { nodes: { name: string; kind: string; ready: boolean; role?: string; starts: number }[] };

/** Two drivers. The active one is killed, and then the one that took over is stopped and goes on. */
const PLAN: Plan = {
  version: 1,
  seed: 1,
  duration_ms: 240_000,
  kinds: ["driver"],
  faults: [
    { id: 1, at_ms: 3_000, kind: "kill", target: { role: "active-driver" }, hold_ms: 0 },
    { id: 2, at_ms: 8_000, kind: "pause", target: { role: "active-driver" }, hold_ms: 12_000 },
  ],
};

describe("a standby driver", () => {
  const bench = new TestBench();
  beforeAll(async () => void (await bench.must(["up", "--standby", "--seed", "12"])), 300_000);
  afterAll(() => bench[Symbol.asyncDispose](), 120_000);

  const drivers = async () =>
    (await bench.status<StatusJson>()).nodes
      .filter(({ kind }) => kind === "driver")
      .map(({ name, ready, role, starts }) => ({ name, ready, role, starts }));

  it("is ready when `up` ends", async () => {
    expect(await drivers()).toEqual([
      { name: "driver", ready: true, role: "active", starts: 1 },
      { name: "driver-2", ready: true, role: "standby", starts: 1 },
    ]);
  });

  it("takes over from a driver that is killed, and from a driver that is stopped, which stands by as soon as it goes on", async () => {
    await bench.must(["produce", "--detach", "--rate", "500"]);
    const plan = join(bench.directory, "plan.json");
    writeFileSync(plan, JSON.stringify(PLAN));
    const told = await bench.must(["chaos", "--plan", plan]);
    process.stdout.write(told);
    // The second fault waited for a standby.
    expect(told).not.toContain("not-settled");
    expect(await drivers()).toEqual([
      { name: "driver", ready: true, role: "active", starts: 2 },
      { name: "driver-2", ready: true, role: "standby", starts: 1 },
    ]);
  });

  it("is the same as ever for the rows: nothing is lost, and they stand still for seconds only", async () => {
    await bench.must(["produce", "--count", "1000", "--rate", "1000"]);
    const { verdict } = await bench.verdict();
    expect([verdict.verdict, verdict.reasons]).toEqual(["VALID", []]);
    const { faults } = JSON.parse(await bench.must(["report", "--json"])) as Digest;
    expect(faults.map(({ node, role }) => [node, role])).toEqual([
      ["driver", "active"],
      ["driver-2", "active"],
    ]);
    // A lone driver takes half a minute on such a machine; a killed one leaves its lock at once, a stopped one loses it after 4 s.
    for (const { sink_gap, failed_over } of faults) {
      expect(sink_gap.measure).toMatchObject({ open: false });
      expect((sink_gap.measure as { high_ms: number }).high_ms).toBeLessThan(15_000);
      expect(failed_over).toMatchObject({ open: false });
    }
  });
});
