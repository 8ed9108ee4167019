import { join } from "node:path";
import { z } from "zod";
import { FaultlineError } from "../../../contract/errors.ts";
import { LAYOUT } from "../state/layout.ts";
import { POSTGRES_STANDBY } from "../state/node-ports.ts";
import type { Settings } from "../state/settings.ts";
import { stateFile } from "../state/state-file.ts";

export const POSTGRES = "postgres";
export const NO_STANDBY = "PostgreSQL has no standby in this stack (./faultline up --postgres-standby)";

const clusterSchema = z.strictObject({
  /** The node that takes writes, or that is about to be promoted: written before the promotion. */
  primary: z.string(),
  /** The timeline that the primary has, or will have after the promotion. */
  timeline: z.int().positive(),
  /** Whether the standby receives WAL. */
  receiving: z.boolean(),
  /**
   * Only in a stack with a synchronous standby: the primary commits without it. So it is until the standby first follows, and after a promotion until
   * the former primary follows: an operator would decide the same, since else nothing could be written.
   */
  alone: z.boolean().optional(),
});

/**
 * `postgres-cluster.json`: who takes writes. Every start of a server decides by it (postgres-main.ts), so a former primary can't come back as a
 * second one. Replaced atomically, before anything is done that it decides.
 */
export type Cluster = z.infer<typeof clusterSchema>;

const CLUSTER = stateFile(1, clusterSchema);

/** @returns undefined for a stack without a standby. @throws FaultlineError FL_CONFIG_INVALID for a file that does not fit. */
export function readCluster(stateDirectory: string): Cluster | undefined {
  return CLUSTER.read(join(stateDirectory, LAYOUT.postgresCluster));
}

/** @throws FaultlineError FL_STACK_DOWN when PostgreSQL has no standby, or was never started */
export function requireCluster(stateDirectory: string): Cluster {
  const cluster = readCluster(stateDirectory);
  if (cluster !== undefined) return cluster;
  throw new FaultlineError("FL_STACK_DOWN", `PostgreSQL has no standby in ${stateDirectory}`, {
    remedy: "./faultline down --volumes, then ./faultline up --postgres-standby",
  });
}

export function writeCluster(stateDirectory: string, cluster: Cluster): void {
  CLUSTER.write(join(stateDirectory, LAYOUT.postgresCluster), cluster);
}

/** The names of the stack's servers. */
export function postgresNames(settings: Settings): string[] {
  return settings.postgres_standby === undefined ? [POSTGRES] : [POSTGRES, POSTGRES_STANDBY];
}

/** The other one of two servers. */
export function otherServer(name: string): string {
  return name === POSTGRES ? POSTGRES_STANDBY : POSTGRES;
}

/** Beside the first one's, so that the same user reaches it. */
export function dataDirectory({ postgres }: Settings, name: string): string {
  return name === POSTGRES ? postgres.data_directory : `${postgres.data_directory}-2`;
}
