import { CATALOG, type TargetKind } from "../../chaos/plan/catalog.ts";
import { FaultlineError } from "../../contract/errors.ts";
import type { NodeKind } from "../../contract/node.ts";

/** One fault that rounds repeat. */
export type RecoveryFault = {
  /** "kill-driver": what is done, and to what. */
  name: string;
  kind: StrikeKind;
  /** As `chaos --targets` takes it: a kind of nodes, or a role. */
  target: string;
  /** Where the stack has several nodes of a kind and one of them does the work: the role to strike instead. */
  active?: { among: NodeKind; role: string };
  holdMs: number;
};

const STRIKES = ["kill", "pause", "stop", "restart"] as const;
type StrikeKind = (typeof STRIKES)[number];

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
  broker: { kind: "kafka", target: "kafka", killedForMs: HELD_MS },
  leader: { kind: "kafka", target: "leader", killedForMs: HELD_MS },
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

/** Every name that there is. */
export const FAULT_NAMES: readonly string[] = Object.entries(TARGETS).flatMap(([name, { kind }]) =>
  STRIKES.filter((strike) => CATALOG[strike][kind] !== null).map((strike) => `${strike}-${name}`),
);

/** @param holdMs instead of each fault's own. @throws FaultlineError FL_USAGE for a name that is not among FAULT_NAMES. */
export function recoveryFault(name: string, holdMs?: number): RecoveryFault {
  const [, strike, of = ""] = /^([a-z]+)-(.+)$/.exec(name) ?? [];
  const kind = STRIKES.find((each) => each === strike);
  const found = FAULT_NAMES.includes(name) ? TARGETS[of] : undefined;
  if (kind === undefined || found === undefined)
    throw new FaultlineError("FL_USAGE", `--faults: ${JSON.stringify(name)} is no fault of this benchmark`, {
      remedy: `use some of ${FAULT_NAMES.join(", ")}`,
    });
  const own = kind === "pause" ? HELD_MS : found.killedForMs;
  return {
    name,
    kind,
    target: found.target,
    ...(found.active !== undefined && { active: found.active }),
    // Nothing is held down by a restart, and an executor never is.
    holdMs: kind === "restart" || (kind !== "pause" && of === "executor") ? 0 : (holdMs ?? own),
  };
}
