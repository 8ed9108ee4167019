import { type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { z } from "zod";
import { FaultlineError } from "../../../contract/errors.ts";
import type { Place } from "../../place.ts";

const QUESTION_TIMEOUT_MS = 20_000;

/** The profile of the services that run on demand. */
export const TOOLS = ["--profile", "tools"];
/** Every profile: compose leaves the containers of a profile that is not named running, and then it can't remove the network. */
export const ALL_PROFILES = [...TOOLS, "--profile", "monitoring", "--profile", "standby"];

/** Where docker compose is run, and what interrupts it. */
export type ComposePlace = Pick<Place, "root" | "environment">;

/** `docker compose config`: the files, .env and the environment, merged; only what is used. */
const configSchema = z.object({
  name: z.string(),
  services: z.record(z.string(), z.object({ environment: z.record(z.string(), z.string().nullable()).optional() })),
});
export type ComposeConfig = z.infer<typeof configSchema>;

/** One question to Docker's command line, bounded in time. */
export function ask(
  { root, environment }: ComposePlace,
  args: string[],
  variables: Record<string, string> = {},
): { isOk: boolean; output: string; error: string } {
  const { status, stdout, stderr, error } = spawnSync("docker", args, {
    cwd: root,
    env: { ...environment, ...variables },
    encoding: "utf8",
    timeout: QUESTION_TIMEOUT_MS,
    maxBuffer: 16 * 2 ** 20,
  });
  return { isOk: status === 0, output: stdout ?? "", error: (error?.message ?? stderr ?? "").trim() };
}

/** @throws FaultlineError FL_PREREQUISITE when Docker does not answer, or .env is missing. */
export function composeConfig(place: ComposePlace, variables: Record<string, string> = {}): ComposeConfig {
  const engine = ask(place, ["version", "--format", "{{.Server.Version}}"]);
  if (!engine.isOk)
    throw new FaultlineError("FL_PREREQUISITE", `Docker does not answer: ${engine.error}`, {
      remedy: "install Docker with its compose plugin, and start it; or take --runtime local",
    });
  const config = ask(place, ["compose", "config", "--format", "json"], variables);
  if (config.isOk) return configSchema.parse(JSON.parse(config.output));
  throw new FaultlineError("FL_PREREQUISITE", `docker compose config: ${config.error}`, {
    remedy: "cp .env.example .env",
  });
}

/** Whether this checkout's stack of containers has any container, running or not. False also where there is no Docker. */
export function composeIsUp(place: ComposePlace): boolean {
  const { isOk, output } = ask(place, ["compose", "ps", "--all", "--quiet"]);
  return isOk && output.trim() !== "";
}

/**
 * Runs `docker compose ARGS` with its output on this process's standard error.
 * @param signal interrupts it. Undefined: nothing does, because it cleans up.
 * @throws FaultlineError FL_NODE_FAILED; FL_INTERRUPTED
 */
export async function compose(
  { root, environment }: ComposePlace,
  args: string[],
  { signal, variables = {} }: { signal?: AbortSignal; variables?: Record<string, string> } = {},
): Promise<void> {
  const code = await run("docker", ["compose", ...args], {
    cwd: root,
    env: { ...environment, ...variables },
    stdio: ["ignore", 2, 2],
    ...(signal !== undefined && { interrupt: signal }),
  });
  if (signal?.aborted === true) throw new FaultlineError("FL_INTERRUPTED", "interrupted");
  if (code !== 0)
    throw new FaultlineError("FL_NODE_FAILED", `docker compose ${args.join(" ")} ended with ${code}`, {
      remedy: "see its output above, and: docker compose logs",
    });
}

/**
 * In a process group of its own: Ctrl-C of a terminal goes to this process only, which hands it on once. (What is told twice ends at
 * once, without cleaning up.) A client that has the terminal itself stays in the group, and sends what is typed to its container.
 * @returns the exit code.
 */
export function run(
  file: string,
  args: string[],
  { onLine, interrupt, ...options }: SpawnOptions & { onLine?: (line: string) => void; interrupt?: AbortSignal },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { detached: true, ...options });
    if (onLine !== undefined && child.stdout !== null) createInterface({ input: child.stdout }).on("line", onLine);
    const stop = (): void => void child.kill("SIGINT");
    if (interrupt?.aborted === true) stop();
    interrupt?.addEventListener("abort", stop, { once: true });
    child.on("error", (error) =>
      reject(
        new FaultlineError("FL_PREREQUISITE", `${file}: ${error.message}`, {
          remedy: "install Docker with its compose plugin",
        }),
      ),
    );
    child.on("close", (code, signalName) => {
      interrupt?.removeEventListener("abort", stop);
      resolve(code ?? (signalName === null ? 1 : 130));
    });
  });
}
