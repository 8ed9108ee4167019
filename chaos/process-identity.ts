import { readFileSync } from "node:fs";
import type { ProcessIdentity } from "../contract/node.ts";

/**
 * Reads a process's identity and state from /proc/PID/stat (proc_pid_stat(5)): field 3 is the state, field 22 the start time
 * in clock ticks since boot. The name (field 2) may hold spaces and parentheses, so counting starts after its last ")".
 * @returns undefined when there is no such process.
 */
export function readProcess(pid: number): { identity: ProcessIdentity; state: string; parent: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const boot_id = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return { identity: { pid, start_ticks: Number(fields[19]), boot_id }, state: fields[0] ?? "?", parent: Number(fields[1]) };
  } catch {
    return undefined;
  }
}

export function ownIdentity(): ProcessIdentity {
  const own = readProcess(process.pid);
  if (own === undefined) throw new Error("/proc/self/stat can't be read: chaos needs Linux's /proc");
  return own.identity;
}

/** A container that was started again is another one, though its id stays: everything in it has the same pids again. */
export function sameProcess(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return (
    a.pid === b.pid &&
    a.start_ticks === b.start_ticks &&
    a.boot_id === b.boot_id &&
    a.container?.id === b.container?.id &&
    a.container?.started_at === b.container?.started_at
  );
}

/**
 * Whether exactly this process still runs, as far as this /proc can tell; a zombie does not. Only for a process of our own pid namespace:
 * of one in a container nothing is known here, and the answer is false (NodeControl.processStates knows).
 */
export function isAlive(identity: ProcessIdentity): boolean {
  const found = identity.container === undefined ? readProcess(identity.pid) : undefined;
  return found !== undefined && sameProcess(found.identity, identity) && found.state !== "Z" && found.state !== "X";
}
