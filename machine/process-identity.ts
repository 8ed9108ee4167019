import { readFileSync } from "node:fs";
import type { ProcessIdentity } from "../contract/process.ts";

export type Signal = "SIGKILL" | "SIGTERM" | "SIGINT" | "SIGSTOP" | "SIGCONT" | "SIGHUP";

/** The part of /proc/PID/stat that names a process and says how it is (proc_pid_stat(5)). */
export type ProcessStat = {
  pid: number;
  /** R, S, D, T (stopped by a signal), Z (dead, not yet reaped), ... */
  state: string;
  ppid: number;
  session: number;
  start_ticks: number;
};

/**
 * Reads one line of /proc/PID/stat. The second field is the command in parentheses and may itself hold spaces and parentheses,
 * so the fields are counted from the last ")". Returns undefined for anything else.
 */
export function parseProcessStat(text: string): ProcessStat | undefined {
  const open = text.indexOf(" (");
  const close = text.lastIndexOf(") ");
  if (open < 1 || close < open) return undefined;
  // rest[0] is field 3 (state), so field n is rest[n - 3].
  const rest = text
    .slice(close + 2)
    .trimEnd()
    .split(" ");
  const stat = {
    pid: Number(text.slice(0, open)),
    state: rest[0] ?? "",
    ppid: Number(rest[1]),
    session: Number(rest[3]),
    start_ticks: Number(rest[19]),
  };
  return [stat.pid, stat.ppid, stat.session, stat.start_ticks].every(Number.isSafeInteger) && stat.state !== ""
    ? stat
    : undefined;
}

export function readProcessStat(pid: number): ProcessStat | undefined {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return undefined;
  }
}

let boot: string | undefined;

/** The kernel's random name for this boot: pids and start times of another boot mean nothing. */
export function bootId(): string {
  return (boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
}

export function toIdentity(stat: ProcessStat): ProcessIdentity {
  return { pid: stat.pid, start_ticks: stat.start_ticks, boot_id: bootId() };
}

/** Identity of the process that has this pid now; undefined when it is dead (also when only not reaped). */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const stat = readProcessStat(pid);
  return stat === undefined || isDead(stat) ? undefined : toIdentity(stat);
}

/** This process. @throws Error without Linux's /proc */
export function ownIdentity(): ProcessIdentity {
  const own = identityOf(process.pid);
  if (own === undefined) throw new Error("/proc/self/stat can't be read: Linux with /proc is needed");
  return own;
}

/** As one word, for a file's name or a list: "pid.start_ticks.boot_id". */
export function identityText({ pid, start_ticks, boot_id }: ProcessIdentity): string {
  return `${pid}.${start_ticks}.${boot_id}`;
}

/** The inverse of identityText; undefined for any other text. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const [, pid, start_ticks, boot_id] = /^(\d+)\.(\d+)\.([\w-]+)$/.exec(text) ?? [];
  return boot_id === undefined ? undefined : { pid: Number(pid), start_ticks: Number(start_ticks), boot_id };
}

export function sameProcess(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return a.pid === b.pid && a.start_ticks === b.start_ticks && a.boot_id === b.boot_id;
}

function isDead(stat: ProcessStat): boolean {
  return stat.state === "Z" || stat.state === "X";
}

/** What became of exactly this process. */
export function processState(identity: ProcessIdentity): "stopped" | "running" | "gone" {
  if (identity.boot_id !== bootId()) return "gone";
  const stat = readProcessStat(identity.pid);
  if (stat === undefined || stat.start_ticks !== identity.start_ticks || isDead(stat)) return "gone";
  return stat.state === "T" ? "stopped" : "running";
}

export function isAlive(identity: ProcessIdentity): boolean {
  return processState(identity) !== "gone";
}

/**
 * Sends a signal to exactly this process; its identity is read again right before, since Node has no pidfd.
 * @returns whether it got the signal.
 */
export function signalProcess(identity: ProcessIdentity, signal: Signal): boolean {
  if (!isAlive(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}
