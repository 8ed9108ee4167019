import type { NodeKind } from "../../contract/node.ts";
import { chooseOnly } from "../options.ts";

/** Nodes of one kind that are killed at once and held down. */
export type Outage = {
  id: string;
  title: string;
  kind: NodeKind;
  /** How many of them; absent: all. */ count?: number;
};

const OUTAGES = [
  { id: "postgres", title: "PostgreSQL", kind: "postgres" },
  { id: "driver", title: "the driver (all of them)", kind: "driver" },
  { id: "workers", title: "both workers", kind: "spark-worker" },
  // With one broker of three nothing is acknowledged (min.insync.replicas=2): what is due waits in the producer.
  { id: "brokers", title: "two of three brokers", kind: "kafka", count: 2 },
] as const satisfies Outage[];
export const OUTAGE_IDS: readonly string[] = OUTAGES.map(({ id }) => id);

/** @throws FaultlineError FL_USAGE naming an id that is not among OUTAGE_IDS */
export function chooseOutages(only: readonly string[] | undefined): Outage[] {
  const ids = chooseOnly(OUTAGE_IDS, only);
  return OUTAGES.filter(({ id }) => ids.includes(id));
}
