import { FaultlineError } from "../../../contract/errors.ts";
import type { Condition, Imposed } from "../../../contract/node.ts";
import { waitUntil } from "../../../machine/clock.ts";
import type { ProcessStat } from "../../../machine/process-identity.ts";
import type { NodeContainer } from "../engine/containers.ts";
import { type EngineApi, isStatus } from "../engine/engine-api.ts";
import { findProcesses, signalInside } from "../engine/process-in-container.ts";

/**
 * Load inside a node's container, beside its processes and under its limits: started by `exec` as the container's own user, each process marked by
 * FAULTLINE_TAG in its environment and bounded by its own lease, whoever dies. Argument 0 of the exec says kind and tag, which Docker lists.
 */
const MARK = "faultline-load";
/** Clock ticks per second of /proc/PID/stat: USER_HZ, 100 on every architecture that Docker runs on. */
const TICKS_PER_S = 100;
const LIFT_TIMEOUT_MS = 3_000;
const NEEDS = ["bash", "head", "tail", "sleep", "grep"];

/** Arguments: lease in s, workers. Each worker is a loop that looks at the clock, so that it ends by itself. */
const CPU = `spin() { while ((SECONDS < $1)); do :; done; }
for ((i = 0; i < $2; i++)); do spin "$1" & done; wait`;

/** Arguments: lease in s, bytes. tail keeps the last bytes of a pipe until its end, in memory that it has written. */
const MEMORY = `{ head -c "$2" /dev/zero; exec sleep "$1"; } | tail -c "$2" >/dev/null & wait`;

export type LoadCondition = Extract<Condition, { kind: "cpu" | "memory" }>;

export async function loadUnavailable(
  engine: EngineApi,
  { status, inspect }: NodeContainer,
): Promise<string | undefined> {
  if (status.state !== "running") return `${status.name} is ${status.state}`;
  const { stdout } = await engine.exec(inspect.Id, [
    "sh",
    "-c",
    `for name in ${NEEDS.join(" ")}; do command -v "$name" >/dev/null || echo "$name"; done`,
  ]);
  const missing = stdout.split("\n").filter((name) => name !== "");
  return missing.length === 0 ? undefined : `the image of ${status.name} has no ${missing.join(", ")}`;
}

export async function imposeLoad(
  engine: EngineApi,
  node: NodeContainer,
  tag: string,
  condition: LoadCondition,
  leaseMs: number,
): Promise<void> {
  const [script, amount] = condition.kind === "cpu" ? [CPU, condition.workers] : [MEMORY, condition.mib * 1024 * 1024];
  const argv = ["bash", "-c", script, MARK, `${Math.ceil(leaseMs / 1000)}`, `${amount}`, condition.kind, tag];
  await engine.execDetached(node.inspect.Id, argv, [`FAULTLINE_TAG=${tag}`, `FAULTLINE_LOAD=${condition.kind}`]);
}

/** What runs in a node's container by imposeLoad, by the engine's own list of execs: no question to the container, so a paused one is no hindrance. */
export async function imposedLoads(engine: EngineApi, { status, inspect }: NodeContainer): Promise<Imposed[]> {
  const found = await Promise.all(
    (inspect.ExecIDs ?? []).map(async (id): Promise<Imposed | undefined> => {
      try {
        const { Running, ProcessConfig } = await engine.inspectExec(id);
        const [mark, , , kind, tag] = ProcessConfig.arguments?.slice(2) ?? [];
        if (!Running || mark !== MARK || (kind !== "cpu" && kind !== "memory") || tag === undefined) return undefined;
        return { node: status.name, tag, kind };
      } catch (error) {
        if (isStatus(error, 404)) return undefined;
        throw error;
      }
    }),
  );
  return found.filter((item) => item !== undefined);
}

