import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Place } from "../../place.ts";
import type { Relay } from "../../runtime.ts";
import { z } from "zod";
import { ask, composeIsUp, run, TOOLS } from "./docker-compose.ts";

/** Of the monitor's page.json, as far as it is used here. */
const pageSchema = z.object({ url: z.string().nullable() });

/** Runs commands of this CLI in the stack's `chaos` container, where nodes have their names and the run its files. */
export class ComposeRelay implements Relay {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  isUp(): boolean {
    return composeIsUp(this.#place);
  }

  /**
   * When this process dies by SIGKILL, the container sees its standard input end: the command in it undoes its faults, stops, and
   * the container with it.
   */
  async run(argv: string[], files: Record<string, string> = {}): Promise<number> {
    const terminal = process.stdout.isTTY && process.stdin.isTTY;
    const volumes = Object.entries(files).flatMap(([file, path]) => ["--volume", `${file}:${path}:ro`]);
    const lease = ["--env", "FAULTLINE_STDIN_LEASE=1"];
    const options = ["--rm", "--no-deps", ...lease, ...(terminal ? [] : ["--no-TTY"]), ...volumes];
    const args = ["compose", ...TOOLS, "--progress", "quiet", "run", ...options, "chaos", ...argv];
    const { root: cwd, environment: env } = this.#place;
    using interrupt = ownInterrupt();
    return await run("docker", args, {
      cwd,
      env,
      stdio: [terminal ? "inherit" : "pipe", "inherit", "inherit"],
      detached: !terminal,
      interrupt: interrupt.signal,
    });
  }

  pageUrl(): string | undefined {
    const { isOk, output } = ask(this.#place, ["compose", "exec", "-T", "monitor", "cat", "/runs/current/page.json"]);
    try {
      return isOk ? (pageSchema.parse(JSON.parse(output)).url ?? undefined) : undefined;
    } catch {
      return undefined;
    }
  }

  /** The run is in the stack's volume. With `logs`, each container's log comes into the run's `logs/`, as the local runtime has them. */
  async fetchRun({ logs }: { logs: boolean } = { logs: false }): Promise<string | undefined> {
    const runDirectory = await this.#copyRun();
    if (logs && runDirectory !== undefined) await this.#copyLogs(runDirectory);
    return runDirectory;
  }

  async #copyRun(): Promise<string | undefined> {
    const { root: cwd, runsDir, environment } = this.#place;
    mkdirSync(runsDir, { recursive: true });
    // The producer goes on writing meanwhile: readers of a run take a torn last line.
    const inside = 'id=$(readlink /runs/current) && tar --warning=no-file-changed -C /runs -cf - "$id"';
    const tools = `docker compose ${TOOLS.join(" ")} --progress quiet run --rm --no-deps --no-TTY --entrypoint sh chaos -c '${inside}'`;
    const names: string[] = [];
    const code = await run("sh", ["-c", `${tools} | tar -C "$RUNS" --no-same-owner -xvf -`], {
      cwd,
      env: { ...environment, RUNS: runsDir },
      stdio: ["ignore", "pipe", 2],
      onLine: (name) => names.push(name),
    });
    const id = names[0]?.split("/")[0];
    return code === 0 && id !== undefined ? join(runsDir, id) : undefined;
  }

  async #copyLogs(runDirectory: string): Promise<void> {
    const { root: cwd, environment } = this.#place;
    const directory = join(runDirectory, "logs");
    mkdirSync(directory, { recursive: true });
    const script = `for service in $(docker compose ps --all --services); do docker compose logs --no-color --no-log-prefix "$service" >"$LOGS/$service.log" 2>&1; done`;
    await run("sh", ["-c", script], {
      cwd,
      env: { ...environment, LOGS: directory },
      stdio: ["ignore", "ignore", 2],
    });
  }
}

/** Aborted by the first Ctrl-C or SIGTERM that reaches this process. */
function ownInterrupt(): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const names = ["SIGINT", "SIGTERM"] as const;
  for (const name of names) process.on(name, abort);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const name of names) process.off(name, abort);
    },
  };
}
