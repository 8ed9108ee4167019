import { FaultlineError } from "../../../contract/errors.ts";
import { parseProcessStat, type ProcessStat, type Signal } from "../../../machine/process-identity.ts";
import { type ContainerInspect, type EngineApi, isStatus } from "./engine-api.ts";

/**
 * Prints the /proc/PID/stat of each process in whose file (cmdline, environ) an entry matches: entries end with NUL there, hence grep -z. The
 * pattern must not match itself, since grep's own command line is among the files. Needs only sh, grep and a /proc.
 */
const FIND = `for found in $(grep -lzs -e "$1" /proc/[0-9]*/"$2"); do
  read -r stat < "\${found%/*}/stat" && echo "$stat"
done 2>/dev/null; exit 0`;

/** Prints the stat of each pid that is given. */
const LOOK = `for pid in "$@"; do read -r stat < "/proc/$pid/stat" && echo "$stat"; done 2>/dev/null; exit 0`;

/** Field 22 of stat, the start time, is the 20th after the name, which ends with the last ")". Prints each pid:ticks that got the signal. */
const SIGNAL = `signal=$1; shift
for identity in "$@"; do
  read -r stat < "/proc/\${identity%:*}/stat" || continue
  set -- \${stat##*) }
  [ "\${20}" = "\${identity#*:}" ] && [ "$1" != Z ] && kill -s "$signal" "\${identity%:*}" && echo "$identity"
done 2>/dev/null; exit 0`;

type Container = Pick<ContainerInspect, "Id">;

/** Processes in a container that runs. Empty if the container is paused or down, because Docker can run nothing in it then. */
export async function findProcesses(
  engine: EngineApi,
  container: Container,
  pattern: string,
  file: "cmdline" | "environ",
): Promise<ProcessStat[]> {
  return stats(await shell(engine, container, FIND, [pattern, file]));
}

export async function lookAt(engine: EngineApi, container: Container, pids: number[]): Promise<ProcessStat[]> {
  return pids.length === 0 ? [] : stats(await shell(engine, container, LOOK, pids.map(String)));
}

/** Signals exactly these processes, by the shell's own kill. @returns those that got it */
export async function signalInside<T extends { pid: number; start_ticks: number }>(
  engine: EngineApi,
  container: Container,
  processes: T[],
  signal: Signal,
): Promise<T[]> {
  if (processes.length === 0) return [];
  const named = (process: T): string => `${process.pid}:${process.start_ticks}`;
  const struck = (await shell(engine, container, SIGNAL, [signal.slice(3), ...processes.map(named)])).split("\n");
  return processes.filter((process) => struck.includes(named(process)));
}

function stats(output: string): ProcessStat[] {
  return output.split("\n").flatMap((line) => {
    const stat = parseProcessStat(line);
    return stat === undefined || stat.state === "Z" ? [] : [stat];
  });
}

async function shell(engine: EngineApi, { Id }: Container, script: string, args: string[]): Promise<string> {
  try {
    const { code, stdout, stderr } = await engine.exec(Id, ["sh", "-c", script, "faultline", ...args]);
    // 137: killed together with its container.
    if (code === 0 || code === 137) return stdout;
    throw new FaultlineError(
      "FL_NODE_FAILED",
      `a shell in container ${Id.slice(0, 12)} ended with ${code}: ${stderr.trim() || stdout.trim()}`,
    );
  } catch (error) {
    // 404: removed; 409: not running, or paused.
    if (isStatus(error, 404, 409)) return "";
    throw error;
  }
}
