import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NodeControl } from "../../contract/node.ts";
import {
  fastClock,
  type OneFault,
  runOne,
  serverNode,
  startTestStack,
  type TestStack,
  withConditions,
} from "../fixture/stack.ts";

function fault(delay_ms: number, jitter_ms: number): OneFault {
  return { kind: "delay", target: { node: "postgres" }, hold_ms: 200, delay_ms, jitter_ms };
}

describe("delay", () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack([serverNode("postgres", "postgres")]);
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  type Times = { before: (number | null)[]; during: (number | null)[]; after: (number | null)[] };
  /** A machine whose round trips are these, over and over, before, during and after the condition, whatever that really does. */
  const answering = (times: Times): NodeControl => {
    let phase: keyof Times = "before";
    let asked = 0;
    return withConditions(stack, {
      impose: (...one) => {
        phase = "during";
        return stack.conditions.impose(...one);
      },
      lift: (...one) => {
        phase = "after";
        return stack.conditions.lift(...one);
      },
      measure: (_name, kind) => Promise.resolve(kind === "delay" ? (times[phase][asked++ % 5] ?? null) : 1),
    });
  };
  const quick = [1, 1, 1, 1, 1];

  it("makes every round trip longer, and gives them back", async () => {
    const { outcome, records } = await runOne(stack, fault(150, 30));
    expect(outcome.outcome).toBe("recovered");
    const active = records[1]?.t === "active" ? records[1] : undefined;
    expect(active?.effective).toBe(true);
    const figures =
      /^a round trip takes ([\d.]+) ms \(fastest ([\d.]+) ms\), before it ([\d.]+) ms .*, for a delay of 150 ms give or take 30 ms$/;
    const [now, fastest, before] = (figures.exec(active?.proof ?? "") ?? []).slice(1).map(Number);
    expect(now).toBeGreaterThanOrEqual((before ?? Infinity) + 84);
    expect(fastest).toBeGreaterThanOrEqual(119);
    expect(records[2]).toMatchObject({
      t: "healed",
      proof: expect.stringMatching(/no condition .* any more; a round trip takes [\d.]+ ms .*, before it/) as unknown,
    });
  });

  it("is not proved by a machine that became slow: its fastest answer came sooner than the delay allows", async () => {
    const control = answering({ before: quick, during: [5, 200, 200, 200, 200], after: quick });
    const { outcome, records } = await runOne({ ...stack, control }, fault(100, 0), undefined, fastClock(50));
    expect(outcome.outcome).toBe("ineffective");
    expect(records.findLast(({ t }) => t === "active")).toMatchObject({
      proof: expect.stringContaining("200.0 ms (fastest 5.0 ms), before it 1.0 ms") as unknown,
    });
  });

  it("is not proved by a node that does not answer any more", async () => {
    const control = answering({ before: quick, during: [1, null, null, null, 1], after: quick });
    const { outcome } = await runOne({ ...stack, control }, fault(100, 0), undefined, fastClock(50));
    expect(outcome.outcome).toBe("ineffective");
  });

  it("is not healed while round trips stay long", async () => {
    const control = answering({ before: quick, during: [150, 150, 150, 150, 150], after: [150, 150, 150, 150, 150] });
    await expect(runOne({ ...stack, control }, fault(100, 10), undefined, fastClock(50))).rejects.toMatchObject({
      code: "FL_HEAL_FAILED",
      message: expect.stringMatching(
        /^postgres: delay was taken off, but after 45 s: a round trip takes 150\.0 ms .*before it 1\.0 ms/,
      ) as unknown,
    });
    expect(await stack.conditions.list()).toEqual([]);
  });

  it("refuses what it could not prove", async () => {
    expect((await runOne(stack, fault(10_000, 0))).outcome).toMatchObject({
      outcome: "failed",
      why: expect.stringMatching(/^a delay of 10000 ms can't be proved/) as unknown,
    });
    const dead = await runOne({ ...stack, control: answering({ before: [], during: [], after: [] }) }, fault(100, 0));
    expect(dead.outcome).toMatchObject({ outcome: "failed", why: "postgres does not answer even before it" });
  });
});
