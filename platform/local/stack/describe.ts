import { basename, dirname, join, resolve } from "node:path";
import { RUN_FILES } from "../../../contract/run.ts";
import type { PostgresAddress, Stack } from "../../../contract/stack.ts";
import { lockHolders } from "../../../machine/identity-lock.ts";
import { parseIdentity } from "../../../machine/process-identity.ts";
import { healthReport } from "../../protocol/health-file.ts";
import { leadingStatus, readDriverStatus } from "../../protocol/driver-readiness.ts";
import type { NodeReport, StackReport } from "../../runtime.ts";
import { linkName } from "../links/links.ts";
import { LocalInventory } from "../nodes/inventory.ts";
import { driverStatusPath } from "../state/layout.ts";
import { readSettings, type Settings } from "../state/settings.ts";
import { NodeFiles } from "../supervisor/node-files.ts";
import { SUPERVISOR_LOCK } from "../supervisor/supervisor-process.ts";
import { readStack } from "./stack-file.ts";

/** Every node of the stack with its state now and whether its protocol answers. An empty list: there is no stack. */
export async function describeStack(stateDir: string): Promise<StackReport> {
  const stateDirectory = resolve(stateDir);
  const settings = readSettings(stateDirectory);
  const files = new NodeFiles(stateDirectory);
  const inventory = new LocalInventory(stateDirectory);
  const nodes = settings === undefined ? [] : await inventory.nodes();
  const driverStatusFile = (name: string): string => driverStatusPath(stateDirectory, name);
  const reports = await Promise.all(
    nodes.map(async (node): Promise<NodeReport> => {
      const actual = files.readActual(node.name);
      const link = files.readActual(linkName(node.name));
      const process = parseIdentity(node.life ?? "");
      const role = await inventory.roleOf(node);
      const job = node.kind === "driver" ? readDriverStatus(driverStatusFile(node.name)) : undefined;
      return {
        ...node,
        ...(role !== undefined && { role }),
        ...(process === undefined ? {} : { process }),
        ready: await inventory.ready(node.name),
        supervision: actual.state,
        last_exit: actual.last_exit,
        should_run: files.readDesired(node.name)?.want === "up" && actual.state !== "done",
        error: [actual.error, link.error, job?.error].filter(Boolean).join("; ") || null,
      };
    }),
  );
  const stack = readStack(stateDirectory);
  return {
    stack,
    run_directory: settings?.run_directory,
    supervisor: lockHolders(join(stateDirectory, SUPERVISOR_LOCK))[0],
    reach: reach(stack, settings),
    ...(stack !== undefined && { postgres_url: postgresUrl(stack.postgres) }),
    nodes: reports,
    ...(settings === undefined
      ? { health: null, health_unknown: "there is no stack", sink_errors: [] }
      : healthReport(join(settings.run_directory, RUN_FILES.health), leadingStatus({ nodes, driverStatusFile }))),
  };
}

function reach(stack: Stack | undefined, settings: Settings | undefined): StackReport["reach"] {
  return {
    ...(stack !== undefined && {
      kafka: stack.bootstrap_servers.join(","),
      postgres: postgresUrl(stack.postgres),
      trigger: stack.trigger,
    }),
    ...(settings !== undefined && { run: `${basename(settings.run_directory)}   (${settings.run_directory})` }),
  };
}

/** A URL that psql takes as it is: the password is in the file that the URL names (mode 0600), not in the URL. */
function postgresUrl({ user, host, port, database, password_file }: PostgresAddress): string {
  const passfile = encodeURIComponent(join(dirname(password_file), "pgpass"));
  return `postgresql://${user}@${host}:${port}/${database}?passfile=${passfile}`;
}
