import { dirname } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { recoveryFault } from "../bench/recovery/faults.ts";
import { fastClock, PROGRAMS, startTestStack, type TestStack } from "../chaos/fixture/stack.ts";
import { readJournal } from "../chaos/journal/journal-file.ts";
import { FaultHistories } from "../contract/fault-history.ts";
import type { NodeControl } from "../contract/node.ts";
import { commandContext } from "./context.ts";
import { recoveryRounds } from "./recovery-rounds.ts";

let stack: TestStack;
let said: string[];
beforeEach(async () => {
  said = [];
  stack = await startTestStack([{ name: "driver", kind: "driver", argv: PROGRAMS.forking }]);
});
afterEach(() => stack[Symbol.asyncDispose]());

const run = (control: NodeControl, rounds: number, abort = new AbortController()) =>
  recoveryRounds(commandContext([], {}, abort.signal), {
    variant: "no-standby",
    fault: recoveryFault("kill-driver"),
    rounds,
    control,
    run: 1,
    seed: 7,
    partitions: 6,
    directory: dirname(stack.journalFile),
    runtime: "local",
    say: (line) => said.push(line),
    clock: fastClock(20),
  });
const faults = async () => FaultHistories.of((await readJournal(stack.journalFile)).records).faults;

it("strikes once per round, all in one journal", async () => {
  await run(stack.control, 2);
  const struck = await faults();
  expect(struck.map(({ id, kind, node, effective }) => [id, kind, node, effective])).toEqual([
    [1, "kill", "driver", true],
    [2, "kill", "driver", true],
  ]);
  expect(struck.every(({ readyMs }) => readyMs !== undefined)).toBe(true);
  expect(said).toEqual([
    expect.stringMatching(/^round 1 of 2: kill driver: answers again after [\d.]+ s$/),
    expect.stringMatching(/^round 2 of 2: kill driver/),
  ]);
});

it("gives up when rounds have no effect", async () => {
  const { inventory, lifecycle, conditions, failover } = stack.control;
  if ("absent" in lifecycle) throw new Error("no lifecycle");
  // The blow goes nowhere.
  const deaf: NodeControl = {
    inventory,
    conditions,
    failover,
    lifecycle: Object.assign(Object.create(lifecycle) as typeof lifecycle, { strike: async (life: unknown) => life }),
  };
  await expect(run(deaf, 2)).rejects.toMatchObject({
    code: "FL_NODE_FAILED",
    message: expect.stringContaining("3 rounds in a row had no effect"),
  });
  expect(said.at(-1)).toMatch(/^round 0 of 2: kill driver/);
});

it("ends when it is interrupted, with nothing left broken", async () => {
  const abort = new AbortController();
  const rounds = run(stack.control, 5, abort);
  await expect
    .poll(async () => (await faults().catch(() => [])).length, { timeout: 20_000, interval: 20 })
    .toBeGreaterThan(0);
  abort.abort();
  await expect(rounds).rejects.toMatchObject({ code: "FL_INTERRUPTED" });
  expect((await faults()).every(({ healedMs, failed }) => healedMs !== undefined || failed !== undefined)).toBe(true);
});
