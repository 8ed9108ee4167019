import { signalProcess } from "../../../machine/process-identity.ts";
import type { Settings } from "../state/settings.ts";
import type { NodeFiles } from "../supervisor/node-files.ts";
import { requireCluster, writeCluster } from "./postgres-cluster.ts";
import { writePostgresConfiguration } from "./postgres-prepare.ts";

/** The server heeds what postgres-cluster.json says now, without a restart. One that does not run reads it when it starts. */
export function reloadPostgres(settings: Settings, files: NodeFiles, server: string): void {
  writePostgresConfiguration(settings, files.stateDirectory, server);
  const { process } = files.readActual(server);
  if (process !== null) signalProcess(process, "SIGHUP");
}

/** The primary's commits wait for its synchronous standby from now on, because it follows. Nothing, in a stack whose commits never wait for one. */
export function followsAgain(settings: Settings, files: NodeFiles): void {
  if (settings.postgres_standby?.synchronous !== true) return;
  const cluster = requireCluster(files.stateDirectory);
  writeCluster(files.stateDirectory, { ...cluster, alone: false });
  reloadPostgres(settings, files, cluster.primary);
}
