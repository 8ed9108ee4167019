import type { FaultKind } from "../../contract/plan.ts";
import type { Fault } from "./fault.ts";
import { cpu } from "./cpu.ts";
import { delay } from "./delay.ts";
import { failover } from "./failover.ts";
import { failoverLossy } from "./failover-lossy.ts";
import { kill } from "./kill.ts";
import { memory } from "./memory.ts";
import { pause } from "./pause.ts";
import { restart } from "./restart.ts";
import { splitBrain } from "./split-brain.ts";
import { stop } from "./stop.ts";
import { disconnect, isolate } from "./unreachable.ts";

/** Every kind of fault. A kind that is missing here does not compile. */
export const FAULTS: Record<FaultKind, Fault> = {
  kill,
  stop,
  pause,
  restart,
  disconnect,
  isolate,
  delay,
  cpu,
  memory,
  failover,
  "failover-lossy": failoverLossy,
  "split-brain": splitBrain,
};
