import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { FaultHistories } from "../contract/fault-history.ts";
import { JOURNAL_VERSION } from "../contract/journal.ts";
import type { NodeControl } from "../contract/node.ts";
import type { Plan } from "../contract/plan.ts";
import { type Clock, systemClock } from "../machine/clock.ts";
import { lockFile } from "../machine/file-lock.ts";
import { ownIdentity } from "../machine/process-identity.ts";
import { describe, type EventSink, seconds } from "./chaos-event.ts";
import { prepareConditions } from "./condition-preparation.ts";
import type { FaultContext } from "./fault-context.ts";
import { type FaultOutcome, runFault } from "./fault-run.ts";
import { busy, heal } from "./heal.ts";
import { openJournal, readJournal, requireIntact } from "./journal/journal-file.ts";
import { encodePlan } from "./plan/plan.ts";
import { waitSettled } from "./settled.ts";
import { driversOfPair, waitForStandby } from "./standby.ts";
import { startWatchdog } from "./watchdog-link.ts";

export type RunPlanRequest = {
  plan: Plan;
  /** The run's number, as in `run.json`. */
  run: number;
  control: NodeControl;
  /** The run's fault journal; created, or continued. */
  journalFile: string;
  /** Where the plan is kept, once it is certain that it can be run. */
  planFile?: string;
  /** The argv that heals this journal in a process of its own, e.g. `[node, cli/main.ts, heal, --by, watchdog, --run, DIR]`. */
  watchdogCommand: string[];
  /** Ends the run: the active fault is healed at once. */
  signal: AbortSignal;
  onEvent?: EventSink;
  clock?: Clock;
  /** How long after the plan's duration a late fault may still start, in ms. Default 0. */
  graceMs?: number;
  /** How long a node may take to answer its protocol again. Default 60 s. */
  recoveryTimeoutMs?: number;
  /** Default: logs/watchdog.log beside the journal. */
  watchdogLog?: string;
};

export type RunPlanResult = { aborted: boolean; outcomes: FaultOutcome[] };

/** From one node's recovery to the next fault at least: recovery is seen by success, so there must be some. */
const CALM_MS = 2000;
/** What timers may be late by without a word. */
const LATE_MS = 500;

/**
 * Runs a plan. One fault at a time: the next one waits until the one before is recovered and the pipeline settled (settled.ts, standby.ts; all
 * bounded), and then starts late. A fault
 * that no longer fits into the plan's duration (and the grace) is journaled and reported as not run. Returns when the last fault is over.
 * If this process dies, its watchdog heals; what the watchdog could not heal, the next `heal` or `runPlan` does.
 * Conditions that the plan has are prepared first (condition-preparation.ts).
 * @throws FaultlineError FL_STACK_BUSY when another engine or heal is at work; FL_FAULT_UNAVAILABLE; FL_JOURNAL_DAMAGED (see requireIntact); FL_HEAL_FAILED when a fault could not
 *   be undone (nothing more is injected, the watchdog goes on trying); FL_DISK_FULL; FL_NODE_FAILED when the watchdog does not start.
 */
