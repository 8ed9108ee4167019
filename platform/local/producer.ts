import { join } from "node:path";
import { LAYOUT, nodeEnvironment, ROOT } from "./layout.ts";
import { bootstrapServers } from "./kafka.ts";
import type { ProcessSpec } from "./node-files.ts";
import type { Settings } from "./settings.ts";

/** How much to produce: events per second, and when to end (at a total of events, at a time; never, if neither). */
export type ProducerOptions = {
  rate: number;
  untilTotal?: number;
  untilMs?: number;
  /** How long a batch waits for more events; undefined: the producer's default. */
  lingerMs?: number;
};

/** Ends with 0 when it has produced all, and is then done. */
export function producerSpec(settings: Settings, stateDirectory: string, options: ProducerOptions): ProcessSpec {
  const args = ["--run-dir", settings.runDirectory, "--brokers", bootstrapServers(settings).join(","), "--rate", `${options.rate}`];
  if (options.untilTotal !== undefined) args.push("--until-total", `${options.untilTotal}`);
  if (options.lingerMs !== undefined) args.push("--linger-ms", `${options.lingerMs}`);
  if (options.untilMs !== undefined) args.push("--until-ms", `${options.untilMs}`);
  return {
    name: "producer",
    kind: "producer",
    command: process.execPath,
    args: ["--disable-warning=ExperimentalWarning", join(ROOT, "producer/main.ts"), ...args],
    env: nodeEnvironment(),
    secretEnv: {},
    cwd: join(stateDirectory, LAYOUT.data, "producer"),
    log: join(settings.runDirectory, "logs/producer.log"),
    addresses: {},
    restart: "on-failure",
    fatalExitCodes: [64],
    // It drains: waits for the batches in flight.
    stop: { signal: "SIGTERM", timeoutMs: 40_000 },
  };
}
