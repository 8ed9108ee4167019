import { join } from "node:path";
import { COMPILE_CACHE, LAYOUT, nodeEnvironment, ROOT } from "../state/layout.ts";
import { FIELD_DEFAULTS } from "./field-defaults.ts";
import { bootstrapServers } from "./kafka.ts";
import type { ProducerOptions } from "../../runtime.ts";
import type { ProcessSpec } from "../supervisor/node-files.ts";
import type { Settings } from "../state/settings.ts";

/** Ends with 0 when it has produced all, and is then done. */
export function producerSpec(settings: Settings, stateDirectory: string, options: ProducerOptions): ProcessSpec {
  const args = [
    "--run-dir",
    settings.run_directory,
    "--brokers",
    bootstrapServers(settings).join(","),
    "--rate",
    `${options.rate}`,
  ];
  if (options.untilTotal !== undefined) args.push("--until-total", `${options.untilTotal}`);
  if (options.lingerMs !== undefined) args.push("--linger-ms", `${options.lingerMs}`);
  if (options.untilMs !== undefined) args.push("--until-ms", `${options.untilMs}`);
  if (settings.field_defaults === true)
    args.push("--kafka-defaults", "--send-deadline-ms", FIELD_DEFAULTS.producer["delivery.timeout.ms"]);
  return {
    name: "producer",
    kind: "producer",
    command: process.execPath,
    args: ["--disable-warning=ExperimentalWarning", join(ROOT, "producer/main.ts"), ...args],
    env: nodeEnvironment(COMPILE_CACHE),
    secret_env: {},
    cwd: join(stateDirectory, LAYOUT.data, "producer"),
    log: join(settings.run_directory, "logs/producer.log"),
    addresses: {},
    restart: "on-failure",
    fatal_exits: { 64: "a flag, or a file that it reads, is wrong" },
    // It drains: waits for the batches in flight.
    stop: { signal: "SIGTERM", timeout_ms: 40_000 },
  };
}
