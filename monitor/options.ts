import { parseArgs } from "node:util";
import { parseBrokers, parseEnvironment } from "../contract/config.ts";
import { FaultlineError } from "../contract/errors.ts";
import type { PostgresLogin } from "../contract/stack.ts";
import { type MonitoredNode, parseNodes } from "./sources/nodes/node-list.ts";

const USAGE = `node monitor/main.ts --run-dir DIR [--brokers host:port[,host:port...]] [--nodes LIST] [--driver-status FILE]
  --run-dir DIR         the run's directory; it need not be there yet
  --brokers LIST        Kafka [default: KAFKA_BROKERS]
  --nodes LIST          the nodes to ask, name=kind[@host:port][,...] [default: MONITOR_NODES, else none]
  --driver-status FILE  the Spark job's status file [default: MONITOR_DRIVER_STATUS, else not known]
PostgreSQL is named by POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB, POSTGRES_USER and POSTGRES_PASSWORD.`;

export type MonitorOptions = {
  /** May be a link that leads to the run's directory later. */
  runDirectory: string;
  /** host:port of each broker. */
  brokers: string[];
  postgres: PostgresLogin;
  /** Those that each sample has. */
  nodes: MonitoredNode[];
  /** driver-status.json; undefined: the driver's status and the sink's errors are unknown. */
  driverStatusFile: string | undefined;
};

/** @throws FaultlineError FL_USAGE or FL_CONFIG_INVALID with the flag or variable, and its value (never the password). */
export function parseOptions(args: string[], environment: Record<string, string | undefined>): MonitorOptions {
  const { "run-dir": runDirectory, brokers, nodes, "driver-status": driverStatus } = flagsOf(args);
  if (runDirectory === undefined) throw usage("--run-dir: missing");
  const known = parseEnvironment(environment, "environment");
  const named = brokers === undefined ? known.KAFKA_BROKERS?.split(",") : parseBrokers(brokers, "--brokers");
  if (named === undefined) throw usage("--brokers: missing, and KAFKA_BROKERS is not set");
  return {
    runDirectory,
    brokers: named,
    postgres: {
      host: needed(known, "POSTGRES_HOST"),
      port: needed(known, "POSTGRES_PORT"),
      database: needed(known, "POSTGRES_DB"),
      user: needed(known, "POSTGRES_USER"),
      password: needed(known, "POSTGRES_PASSWORD"),
    },
    nodes:
      nodes === undefined
        ? parseNodes(environment["MONITOR_NODES"] ?? "", "MONITOR_NODES")
        : parseNodes(nodes, "--nodes"),
    driverStatusFile: driverStatus ?? (environment["MONITOR_DRIVER_STATUS"] || undefined),
  };
}

const FLAGS = {
  "run-dir": { type: "string" },
  brokers: { type: "string" },
  nodes: { type: "string" },
  "driver-status": { type: "string" },
} as const;

function flagsOf(args: string[]): { [Flag in keyof typeof FLAGS]?: string } {
  try {
    return parseArgs({ args, options: FLAGS, strict: true }).values;
  } catch (error) {
    throw usage((error as Error).message);
  }
}

type Known = ReturnType<typeof parseEnvironment>;

function needed<Name extends keyof Known>(known: Known, name: Name): NonNullable<Known[Name]> {
  const value = known[name];
  if (value === undefined) throw usage(`${name}: not set`);
  return value;
}

function usage(message: string): FaultlineError {
  return new FaultlineError("FL_USAGE", message, { remedy: USAGE });
}
