import { createHash } from "node:crypto";
import { FaultlineError } from "../../../contract/errors.ts";
import type { Coordination } from "../../../contract/stack.ts";
import { isFree, portOwner } from "../../../machine/tcp-port.ts";

/** Every port that a local stack listens on, all on 127.0.0.1. */
export const PORT_NAMES = [
  "kafka-1-client",
  "kafka-1-broker",
  "kafka-1-controller",
  "kafka-2-client",
  "kafka-2-broker",
  "kafka-2-controller",
  "kafka-3-client",
  "kafka-3-broker",
  "kafka-3-controller",
  "zookeeper",
  "postgres",
  "spark-master",
  "spark-master-web",
  "spark-worker-1-web",
  "spark-worker-2-web",
] as const;
export type PortName = (typeof PORT_NAMES)[number];
export type Ports = Record<PortName, number>;

/** Whether a stack with this coordination listens on it. Every port is chosen, so that a name is always known. */
export function usesPort(coordination: Coordination, name: PortName): boolean {
  return coordination === "zookeeper" ? !name.endsWith("-controller") : name !== "zookeeper";
}

/** Ports are searched below the range that the kernel gives to outgoing connections: a node that is down for a while must find its port free again. */
const FIRST = 20_000;
const LAST = 31_999;

/** @throws FaultlineError FL_USAGE for a name that no port has, or a number that two have */
export function checkAskedPorts(asked: Readonly<Record<string, number>>): void {
  const unknown = Object.keys(asked).filter((name) => !(PORT_NAMES as readonly string[]).includes(name));
  if (unknown.length > 0)
    throw new FaultlineError("FL_USAGE", `no port is named "${unknown.join('", "')}"`, {
      remedy: `ports: ${PORT_NAMES.join(", ")}`,
    });
  for (const [name, port] of Object.entries(asked)) {
    const other = Object.entries(asked).find((entry) => entry[1] === port && entry[0] !== name);
    if (other !== undefined)
      throw new FaultlineError("FL_USAGE", `port ${port} is asked for twice, for ${name} and ${other[0]}`, {
        remedy: "give each port another number",
      });
  }
}

/**
 * Chooses a free port for every name; the search begins at a place of the state directory's own, so that two stacks seldom meet.
 * @param asked ports that the user wants; a port that is in use is an error.
 * @throws FaultlineError FL_PORT_IN_USE naming the process that has the port, if known; FL_USAGE as checkAskedPorts.
 */
export async function choosePorts(
  stateDirectory: string,
  asked: Readonly<Record<string, number>> = {},
): Promise<Ports> {
  checkAskedPorts(asked);
  for (const [name, port] of Object.entries(asked)) if (!(await isFree(port))) throw portInUse(name, port);
  const chosen = new Map<PortName, number>();
  const taken = new Set(Object.values(asked));
  let candidate = searchStart(stateDirectory);
  for (const name of PORT_NAMES) {
    const port = asked[name] ?? (candidate = await nextFree(candidate, taken));
    taken.add(port);
    chosen.set(name, port);
  }
  return Object.fromEntries(chosen) as Ports;
}

/** Chooses one more free port than choosePorts did. @param taken ports that are not to be it, free or not. @throws FaultlineError FL_PORT_IN_USE */
export async function chooseSparePort(stateDirectory: string, taken: Iterable<number>): Promise<number> {
  return nextFree(searchStart(stateDirectory), new Set(taken));
}

function searchStart(stateDirectory: string): number {
  return FIRST + (createHash("sha256").update(stateDirectory).digest().readUInt32BE(0) % (LAST - FIRST + 1));
}

/** The first free port from this one on, round the end of the range. */
async function nextFree(from: number, taken: ReadonlySet<number>): Promise<number> {
  let candidate = from;
  for (let tries = 0; tries <= LAST - FIRST; tries++) {
    if (!taken.has(candidate) && (await isFree(candidate))) return candidate;
    candidate = candidate === LAST ? FIRST : candidate + 1;
  }
  throw new FaultlineError("FL_PORT_IN_USE", `no free port from ${FIRST} to ${LAST} on 127.0.0.1`);
}

export function portInUse(name: string, port: number): FaultlineError {
  const owner = portOwner(port);
  return new FaultlineError(
    "FL_PORT_IN_USE",
    `port ${port} (for ${name}) is taken${owner === undefined ? "" : ` by ${owner}`}`,
    {
      remedy: "end that process, or choose another port",
    },
  );
}
