import { FaultlineError } from "../contract/errors.ts";
import { FaultHistories, isUnhealed } from "../contract/fault-history.ts";
import type { JournalRecord } from "../contract/journal.ts";
import type { NodeControl } from "../contract/node.ts";
import { type Clock, poll, systemClock } from "../machine/clock.ts";
import { lockFile } from "../machine/file-lock.ts";
import { isAlive } from "../machine/process-identity.ts";
import { openJournal, readJournal, type UnreadableLine } from "./journal/journal-file.ts";
import { sweep, type Swept } from "./sweep.ts";
import { applyUndo } from "./nodes/undo.ts";

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
  swept: Swept[];
  /** Lines of the journal that can't be read; the sweep has undone the faults that they described. */
  unreadable: UnreadableLine[];
  /** Lines of the journal that contradict each other, as sentences; see JournalGrammar. */
  problems: string[];
  /** The engine died before it could write `close`: now it is written. */
  closed: boolean;
};

/** How long the watchdog lets a dying engine, or another heal, finish before it goes on without the lock. */
const LOCK_TIMEOUT_MS = 10_000;

/**
 * Undoes every fault that the journal has as planned and not as healed, the last first, verifies it and appends `healed`; then
 * sweeps (sweep.ts): a node of the stack that is stopped, held or under a condition for no known reason is resumed, released, freed of it. At last it writes `close`, if the engine died before it could. Idempotent.
 * Goes on after a fault that can't be undone, and fails at the end.
 * @throws FaultlineError FL_STACK_BUSY when an engine or another heal is at work; FL_HEAL_FAILED naming nodes, what is wrong with them, and commands.
 */
export async function heal({ journalFile, control, by, clock = systemClock }: HealRequest): Promise<HealResult> {
  const unlock = await poll(clock, by === "watchdog" ? LOCK_TIMEOUT_MS : 0, () => lockFile(journalFile));
  try {
    const content = await readJournal(journalFile);
    if (unlock === undefined && by !== "watchdog") throw busy(journalFile, content.records);
    const { unreadable, problems } = content;
    const result: HealResult = { healed: [], swept: [], unreadable, problems, closed: false };
    const failures: FaultlineError[] = [];
    const open = FaultHistories.of(content.records).faults.filter(isUnhealed).toReversed();
    // Without the lock an engine may live, which will go on and write `close` itself.
    const mayClose = content.isOpen && unlock !== undefined;
    const journal = open.length > 0 || mayClose ? await openJournal(journalFile) : undefined;
    try {
      for (const { id, node, undo } of open) {
        try {
          const proof = await applyUndo(control, undo, clock);
          // Meanwhile an engine that hung may have gone on, and healed it itself.
          if (journal?.isUnhealed(id) === true)
            await journal.append({ t: "healed", id, by, proof, at_ms: clock.now() });
          result.healed.push({ id, node, proof });
        } catch (error) {
          failures.push(asHealFailure(error, `fault ${id} on ${node}`));
        }
      }
      if (mayClose && failures.length === 0) result.closed = (await journal?.finish(clock.now())) ?? false;
    } finally {
      await journal?.close();
    }
    const leftover = await sweep(control, journalFile, clock);
    result.swept = leftover.swept;
    failures.push(...leftover.problems.map(({ what, error }) => asHealFailure(error, what)));
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
  const engine =
    last?.t === "open" && last.process.pid !== process.pid && isAlive(last.process) ? last.process.pid : undefined;
  const who = engine === undefined ? "another chaos engine or heal" : `the chaos engine (pid ${engine})`;
  return new FaultlineError("FL_STACK_BUSY", `${journalFile}: ${who} is at work`, {
    remedy:
      engine === undefined
        ? "wait for it, or stop it with Ctrl-C (it heals first)"
        : `let it end, or stop it (it heals first): kill -INT ${engine}`,
  });
}

function asHealFailure(error: unknown, what: string): FaultlineError {
  const { message, remedy } = error as Partial<FaultlineError>;
  return new FaultlineError("FL_HEAL_FAILED", `${what}: ${message ?? String(error)}`, {
    remedy: remedy ?? "./faultline heal",
    cause: error,
  });
}

function combined(failures: FaultlineError[]): FaultlineError {
  const remedies = [...new Set(failures.map(({ remedy }) => remedy))].join("; ");
  return new FaultlineError("FL_HEAL_FAILED", failures.map(({ message }) => message).join("\n"), {
    remedy: remedies,
    cause: failures[0],
  });
}