export async function runPlan(request: RunPlanRequest): Promise<RunPlanResult> {
  const { plan, control, journalFile, signal, onEvent, clock = systemClock } = request;
  const tell: FaultContext["tell"] = (type, text, about) => {
    const at_ms = clock.now();
    onEvent?.({
      type,
      at: new Date(at_ms).toISOString(),
      at_ms,
      text,
      ...(about !== undefined && {
        id: about.id,
        kind: about.planned.kind,
        ...(about.node !== undefined && { node: about.node }),
      }),
    });
  };

  const before = await heal({ journalFile, control, by: "heal", clock });
  for (const { node, proof } of [...before.healed, ...before.swept])
    tell("healed", `${node}, left over from before: ${proof}`);

  await using stack = new AsyncDisposableStack();
  const unlock = await lockFile(journalFile);
  const content = await readJournal(journalFile);
  if (unlock === undefined) throw busy(journalFile, content.records);
  stack.defer(unlock);
  requireIntact(journalFile, content);
  const { nextId } = FaultHistories.of(content.records);
  // Before the plan's clock starts, and before anything is broken.
  await prepareConditions({ plan, control, clock, signal, tell });

  const watchdog = await startWatchdog({
    command: request.watchdogCommand,
    // Twice the plan and a quarter of an hour for each fault that is late: only a hung engine lives longer.
    lifetimeMs: Math.min(2 * plan.duration_ms + 900_000 * (1 + plan.faults.length), 2 ** 31 - 1),
    logFile: request.watchdogLog ?? join(dirname(journalFile), "logs", "watchdog.log"),
  });
  let inOrder = false;
  stack.defer(async () => {
    if (inOrder) await watchdog.done();
    else watchdog.handOver();
  });
  const journal = await openJournal(journalFile);
  stack.defer(() => journal.close());
  const planText = encodePlan(plan);
  await journal.append({
    t: "open",
    version: JOURNAL_VERSION,
    run: request.run,
    seed: plan.seed,
    plan_sha256: createHash("sha256").update(planText).digest("hex"),
    faults: plan.faults.length,
    process: ownIdentity(),
    at_ms: clock.now(),
  });
  // After `open`: should this process die in between, then plan.json is that of the last engine that struck anything.
  if (request.planFile !== undefined) await writeFileAtomic(request.planFile, planText);

  const setting = {
    control,
    clock,
    journal,
    journalFile,
    watchdog,
    signal,
    recoveryTimeoutMs: request.recoveryTimeoutMs ?? 60_000,
    tell,
  };
  // Ids are unique in a journal, also when it has several plans: the first plan's ids are kept, later ones are shifted.
  const outcomes = await runFaults(setting, plan, nextId, request.graceMs ?? 0);
  await journal.finish(clock.now());
  inOrder = true;
  const counts = Map.groupBy(outcomes, ({ outcome }) => outcome);
  tell(
    signal.aborted ? "aborted" : "ended",
    [...counts].map(([outcome, list]) => `${list.length} ${outcome}`).join(", ") || "no faults",
  );
  return { aborted: signal.aborted, outcomes };
}

async function runFaults(
  setting: Omit<FaultContext, "hasRoom">,
  plan: Plan,
  idOffset: number,
  graceMs: number,
): Promise<FaultOutcome[]> {
  const { clock, signal, tell } = setting;
  const outcomes: FaultOutcome[] = [];
  const drivers = await driversOfPair(setting.control);
  const startMs = clock.monotonic();
  const elapsed = (): number => clock.monotonic() - startMs;
  const context: FaultContext = { ...setting, hasRoom: (holdMs) => elapsed() + holdMs <= plan.duration_ms + graceMs };
  let earliestMs = 0;
  let sinceMs = clock.now();
  tell("started", `${plan.faults.length} faults in ${plan.duration_ms / 1000} s, seed ${plan.seed}`);

  for (const planned of plan.faults) {
    const id = planned.id + idOffset;
    const dueMs = Math.min(Math.max(planned.at_ms, earliestMs), plan.duration_ms + graceMs);
    await clock.sleep(Math.max(0, dueMs - elapsed()), signal);
    const [unsettled, noStandby] = await Promise.all([
      waitSettled(dirname(setting.journalFile), sinceMs, setting.recoveryTimeoutMs, setting),
      waitForStandby(setting, drivers, sinceMs),
    ]);
    const limit = `within ${seconds(setting.recoveryTimeoutMs)} s`;
    const missing = [
      ...(unsettled === undefined ? [] : [`rows do not flow again ${limit}: ${unsettled}`]),
      ...(noStandby === undefined ? [] : [`no driver stands by again ${limit}: ${noStandby}`]),
    ];
    if (missing.length > 0 && !signal.aborted) tell("not-settled", missing.join("; "), { id, planned });
    const lateMs = elapsed() - planned.at_ms;
    if (lateMs > LATE_MS && !signal.aborted)
      tell("late", `${describe(planned)}: due ${(lateMs / 1000).toFixed(1)} s ago, the fault before took so long`, {
        id,
        planned,
      });
    try {
      outcomes.push(await runFault(context, id, planned));
    } catch (error) {
      tell("heal-failed", (error as Error).message, { id, planned });
      throw error;
    }
    earliestMs = elapsed() + CALM_MS;
    sinceMs = clock.now();
  }
  return outcomes;
}
