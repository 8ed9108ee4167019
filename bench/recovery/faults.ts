import { isCondition } from "../../chaos/plan/condition-parameters.ts";
import { CATALOG, type TargetKind } from "../../chaos/plan/catalog.ts";
import { FaultlineError } from "../../contract/errors.ts";
import type { NodeKind } from "../../contract/node.ts";
import { FAULT_KINDS, type FaultKind } from "../../contract/plan.ts";

/** One fault that rounds repeat. */
export type RecoveryFault = {
  /** "kill-driver": what is done, and to what. */
  name: string;
  kind: FaultKind;
  /** As `chaos --targets` takes it: a kind of nodes, or a role. */
  target: string;
  /** Where the stack has several nodes of a kind and one of them does the work: the role to strike instead. */
  active?: { among: NodeKind; role: string };
  holdMs: number;
};

/**
 * A pause, or a broker or worker that is held down, lasts longer than Kafka's own session timeout (9 s) and ours: another node takes over before this
 * one comes back. Spark's default for a silent executor (120 s) is longer.
 */
const HELD_MS = 12_000;

type Target = { kind: TargetKind; target: string; killedForMs: number; active?: RecoveryFault["active"] };

/** The name of a target → what a plan calls it, and how long a killed one stays down. 0: it is started again at once. */
const TARGETS: Record<string, Target> = {
  driver: {
    kind: "driver",
    target: "driver",
    killedForMs: 0,
    active: { among: "driver", role: "active-driver" },
  },
  postgres: { kind: "postgres", target: "postgres", killedForMs: 0, active: { among: "postgres", role: "primary" } },
  // A leader of a drawn partition: a broker that came back may lead nothing for a while, and its loss would cost nothing.
  broker: { kind: "kafka", target: "leader", killedForMs: HELD_MS },
  controller: { kind: "kafka", target: "controller", killedForMs: HELD_MS },
  worker: { kind: "spark-worker", target: "spark-worker", killedForMs: HELD_MS },
  executor: { kind: "executor", target: "executor", killedForMs: 0 },
  master: { kind: "spark-master", target: "spark-master", killedForMs: 0 },
  producer: { kind: "producer", target: "producer", killedForMs: 0 },
  monitor: { kind: "monitor", target: "monitor", killedForMs: 0 },
};

export const DEFAULT_FAULTS = [
  "kill-driver",
  "pause-driver",
  "kill-postgres",
  "kill-broker",
  "pause-broker",
  "kill-worker",
  "pause-worker",
  "kill-executor",
  "kill-master",
  "kill-producer",
] as const;

/** Every strike on every target that can suffer it, by its name. */
const FAULTS: ReadonlyMap<string, Target & { strike: FaultKind }> = new Map(
  Object.entries(TARGETS).flatMap(([name, target]) =>
    FAULT_KINDS.filter((strike) => !isCondition(strike) && CATALOG[strike][target.kind] !== null).map(
      (strike) => [`${strike}-${name}`, { ...target, strike }] as const,
    ),
  ),
);
export const FAULT_NAMES: readonly string[] = [...FAULTS.keys()];

/** @param holdMs instead of each fault's own. @throws FaultlineError FL_USAGE for a name that is not among FAULT_NAMES. */
export function recoveryFault(name: string, holdMs?: number): RecoveryFault {
  const found = FAULTS.get(name);
  if (found === undefined)
    throw new FaultlineError("FL_USAGE", `--faults: ${JSON.stringify(name)} is no fault of this benchmark`, {
      remedy: `use some of ${FAULT_NAMES.join(", ")}`,
    });
  const { strike, kind, target, active, killedForMs } = found;
  // Some faults hold nothing: a restart, and a killed executor.
  const isHeld = CATALOG[strike][kind]?.[1] !== 0;
  const ownMs = strike === "kill" || strike === "stop" ? killedForMs : HELD_MS;
  return {
    name,
    kind: strike,
    target,
    ...(active !== undefined && { active }),
    holdMs: isHeld ? (holdMs ?? ownMs) : 0,
  };
}
