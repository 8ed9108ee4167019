import { FaultlineError } from "../../../contract/errors.ts";
import { writeKafkaConfiguration } from "../nodes/kafka-prepare.ts";
import { linkName, linkSpec, writeSpecAndMove } from "./links.ts";
import { behindAddress, type LinkableKind } from "../state/node-ports.ts";
import { NodeFiles } from "../supervisor/node-files.ts";
import { chooseSparePort } from "../state/ports.ts";
import { writePostgresConfiguration } from "../nodes/postgres-prepare.ts";
import { readSettings, type Settings, writeSettings } from "../state/settings.ts";
import { withStackLock } from "../state/stack-lock.ts";
import { ensureSupervisor } from "../supervisor/supervisor-process.ts";
import { waitForNodes } from "../supervisor/wait.ts";

const READY_TIMEOUT_MS = 120_000;

/**
 * Puts a link before a node of a running stack: the node starts again on a port behind it, in order, and the link takes its client port over.
 * Idempotent. If the process dies in between, another call or `up` goes on.
 * @param isReady asked until the node, reached through its link, is ready.
 * @throws FaultlineError FL_STACK_BUSY, FL_STACK_DOWN, FL_NODE_FAILED, FL_NOT_READY.
 */
export async function prepareLink(
  stateDirectory: string,
  node: string,
  kind: LinkableKind,
  isReady: () => Promise<boolean>,
): Promise<void> {
  await withStackLock(stateDirectory, async () => {
    const files = new NodeFiles(stateDirectory);
    const found = readSettings(stateDirectory);
    const spec = files.readSpec(node);
    if (found === undefined || spec === undefined || files.readDesired(node)?.want !== "up")
      throw new FaultlineError("FL_STACK_DOWN", `${node} is not up in ${stateDirectory}`, { remedy: "./faultline up" });
    // In this order, so that what comes later can be made again from what is on disk: the decision, the node's configuration, its new start.
    const settings = await withLink(stateDirectory, found, node);
    if (kind === "kafka") writeKafkaConfiguration(settings, stateDirectory, Number(node.split("-").at(-1)));
    else writePostgresConfiguration(settings, stateDirectory, node);
    writeSpecAndMove(files, { ...spec, addresses: { ...spec.addresses, ...behindAddress(settings, node) } });
    const link = linkSpec(settings, stateDirectory, node, kind);
    writeSpecAndMove(files, link);
    const desired = files.readDesired(link.name);
    if (desired?.want !== "up")
      files.writeDesired(link.name, { want: "up", generation: (desired?.generation ?? 0) + 1 });
    await ensureSupervisor(stateDirectory);
    const nodes = [node, linkName(node)];
    await waitForNodes(
      { what: `${node} behind its link`, nodes, files, timeoutMs: READY_TIMEOUT_MS },
      async () => nodes.every((name) => files.isCurrent(name)) && (await isReady()),
    );
  });
}

async function withLink(stateDirectory: string, settings: Settings, node: string): Promise<Settings> {
  if (settings.links?.[node] !== undefined) return settings;
  const port = await chooseSparePort(stateDirectory, [
    ...Object.values(settings.ports),
    ...Object.values(settings.links ?? {}),
    ...(settings.postgres_standby === undefined ? [] : [settings.postgres_standby.port]),
  ]);
  const linked = { ...settings, links: { ...settings.links, [node]: port } };
  writeSettings(stateDirectory, linked);
  return linked;
}
