import { join } from "node:path";
import type { CellOrder } from "../bench/recovery/recovery-bench.ts";
import { roundPlan } from "../bench/recovery/round-plan.ts";
import type { FaultOutcome } from "../chaos/fault-run.ts";
import { runPlan } from "../chaos/engine.ts";
import { unavailableFaults } from "../chaos/plan/unavailable-faults.ts";
import { waitSettled } from "../chaos/settled.ts";
import { FaultlineError } from "../contract/errors.ts";
import type { NodeControl } from "../contract/node.ts";
import { RUN_FILES } from "../contract/run.ts";
import type { RuntimeName } from "../contract/stack.ts";
import { type Clock, systemClock } from "../machine/clock.ts";
import type { CommandContext } from "./context.ts";
import { watchdogCommand } from "./watchdog-command.ts";

type Rounds = CellOrder & {
  control: NodeControl;
  /** The run's number. */
  run: number;
  seed: number;
  partitions: number;
  /** The run directory. */
  directory: string;
  runtime: RuntimeName;
  say: (line: string) => void;
  clock?: Clock;
};

/** A driver without a standby needs most of a minute on a busy machine. */
const SETTLE_MS = 180_000;
/** So many of them in a row without an effect: more would be no better. */
const MOST_IN_VAIN = 3;

/**
 * Strikes once per round, each time with a plan of its own and when the pipeline has settled, until so many rounds had an effect.
 * @throws FaultlineError FL_INTERRUPTED; FL_NODE_FAILED when several rounds in a row had no effect; as runPlan.
 */
export async function recoveryRounds(context: CommandContext, rounds: Rounds): Promise<void> {
  const { signal } = context;
  const { say, directory, control, clock = systemClock } = rounds;
  let [done, inVain] = [0, 0];
  for (let round = 1; done < rounds.rounds; round++) {
    const nodes = await unavailableFaults(control, [rounds.fault.kind]);
    const plan = roundPlan(rounds.fault, { nodes, partitions: rounds.partitions }, rounds.seed, round);
    const result = await runPlan({
      plan,
      run: rounds.run,
      control,
      journalFile: join(directory, RUN_FILES.journal),
      planFile: join(directory, RUN_FILES.plan),
      watchdogCommand: watchdogCommand(context, rounds.runtime, directory),
      signal,
      clock,
      onEvent: ({ type, text }) => {
        if (type === "not-settled" || type === "not-recovered") say(text);
      },
    });
    if (result.aborted) throw new FaultlineError("FL_INTERRUPTED", "interrupted");
    const [outcome] = result.outcomes;
    const hasBitten = outcome?.outcome === "recovered" || outcome?.outcome === "not-recovered";
    inVain = hasBitten ? 0 : inVain + 1;
    if (hasBitten) done += 1;
    say(`round ${done} of ${rounds.rounds}: ${outcomeText(outcome)}`);
    if (inVain >= MOST_IN_VAIN)
      throw new FaultlineError("FL_NODE_FAILED", `${inVain} rounds in a row had no effect: ${outcomeText(outcome)}`);
    const missing = await waitSettled(directory, clock.now(), SETTLE_MS, { clock, signal });
    if (signal.aborted) throw new FaultlineError("FL_INTERRUPTED", "interrupted");
    if (missing !== undefined)
      throw new FaultlineError("FL_NOT_READY", `rows do not flow again within ${SETTLE_MS / 1_000} s: ${missing}`);
  }
}

function outcomeText(outcome: FaultOutcome | undefined): string {
  if (outcome === undefined) return "not run";
  const { node, planned, injected_ms, recovered_ms, why } = outcome;
  const what = `${planned.kind} ${node ?? "nothing"}`;
  if (injected_ms === undefined || recovered_ms === undefined) return `${what}: ${why ?? outcome.outcome}`;
  return `${what}: answers again after ${((recovered_ms - injected_ms) / 1_000).toFixed(1)} s`;
}
