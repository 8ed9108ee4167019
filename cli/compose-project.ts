import { type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { FaultlineError } from "../contract/errors.ts";
import type { CommandContext } from "./context.ts";

type Place = Pick<CommandContext, "root" | "signal">;
type RunPlace = Place & Pick<CommandContext, "runsDir">;

/** Services that run on demand. */
const TOOLS = ["--profile", "tools"];

/** Whether this checkout's stack of containers has any container, running or not. False also where there is no Docker. */
export function composeIsUp(root: string): boolean {
  const result = spawnSync("docker", ["compose", "ps", "--all", "--quiet"], { cwd: root, encoding: "utf8", timeout: 20_000 });
  return result.status === 0 && result.stdout.trim() !== "";
}

/** @throws FaultlineError FL_PREREQUISITE when Docker does not answer or .env is missing. */
export function checkCompose(root: string): void {
  const engine = spawnSync("docker", ["version", "--format", "{{.Server.Version}}"], { encoding: "utf8", timeout: 20_000 });
  if (engine.status !== 0)
    throw new FaultlineError("FL_PREREQUISITE", `Docker does not answer: ${(engine.error?.message ?? engine.stderr).trim()}`, {
      remedy: "install Docker with its compose plugin, and start it; or take --runtime local",
    });
  const config = spawnSync("docker", ["compose", "config", "--quiet"], { cwd: root, encoding: "utf8", timeout: 20_000 });
  if (config.status !== 0) throw new FaultlineError("FL_PREREQUISITE", `docker compose config: ${config.stderr.trim()}`, { remedy: "cp .env.example .env" });
}

/** Runs `docker compose ARGS` with its output on this process's standard error. @throws FaultlineError FL_NODE_FAILED; FL_INTERRUPTED */
export async function compose(place: Place, args: string[], variables: Record<string, string> = {}): Promise<void> {
  const code = await run(place, "docker", ["compose", ...args], { stdio: ["ignore", 2, 2], env: { ...process.env, ...variables } });
  if (place.signal.aborted) throw new FaultlineError("FL_INTERRUPTED", "interrupted");
  if (code !== 0)
    throw new FaultlineError("FL_NODE_FAILED", `docker compose ${args.join(" ")} ended with ${code}`, {
      remedy: "see its output above, and: docker compose logs",
    });
}

/** Builds every image, those of the tools too; starts everything and waits until each service is healthy. */
export async function composeUp(place: Place, variables: Record<string, string> = {}): Promise<void> {
  await compose(place, [...TOOLS, "build"], variables);
  await compose(place, ["up", "--detach", "--wait", "--wait-timeout", "300"], variables);
}

/** Also after an interruption: this is the cleaning up, and so is the copying below. */
export async function composeDown(place: Place, volumes: boolean): Promise<void> {
  await compose(undisturbed(place), [...TOOLS, "down", "--remove-orphans", ...(volumes ? ["--volumes"] : [])]);
}

/**
 * Runs a command of this CLI in the stack's `chaos` container, where nodes have their names and the run its files. Ctrl-C reaches it; and when this
 * process dies by SIGKILL, the container sees its standard input end and undoes and stops by itself.
 * @param mounts host file → path in the container, read-only. @returns the command's exit code.
 */
export async function runInside(place: Place, argv: string[], mounts: Record<string, string> = {}): Promise<number> {
  const terminal = process.stdout.isTTY && process.stdin.isTTY;
  const volumes = Object.entries(mounts).flatMap(([file, path]) => ["--volume", `${file}:${path}:ro`]);
  const options = ["--rm", "--no-deps", "--env", "FAULTLINE_STDIN_LEASE=1", ...(terminal ? [] : ["--no-TTY"]), ...volumes];
  const args = ["compose", ...TOOLS, "--progress", "quiet", "run", ...options, "chaos", ...argv];
  return run(place, "docker", args, { stdio: [terminal ? "inherit" : "pipe", "inherit", "inherit"], detached: !terminal });
}

/** Copies the current run's directory out of the stack's volume into runs/. @returns its path here; undefined: there is none, or it could not be copied. */
export async function copyRun(place: RunPlace): Promise<string | undefined> {
  mkdirSync(place.runsDir, { recursive: true });
  // The producer goes on writing meanwhile: readers of a run take a torn last line.
  const inside = 'id=$(readlink /runs/current) && tar --warning=no-file-changed -C /runs -cf - "$id"';
  const tools = `docker compose ${TOOLS.join(" ")} --progress quiet run --rm --no-deps --no-TTY --entrypoint sh chaos -c '${inside}'`;
  const names: string[] = [];
  const code = await run(undisturbed(place), "sh", ["-c", `${tools} | tar -C "$RUNS" --no-same-owner -xvf -`], {
    stdio: ["ignore", "pipe", 2],
    env: { ...process.env, RUNS: place.runsDir },
    onLine: (name) => names.push(name),
  });
  const id = names[0]?.split("/")[0];
  return code === 0 && id !== undefined ? join(place.runsDir, id) : undefined;
}

/** Writes each container's log into the run's `logs/`, as the local runtime has them. */
export async function copyLogs(place: Place, runDirectory: string): Promise<void> {
  mkdirSync(join(runDirectory, "logs"), { recursive: true });
  const script = `for service in $(docker compose ps --all --services); do docker compose logs --no-color --no-log-prefix "$service" >"$LOGS/$service.log" 2>&1; done`;
  await run(undisturbed(place), "sh", ["-c", script], { stdio: ["ignore", "ignore", 2], env: { ...process.env, LOGS: join(runDirectory, "logs") } });
}

function undisturbed(place: Place): Place {
  return { ...place, signal: new AbortController().signal };
}

/**
 * In a process group of its own: Ctrl-C of a terminal goes to this process only, which hands it on once. (What is told twice ends at once, without
 * cleaning up.) A client that has the terminal itself stays in the group, and sends what is typed to its container.
 */
function run(
  { root, signal }: Place,
  file: string,
  args: string[],
  { onLine, ...options }: SpawnOptions & { onLine?: (line: string) => void },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, detached: true, ...options });
    if (onLine !== undefined && child.stdout !== null) createInterface({ input: child.stdout }).on("line", onLine);
    const stop = (): void => void child.kill("SIGINT");
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    child.on("error", (error) =>
      reject(new FaultlineError("FL_PREREQUISITE", `${file}: ${error.message}`, { remedy: "install Docker with its compose plugin" })),
    );
    child.on("close", (code, signalName) => {
      signal.removeEventListener("abort", stop);
      resolve(code ?? (signalName === null ? 1 : 130));
    });
  });
}
