import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseEnvironment } from "../contract/config.ts";
import { FaultlineError } from "../contract/errors.ts";
import type { PostgresLogin, Stack } from "../contract/stack.ts";
import type { ValidateConfig } from "./config-file.ts";
import { readConfigFile } from "./config-file.ts";
import { runFiles } from "./run-files.ts";
import type { ValidateOptions } from "./validate.ts";

/** The flags of `validate`, as they were typed: no flag, no member. Paths are the caller's. */
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
};

const QUIET_TIMEOUT_MS = 60_000;
const POSTGRES_PORT = 5432;

/**
 * What to validate and where: a flag wins over the environment, the environment over the file of --config, that over the stack that is up.
 * @param around `environment`: KAFKA_BROKERS and so on; `runDirectory`: the run to take when none is named; `stack`: what is up.
 * @throws FaultlineError FL_RUN_MISSING, FL_CONFIG_INVALID: one line for each thing that is missing or wrong, with the flag that gives it.
 */
export async function resolveOptions(
  flags: ValidateFlags,
  around: { environment: Record<string, string | undefined>; runDirectory?: string; stack?: Stack },
): Promise<ValidateOptions> {
  const environment = parseEnvironment(around.environment, "environment");
  const brokersFlag = parseEnvironment({ KAFKA_BROKERS: flags.brokers }, "--brokers").KAFKA_BROKERS;
  const config: ValidateConfig = flags.config === undefined ? { postgres: {} } : await readConfigFile(resolve(flags.config));

  const ledgerFile = flags.producerLogPath ?? config.producer_log;
  // A ledger that is named stands for itself: the newest run has nothing to do with it.
  const runDirectory = flags.run ?? config.run ?? (ledgerFile === undefined ? around.runDirectory : undefined);
  const named = defined({ runDirectory, ledgerFile, journalFile: flags.journal ?? config.journal, pipeline: flags.pipeline ?? config.pipeline });
  runFiles(named);

  // The stack's data is that of its own run: another run must not be judged by it.
  const stack =
    runDirectory === undefined || (around.stack !== undefined && resolve(around.stack.runDirectory) === resolve(runDirectory)) ? around.stack : undefined;
  const problems: string[] = [];
  const need = <T>(value: T | undefined, what: string, how: string): T => {
    if (value === undefined) problems.push(`${what} is not known: give ${how}`);
    return value as T;
  };
  const brokers = need(
    (brokersFlag ?? environment.KAFKA_BROKERS)?.split(",") ?? config.brokers ?? stack?.bootstrapServers,
    "Kafka's address",
    "--brokers, KAFKA_BROKERS, or brokers in the file of --config",
  );
  const postgres: PostgresLogin = {
    host: need(flags.dbHost ?? environment.POSTGRES_HOST ?? config.postgres.host ?? stack?.postgres.host, "PostgreSQL's host", "--db-host or POSTGRES_HOST"),
    port: flags.dbPort ?? environment.POSTGRES_PORT ?? config.postgres.port ?? stack?.postgres.port ?? POSTGRES_PORT,
    database: need(flags.dbName ?? environment.POSTGRES_DB ?? config.postgres.database ?? stack?.postgres.database, "the database", "--db-name or POSTGRES_DB"),
    user: need(flags.dbUser ?? environment.POSTGRES_USER ?? config.postgres.user ?? stack?.postgres.user, "PostgreSQL's user", "--db-user or POSTGRES_USER"),
    password: need(
      flags.dbPassword ??
        environment.POSTGRES_PASSWORD ??
        config.postgres.password ??
        (await passwordOf(config.postgres.password_file, "postgres.password_file")) ??
        (await passwordOf(stack?.postgres.passwordFile, "the stack's password file")),
      "PostgreSQL's password",
      "POSTGRES_PASSWORD, --db-password, or postgres.password_file in the file of --config",
    ),
  };
  if (problems.length > 0)
    throw new FaultlineError("FL_CONFIG_INVALID", problems.join("\n"), {
      remedy:
        around.stack === undefined
          ? "start a stack with `./faultline up`, or give the addresses"
          : `the stack that is up holds the run ${around.stack.runDirectory}; for another run give the addresses of its Kafka and PostgreSQL`,
    });
  return {
    ...named,
    brokers,
    postgres,
    quietTimeoutMs: flags.quietTimeoutMs ?? (config.quiet_timeout_s === undefined ? QUIET_TIMEOUT_MS : config.quiet_timeout_s * 1000),
    // A flag that was not typed is false.
    allowNoFaults: flags.allowNoFaults === true || config.allow_no_faults === true,
    ...defined({
      topic: flags.topic ?? environment.KAFKA_TOPIC ?? config.topic,
      minAcknowledged: flags.minAcknowledged ?? config.min_acknowledged,
      canary: flags.canary,
    }),
  };
}

async function passwordOf(file: string | undefined, source: string): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const text = await readFile(file, "utf8").catch((error: Error) => {
    throw new FaultlineError("FL_CONFIG_INVALID", `${source}: ${error.message}`, { remedy: "name a readable file with the password", cause: error });
  });
  return text.trim();
}

/** The members that have a value. */
function defined<T extends object>(members: T): { [Name in keyof T]?: NonNullable<T[Name]> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}
