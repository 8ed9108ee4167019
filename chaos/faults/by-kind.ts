import type { FaultKind } from "../../contract/plan.ts";
import type { Fault } from "../strike.ts";
import { kill } from "./kill.ts";
import { pause } from "./pause.ts";
import { restart } from "./restart.ts";
import { stop } from "./stop.ts";

export const FAULTS: Record<FaultKind, Fault> = { kill, stop, pause, restart };
