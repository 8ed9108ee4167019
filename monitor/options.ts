import { parseArgs } from "node:util";
import { parseBrokers, parseEnvironment } from "../contract/config.ts";
import { FaultlineError } from "../contract/errors.ts";
import type { PostgresLogin } from "../contract/stack.ts";
import type { PageAddress } from "./http/monitor-page.ts";
import { type MonitoredNode, parseNodes } from "./sources/nodes/node-list.ts";

const USAGE = `node monitor/main.ts --run-dir DIR [--brokers host:port[,host:port...]] [--nodes LIST] [--driver-status DIR] [--page host:port [--page-hosts LIST]]
  --run-dir DIR         the run's directory; it need not be there yet
  --brokers LIST        Kafka [default: KAFKA_BROKERS]
  --nodes LIST          the nodes to ask, name=kind[@host:port][,...] [default: MONITOR_NODES, else none]
  --driver-status DIR   where each driver's status file is, NAME-status.json [default: MONITOR_DRIVER_STATUS, else not known]
  --page host:port      where to serve the run's page; port 0 is a free one [default: MONITOR_PAGE, else nowhere]
  --page-hosts LIST     names besides the loopback names by which it is asked for, name or name:port [default: MONITOR_PAGE_HOSTS]
PostgreSQL is named by POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB, POSTGRES_USER and POSTGRES_PASSWORD.`;

export type MonitorOptions = {
  /** May be a link that leads to the run's directory later. */
  runDirectory: string;
  /** host:port of each broker. */
  brokers: string[];
  postgres: PostgresLogin;
  /** Those that each sample has. */
  nodes: MonitoredNode[];
  /** Where each driver's status file is; undefined: the drivers' status and the sink's errors are unknown. */
  driverStatusDirectory: string | undefined;
  /** Where the run's page is served; undefined: nowhere. */
  page: PageAddress | undefined;
};

/** @throws FaultlineError FL_USAGE or FL_CONFIG_INVALID with the flag or variable, and its value (never the password). */
export function parseOptions(args: string[], environment: Record<string, string | undefined>): MonitorOptions {
  const flags = flagsOf(args);
  const { "run-dir": runDirectory, brokers, nodes, "driver-status": driverStatus } = flags;
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
    driverStatusDirectory: driverStatus ?? (environment["MONITOR_DRIVER_STATUS"] || undefined),
    page: pageAddress(
      flags.page ?? environment["MONITOR_PAGE"] ?? "",
      flags["page-hosts"] ?? environment["MONITOR_PAGE_HOSTS"] ?? "",
    ),
  };
}

const FLAGS = {
  "run-dir": { type: "string" },
  brokers: { type: "string" },
  nodes: { type: "string" },
  "driver-status": { type: "string" },
  page: { type: "string" },
  "page-hosts": { type: "string" },
} as const;

function pageAddress(address: string, hosts: string): PageAddress | undefined {
  if (address === "") return undefined;
  const [, host, port = ""] = /^(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(address) ?? [];
  if (host === undefined || Number(port) > 65_535)
    throw usage(`--page: ${JSON.stringify(address)} is no host:port, as in 127.0.0.1:8090`);
  const allowedHosts = hosts.split(/[ ,]+/).filter((name) => name !== "");
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port), allowedHosts };
}

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
