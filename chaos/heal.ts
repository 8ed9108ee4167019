import { existsSync } from "node:fs";
import { FaultlineError } from "../contract/errors.ts";
import type { JournalRecord } from "../contract/journal.ts";
import type { Imposed, NodeControl } from "../contract/node.ts";
import { type Clock, poll, systemClock } from "./clock.ts";
import { otherJournalOf } from "./condition-tag.ts";
import { lockJournal } from "./journal-lock.ts";
import { openJournal, readJournal, unhealed } from "./journal-file.ts";
import { liftCondition } from "./lift.ts";
import { isAlive } from "./process-identity.ts";
import { applyUndo, resumeAll } from "./undo.ts";

export type HealRequest = {
  /** The run's fault journal; it need not exist. */
  journalFile: string;
  control: NodeControl;
  /** The watchdog may heal while the engine seems alive: it was started because the engine is dead or hangs. */
  by: "watchdog" | "heal";
  clock?: Clock;
};

export type HealResult = {
  /** Faults that were undone, in the order of undoing: the last injected first. */
  healed: { id: number; node: string; proof: string }[];
  /** Nodes without a known fault that were found stopped, held, or under a condition. */
  swept: { node: string; proof: string }[];
  /** Lines of the journal that can't be read; what they said, the sweep has made good. */
  damagedLines: number[];
};

/** How long the watchdog lets a dying engine, or another heal, finish before it goes on without the lock. */
const LOCK_TIMEOUT_MS = 10_000;

/**
 * Undoes every fault that the journal has as planned and not as healed, the last first, verifies it and appends `healed`; then
 * sweeps: a node of the stack that is stopped, held or under a condition for no known reason is resumed, released, freed of it. Idempotent.
 * Goes on after a fault that can't be undone, and fails at the end.
 * @throws FaultlineError FL_STACK_BUSY when an engine or another heal is at work; FL_HEAL_FAILED naming nodes, pids and commands.
 */
export async function heal({ journalFile, control, by, clock = systemClock }: HealRequest): Promise<HealResult> {
  const unlock = await poll(clock, by === "watchdog" ? LOCK_TIMEOUT_MS : 0, () => lockJournal(journalFile));
  try {
    const content = await readJournal(journalFile);
    if (unlock === undefined && by !== "watchdog") throw busy(journalFile, content.records);
    const result: HealResult = { healed: [], swept: [], damagedLines: content.damagedLines };
    const failures: FaultlineError[] = [];
    const open = unhealed(content.records).toReversed();
    const journal = open.length === 0 ? undefined : await openJournal(journalFile, content);
    try {
      for (const { id, node, undo } of open) {
        try {
          const proof = await applyUndo(control, undo, clock);
          await journal?.append({ t: "healed", id, by, proof, at_ms: clock.now() });
          result.healed.push({ id, node, proof });
        } catch (error) {
          failures.push(asHealFailure(error, `fault ${id} on ${node}`));
        }
      }
    } finally {
      await journal?.close();
    }
    await sweepNodes(control, clock, result, failures);
    await sweepConditions(journalFile, control, clock, result, failures);
    if (failures.length > 0) throw combined(failures);
    return result;
  } finally {
    await unlock?.();
  }
}

/**
 * Somebody else has the journal's lock. Whether an engine is alive is told by that lock alone: it is free only when no process has it, in
 * this container or another. The journal's last engine is looked up for the words only: it may have left its pid there in another pid
 * namespace, where it names nothing for us, and then nothing is said of it.
 */
export function busy(journalFile: string, records: readonly JournalRecord[]): FaultlineError {
  const last = records.findLast((record) => record.t === "open" || record.t === "close");
  const engine = last?.t === "open" && last.process.pid !== process.pid && isAlive(last.process) ? last.process.pid : undefined;
  const who = engine === undefined ? "another chaos engine or heal" : `the chaos engine (pid ${engine})`;
  return new FaultlineError("FL_STACK_BUSY", `${journalFile}: ${who} is at work`, {
    remedy: engine === undefined ? "wait for it, or stop it with Ctrl-C (it heals first)" : `let it end, or stop it (it heals first): kill -INT ${engine}`,
  });
}

/** Only nodes of this stack are looked at, and only what a fault does is undone: a process is never started or ended here. */
async function sweepNodes(control: NodeControl, clock: Clock, result: HealResult, failures: FaultlineError[]): Promise<void> {
  for (const { name, held } of await control.nodes()) {
    try {
      const resumed = await resumeAll(control, name, [], clock);
      if (held === true) await control.release(name);
      const proof = [resumed > 0 ? `${resumed} stopped processes resumed` : "", held === true ? "released" : ""].filter((part) => part !== "");
      if (proof.length > 0) result.swept.push({ node: name, proof: proof.join(", ") });
    } catch (error) {
      failures.push(asHealFailure(error, name));
    }
  }
}

/** A tag that no journal explains is no reason to leave a condition: only an engine at work on another run of this machine may own it. */
async function sweepConditions(journalFile: string, control: NodeControl, clock: Clock, result: HealResult, failures: FaultlineError[]): Promise<void> {
  const there: Imposed[] = await control.imposed().catch((error: unknown) => {
    failures.push(asHealFailure(error, "conditions on nodes"));
    return [];
  });
  for (const { node, tag } of there) {
    try {
      if (await ownedByAnother(tag, journalFile)) continue;
      result.swept.push({ node, proof: await liftCondition(control, node, tag, clock) });
    } catch (error) {
      failures.push(asHealFailure(error, "left over"));
    }
  }
}

async function ownedByAnother(tag: string, journalFile: string): Promise<boolean> {
  const other = otherJournalOf(tag, journalFile);
  if (other === undefined || !existsSync(other)) return false;
  const unlock = await lockJournal(other);
  await unlock?.();
  return unlock === undefined;
}

function asHealFailure(error: unknown, what: string): FaultlineError {
  const { message, remedy } = error as Partial<FaultlineError>;
  return new FaultlineError("FL_HEAL_FAILED", `${what}: ${message ?? String(error)}`, { remedy: remedy ?? "./faultline heal", cause: error });
}

function combined(failures: FaultlineError[]): FaultlineError {
  const remedies = [...new Set(failures.map(({ remedy }) => remedy))].join("; ");
  return new FaultlineError("FL_HEAL_FAILED", failures.map(({ message }) => message).join("\n"), { remedy: remedies, cause: failures[0] });
}
