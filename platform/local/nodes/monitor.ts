import { join } from "node:path";
import { LAYOUT, nodeEnvironment, ROOT } from "../state/layout.ts";
import type { Settings } from "../state/settings.ts";
import type { ProcessSpec } from "../supervisor/node-files.ts";
import { bootstrapServers } from "./kafka.ts";
import { postgresAddress } from "./postgres.ts";

export const MONITOR = "monitor";

/** Watches the run: it writes samples.ndjson until it is stopped. It waits for run.json by itself. */
export function monitorSpec(settings: Settings, stateDirectory: string): ProcessSpec {
  const address = postgresAddress(settings, stateDirectory);
  return {
    name: MONITOR,
    kind: "monitor",
    command: process.execPath,
    args: [
      "--disable-warning=ExperimentalWarning",
      // It must stay small beside the nodes that it watches.
      "--max-semi-space-size=4",
      join(ROOT, "monitor/main.ts"),
      "--run-dir",
      settings.run_directory,
      "--brokers",
      bootstrapServers(settings).join(","),
    ],
    env: nodeEnvironment({
      POSTGRES_HOST: address.host,
      POSTGRES_PORT: `${address.port}`,
      POSTGRES_DB: address.database,
      POSTGRES_USER: address.user,
    }),
    secret_env: { POSTGRES_PASSWORD: address.password_file },
    cwd: join(stateDirectory, LAYOUT.data, MONITOR),
    log: join(settings.run_directory, "logs/monitor.log"),
    addresses: {},
    restart: "always",
    fatal_exits: { 64: "a flag, or a file that it reads, is wrong" },
    stop: { signal: "SIGTERM", timeout_ms: 5_000 },
  };
}
