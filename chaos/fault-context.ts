import type { NodeControl } from "../contract/node.ts";
import type { PlannedFault } from "../contract/plan.ts";
import type { Clock } from "../machine/clock.ts";
import type { ChaosEventType } from "./chaos-event.ts";
import type { JournalWriter } from "./journal/journal-file.ts";
import type { WatchdogLink } from "./watchdog-link.ts";

/** What all faults of one plan share while the engine runs them. */
export type FaultContext = {
  control: NodeControl;
  clock: Clock;
  journal: JournalWriter;
  /** The journal's path: holds and conditions are named after it. */
  journalFile: string;
  watchdog: WatchdogLink;
  signal: AbortSignal;
  /** How long a node may take to answer its protocol, before a fault and after it. */
  recoveryTimeoutMs: number;
  /** Whether the plan's duration still has room for a fault that holds so long, beginning now. */
  hasRoom: (holdMs: number) => boolean;
  tell: (type: ChaosEventType, text: string, about?: { id: number; planned: PlannedFault; node?: string }) => void;
};
