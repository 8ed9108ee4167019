import { z } from "zod";
import { FaultlineError } from "../../../contract/errors.ts";
import type { Imposed } from "../../../contract/node.ts";
import type { NodeContainer } from "../engine/containers.ts";
import { type EngineApi, EngineError, isStatus } from "../engine/engine-api.ts";
import type { FaultContainer, FaultContainers } from "./fault-container.ts";

/** The endpoint that a node had, as it stands in a label. */
const noteSchema = z.strictObject({ aliases: z.array(z.string()), ipv4_address: z.string().nullable() });

/**
 * Takes a container off the project's network. Docker forgets the endpoint then, so its aliases are noted first, in a container that is never
 * started, together with the tag. No lease: nothing in the kernel or the engine would connect it again.
 */
export async function disconnect(
  engine: EngineApi,
  faults: FaultContainers,
  network: string,
  node: NodeContainer,
  tag: string,
): Promise<void> {
  const endpoint = node.inspect.NetworkSettings.Networks[network];
  if (endpoint === undefined)
    throw new FaultlineError(
      "FL_FAULT_UNAVAILABLE",
      `disconnect: ${node.status.name} is not on the network ${network}`,
    );
  const note: z.infer<typeof noteSchema> = {
    aliases: endpoint.Aliases ?? [],
    ipv4_address: endpoint.IPAMConfig?.IPv4Address ?? null,
  };
  await faults.leaveNote(node.inspect, { node: node.status.name, tag, kind: "disconnect" }, JSON.stringify(note));
  await engine.disconnectNetwork(network, node.inspect.Id);
}

/**
 * Returns whether it was connected again now. A note of this tag is removed afterwards. Without any note, whatever the tag, a node that is off the network is
 * connected with what compose gives: who took it off could not say.
 */
export async function reconnect(
  engine: EngineApi,
  faults: FaultContainers,
  network: string,
  node: NodeContainer,
  tag: string,
): Promise<boolean> {
  const { inspect, status } = node;
  const notes = (await faults.list(status.name)).filter(({ kind }) => kind === "disconnect");
  const own = notes.filter((note) => note.tag === tag);
  let connected = false;
  if (isDisconnected(node, network) && (own.length > 0 || notes.length === 0)) {
    await connect(engine, network, node, own[0]);
    connected = true;
  }
  for (const note of own) await faults.discard(note.id);
  if (connected && (await engine.inspect(inspect.Id)).NetworkSettings.Networks[network] === undefined) {
    throw new FaultlineError("FL_HEAL_FAILED", `${status.name} is still not on the network ${network}`, {
      remedy: `docker network connect --alias ${node.service} ${network} ${inspect.Name.slice(1)}`,
    });
  }
  return connected;
}

async function connect(
  engine: EngineApi,
  network: string,
  { inspect, service }: NodeContainer,
  note: FaultContainer | undefined,
): Promise<void> {
  const noted = readNote(note);
  const aliases = new Set([inspect.Name.slice(1), service, inspect.Id.slice(0, 12), ...(noted?.aliases ?? [])]);
  const address = noted?.ipv4_address ?? undefined;
  try {
    await engine.connectNetwork(network, inspect.Id, {
      Aliases: [...aliases],
      ...(address !== undefined && { IPAMConfig: { IPv4Address: address } }),
    });
  } catch (error) {
    // Somebody else connected it meanwhile: as it should be. Docker says so with 403 or 409, depending on its version.
    if (isStatus(error, 403, 409) && (await engine.inspect(inspect.Id)).NetworkSettings.Networks[network] !== undefined)
      return;
    if (address === undefined || !(error instanceof EngineError) || error.status === undefined) throw error;
    // The fixed address is taken: another address is better than none.
    await engine.connectNetwork(network, inspect.Id, { Aliases: [...aliases] });
  }
}

/** Undefined also for a note that can't be read: then the node is connected as compose does it. */
function readNote(note: FaultContainer | undefined): z.infer<typeof noteSchema> | undefined {
  try {
    return noteSchema.safeParse(JSON.parse(note?.note ?? "null")).data;
  } catch {
    return undefined;
  }
}

/** Only of a container with a network namespace. A container that is down counts as well, because its endpoints are in its configuration. */
export function isDisconnected({ inspect }: NodeContainer, network: string): boolean {
  return inspect.NetworkSettings.Networks[network] === undefined;
}

/** Of nodes that are off the network, with the tag that their note has; "" when nobody left one. */
export function disconnected(nodes: NodeContainer[], network: string, notes: FaultContainer[]): Imposed[] {
  return nodes
    .filter((node) => isDisconnected(node, network))
    .map(({ status }) => ({
      node: status.name,
      tag: notes.find(({ node, kind }) => kind === "disconnect" && node === status.name)?.tag ?? "",
      kind: "disconnect" as const,
    }));
}
