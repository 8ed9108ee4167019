import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type Environment, parseBrokers, parseEnvironment, postgresHosts } from "../contract/config.ts";
import { FaultlineError } from "../contract/errors.ts";
import type { Slo } from "../contract/slo.ts";
import type { PostgresLogin, Stack } from "../contract/stack.ts";
import type { ValidateConfig } from "./config-file.ts";
import { readConfigFile } from "./config-file.ts";
import { runFiles } from "./read/run-files.ts";
import type { ValidateOptions } from "./validate.ts";

/** The flags of `validate` as they were typed; a flag that was not typed has no member. */
export type ValidateFlags = {
  run?: string;
  producerLogPath?: string;
  journal?: string;
  pipeline?: string;
  config?: string;
  /** host:port[,host:port...] */
  brokers?: string;
  topic?: string;
  dbHost?: string;
  dbPort?: number;
  dbName?: string;
  dbUser?: string;
  dbPassword?: string;
  quietTimeoutMs?: number;
  minAcknowledged?: number;
  allowNoFaults?: boolean;
  canary?: boolean;
} & SloFlags;

/** The bounds as flags: ms and events. */
export type SloFlags = {
  maxWithoutAcknowledgement?: number;
  maxWithoutRows?: number;
  maxVisibleAgain?: number;
  maxCalmP99?: number;
  maxTurnedAway?: number;
};

const QUIET_TIMEOUT_MS = 60_000;

/**
 * Decides what to validate and where. A flag wins over the environment, the environment over the --config file, and that file over the
 * running stack.
 * @param around `environment`: KAFKA_BROKERS and so on; `runDirectory`: the run if none is named; `stack`: the running stack.
 * @throws FaultlineError FL_RUN_MISSING, FL_CONFIG_INVALID: one line for each value that is missing or wrong, with its flag.
 */
export async function resolveOptions(
  flags: ValidateFlags,
  around: { environment: Record<string, string | undefined>; runDirectory?: string; stack?: Stack },
): Promise<ValidateOptions> {
  const environment = parseEnvironment(around.environment, "environment");
  const brokersFlag = flags.brokers === undefined ? undefined : parseBrokers(flags.brokers, "--brokers");
  const config: ValidateConfig =
    flags.config === undefined ? { postgres: {}, slo: {} } : await readConfigFile(resolve(flags.config));

  const ledgerFile = flags.producerLogPath ?? config.producer_log;
  // A ledger that is named stands for itself: the newest run has nothing to do with it.
  const runDirectory = flags.run ?? config.run ?? (ledgerFile === undefined ? around.runDirectory : undefined);
  const named = defined({
    runDirectory,
    ledgerFile,
    journalFile: flags.journal ?? config.journal,
    pipeline: flags.pipeline ?? config.pipeline,
  });
  runFiles(named);

  // The stack's data is that of its own run: another run must not be judged by it.
  const stack =
    runDirectory === undefined ||
    (around.stack !== undefined && resolve(around.stack.run_directory) === resolve(runDirectory))
      ? around.stack
      : undefined;
  const problems: string[] = [];
  const need = <T>(value: T | undefined, what: string, how: string): T => {
    if (value === undefined) problems.push(`${what} is missing: give ${how}`);
    return value as T;
  };
  const brokers = need(
    brokersFlag ?? environment.KAFKA_BROKERS?.split(",") ?? config.brokers ?? stack?.bootstrap_servers,
    "Kafka's address",
    "--brokers, KAFKA_BROKERS, or brokers in the --config file",
  );
  const postgres: PostgresLogin = {
    ...need(postgresServers(flags, environment, config, stack), "PostgreSQL's host", "--db-host or POSTGRES_HOST"),
    database: need(
      flags.dbName ?? environment.POSTGRES_DB ?? config.postgres.database ?? stack?.postgres.database,
      "the database",
      "--db-name or POSTGRES_DB",
    ),
    user: need(
      flags.dbUser ?? environment.POSTGRES_USER ?? config.postgres.user ?? stack?.postgres.user,
      "PostgreSQL's user",
      "--db-user or POSTGRES_USER",
    ),
    password: need(
      flags.dbPassword ??
        environment.POSTGRES_PASSWORD ??
        config.postgres.password ??
        (await passwordOf(config.postgres.password_file, "postgres.password_file")) ??
        (await passwordOf(stack?.postgres.password_file, "the stack's password file")),
      "PostgreSQL's password",
      "POSTGRES_PASSWORD, --db-password, or postgres.password_file in the --config file",
    ),
  };
  if (problems.length > 0)
    throw new FaultlineError("FL_CONFIG_INVALID", problems.join("\n"), {
      remedy:
        around.stack === undefined
          ? "start a stack with `./faultline up`, or give the addresses"
          : `the running stack has the data of ${around.stack.run_directory}; for another run give the addresses of its Kafka and PostgreSQL`,
    });
  const slo = { ...config.slo, ...sloOf(flags) };
  return {
    ...named,
    brokers,
    postgres,
    quietTimeoutMs:
      flags.quietTimeoutMs ?? (config.quiet_timeout_s === undefined ? QUIET_TIMEOUT_MS : config.quiet_timeout_s * 1000),
    // A flag that was not typed is false.
    allowNoFaults: flags.allowNoFaults === true || config.allow_no_faults === true,
    ...defined({
      topic: flags.topic ?? environment.KAFKA_TOPIC ?? config.topic,
      minAcknowledged: flags.minAcknowledged ?? config.min_acknowledged,
      canary: flags.canary,
      slo: Object.keys(slo).length === 0 ? undefined : slo,
    }),
  };
}

/** The servers, by the first that names a host; a port that is given alone is that of the stack's first host, and no other is asked. */
function postgresServers(
  { dbHost, dbPort }: ValidateFlags,
  { POSTGRES_HOST, POSTGRES_PORT }: Environment,
  { postgres }: ValidateConfig,
  stack: Stack | undefined,
): ReturnType<typeof postgresHosts> | undefined {
  const port = dbPort ?? POSTGRES_PORT ?? postgres.port;
  const named = [
    [dbHost, "--db-host"],
    [POSTGRES_HOST, "POSTGRES_HOST"],
    [postgres.host, "postgres.host in the --config file"],
  ].find(([text]) => text !== undefined) as [string, string] | undefined;
  if (named !== undefined) return postgresHosts(named[0], port ?? stack?.postgres.port, named[1]);
  if (stack === undefined) return undefined;
  const { host, port: stackPort, standbys } = stack.postgres;
  if (port !== undefined) return { host, port };
  return { host, port: stackPort, ...(standbys !== undefined && { standbys }) };
}

/** @returns the bounds that were given by flags, ms and events. */
export function sloOf(flags: SloFlags): Slo {
  return defined({
    without_acknowledgement_ms: flags.maxWithoutAcknowledgement,
    without_rows_ms: flags.maxWithoutRows,
    visible_again_ms: flags.maxVisibleAgain,
    calm_p99_ms: flags.maxCalmP99,
    turned_away_events: flags.maxTurnedAway,
  });
}

async function passwordOf(file: string | undefined, source: string): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const text = await readFile(file, "utf8").catch((error: Error) => {
    throw new FaultlineError("FL_CONFIG_INVALID", `${source}: ${error.message}`, {
      remedy: "give the path of a readable file that has the password",
      cause: error,
    });
  });
  return text.trim();
}

/** The members that have a value. */
function defined<T extends object>(members: T): { [Name in keyof T]?: NonNullable<T[Name]> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}