/** Ends every process with this tag. Those that others wait for come last, so that none is left unreaped. @throws FaultlineError FL_HEAL_FAILED */
export async function liftLoad(engine: EngineApi, { status, inspect }: NodeContainer, tag: string): Promise<number> {
  const pattern = `^FAULTLINE_TAG=${tag.replaceAll(/[.*[\]^$\\]/g, String.raw`\$&`)}$`;
  let left: ProcessStat[] = [];
  let killed = 0;
  let isFirst = true;
  const isGone = await waitUntil(
    LIFT_TIMEOUT_MS,
    async () => {
      left = await findProcesses(engine, inspect, pattern, "environ");
      if (left.length === 0) return true;
      // Process 0 is the parent of an exec's process: outside the container.
      const children = left.filter(({ ppid }) => ppid !== 0);
      const next = isFirst && children.length > 0 ? children : left;
      isFirst = false;
      killed += (await signalInside(engine, inspect, next, "SIGKILL")).length;
      return false;
    },
    { everyMs: 50 },
  );
  if (isGone) return killed;
  const pids = left.map(({ pid }) => pid).join(", ");
  throw new FaultlineError("FL_HEAL_FAILED", `${status.name}: load of ${tag} still runs: pid ${pids}`, {
    remedy: `docker restart ${inspect.Name.slice(1)}`,
  });
}

/** Argument: the pattern. Two readings, a second apart: the uptime, then the stat of each process. */
const CPU_SAMPLE = `for round in 1 2; do
  read -r uptime idle < /proc/uptime; echo "uptime $uptime"
  for found in $(grep -lzs -e "$1" /proc/[0-9]*/environ); do read -r stat < "\${found%/*}/stat" && echo "$stat"; done
  [ "$round" = 2 ] || sleep 1
done 2>/dev/null; exit 0`;

/** Argument: the pattern. What each process has written to in memory, without what it maps from files. */
const MEMORY_SAMPLE = `for found in $(grep -lzs -e "$1" /proc/[0-9]*/environ); do grep -s '^RssAnon:' "\${found%/*}/status"; done; exit 0`;

/** cpu: cores used over a second by all load of this kind on the node. memory: MiB that it holds. Null: the node can't be asked. */
export async function measureLoad(
  engine: EngineApi,
  { status, inspect }: NodeContainer,
  kind: "cpu" | "memory",
): Promise<number | null> {
  if (status.state !== "running") return null;
  const script = kind === "cpu" ? CPU_SAMPLE : MEMORY_SAMPLE;
  const { stdout } = await engine.exec(inspect.Id, ["sh", "-c", script, "faultline", `^FAULTLINE_LOAD=${kind}$`]);
  return kind === "cpu" ? coresUsed(stdout) : mibHeld(stdout);
}

function mibHeld(output: string): number {
  const kib = [...output.matchAll(/^RssAnon:\s+(\d+) kB$/gm)].reduce((sum, [, value]) => sum + Number(value), 0);
  return Math.round(kib / 102.4) / 10;
}

/** A process that came or went between the readings is not counted. */
export function coresUsed(output: string): number {
  const [before, after] = output
    .split(/^uptime /m)
    .slice(1)
    .map((reading) => {
      const [uptime, ...stats] = reading.trimEnd().split("\n");
      return { uptimeS: Number(uptime), ticks: new Map(stats.map(cpuTicks)) };
    });
  if (before === undefined || after === undefined || after.uptimeS <= before.uptimeS) return 0;
  let used = 0;
  for (const [pid, ticks] of after.ticks) used += ticks - (before.ticks.get(pid) ?? ticks);
  return Math.round((used / TICKS_PER_S / (after.uptimeS - before.uptimeS)) * 100) / 100;
}

/** Fields 14 and 15 of /proc/PID/stat, the time in user and kernel mode; fields are counted from the name's last ")", after which comes field 3. */
function cpuTicks(stat: string): [pid: number, ticks: number] {
  const rest = stat.slice(stat.lastIndexOf(") ") + 2).split(" ");
  return [Number(stat.split(" ", 1)[0]), Number(rest[11]) + Number(rest[12])];
}
