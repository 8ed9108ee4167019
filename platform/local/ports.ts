import { createHash } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { FaultlineError } from "../../contract/errors.ts";
import type { Coordination } from "../../contract/stack.ts";
import { commandLine } from "./process-table.ts";

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
  "spark-worker-1",
  "spark-worker-1-web",
  "spark-worker-2",
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

/**
 * Chooses a free port for every name; the search begins at a place of the state directory's own, so that two stacks seldom meet.
 * @param asked ports that the user wants; one that is taken is an error.
 * @throws FaultlineError FL_PORT_IN_USE naming who has it, if known; FL_USAGE for a name that no port has.
 */
export async function choosePorts(stateDirectory: string, asked: Partial<Ports> = {}): Promise<Ports> {
  const unknown = Object.keys(asked).filter((name) => !(PORT_NAMES as readonly string[]).includes(name));
  if (unknown.length > 0) throw new FaultlineError("FL_USAGE", `no port is named "${unknown.join('", "')}"`, { remedy: `ports: ${PORT_NAMES.join(", ")}` });
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

/** Whether a server could listen on it now. */
export async function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once("error", () => resolve(false));
  server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  return promise;
}

export function portInUse(name: string, port: number): FaultlineError {
  const owner = portOwner(port);
  return new FaultlineError("FL_PORT_IN_USE", `port ${port} (for ${name}) is taken${owner === undefined ? "" : ` by ${owner}`}`, {
    remedy: "end that process, or choose another port",
  });
}

/** Who listens on a port of this machine: "pid 42 (nginx ...)"; undefined when that can't be known (another user's process, none). */
export function portOwner(port: number): string | undefined {
  const inodes = listeningInodes(port);
  if (inodes.size === 0) return undefined;
  for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    let descriptors: string[];
    try {
      descriptors = readdirSync(`/proc/${pid}/fd`);
    } catch {
      continue;
    }
    for (const descriptor of descriptors) {
      try {
        const socket = /^socket:\[(\d+)]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1];
        if (socket !== undefined && inodes.has(socket)) return `pid ${pid} (${commandLine(Number(pid))?.slice(0, 80) ?? "?"})`;
      } catch {
        // closed meanwhile
      }
    }
  }
  return undefined;
}

/** From /proc/net/tcp{,6}: field 2 is local address:port in hex, field 4 the state (0A is LISTEN), field 10 the inode. */
function listeningInodes(port: number): Set<string> {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const found = new Set<string>();
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    try {
      for (const line of readFileSync(file, "utf8").split("\n").slice(1)) {
        const fields = line.trim().split(/\s+/);
        if (fields[1]?.endsWith(`:${hex}`) && fields[3] === "0A" && fields[9] !== undefined) found.add(fields[9]);
      }
    } catch {
      // no IPv6
    }
  }
  return found;
}
