import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { commandLine } from "./process-table.ts";

/** Whether a server could listen on this port of 127.0.0.1 now. */
export async function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once("error", () => resolve(false));
  server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  return promise;
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
        if (socket !== undefined && inodes.has(socket))
          return `pid ${pid} (${commandLine(Number(pid))?.slice(0, 80) ?? "?"})`;
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
