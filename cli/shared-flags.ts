import { FaultlineError } from "../contract/errors.ts";
import { RUNTIME_NAMES } from "../contract/stack.ts";
import { parseCount, parseDuration, parsePortNumber, parseText } from "./parse.ts";

/** `--runtime`, in every command that means a stack. */
export const runtimeFlag = {
  kind: "enum",
  values: RUNTIME_NAMES,
  optional: true,
  brief: "Which stack: processes on this machine (local) or containers (compose) [default: the stack that is up]",
} as const;

/** `--standby` and `--no-standby`, in every command that starts a stack. */
export const standbyFlag = {
  kind: "boolean",
  optional: true,
  brief: "A second driver, which takes over when the first one dies [default: local yes, containers no]",
} as const;

/** `--pipeline`, in every command that begins from a pipeline file. */
export const pipelineFlag = {
  kind: "parsed",
  parse: parseText,
  optional: true,
  brief: "Pipeline file [default: pipelines/payments.yaml]",
  placeholder: "file",
} as const;

/** `--postgres-standby`, in every command that makes a stack. */
export const postgresStandbyFlag = {
  kind: "boolean",
  optional: true,
  brief:
    "A second PostgreSQL server that follows the first and can be promoted (local) [default: as the existing data]",
} as const;

/** `--postgres-sync`, beside it. */
export const postgresSyncFlag = {
  kind: "boolean",
  optional: true,
  brief:
    "Commits wait until the standby has them, so a promotion loses none; while the standby is away, nothing is written (local). Implies --postgres-standby",
} as const;

/** What the two flags ask of a stack. @throws FaultlineError FL_USAGE for a synchronous standby in a stack without one */
export function postgresRequest(flags: { postgresStandby?: boolean; postgresSync?: boolean }): typeof flags {
  const { postgresStandby = flags.postgresSync === true ? true : undefined, postgresSync } = flags;
  if (postgresSync === true && postgresStandby === false)
    throw new FaultlineError("FL_USAGE", "--postgres-sync needs a standby, and --no-postgres-standby takes it away", {
      remedy: "leave one of them out",
    });
  return {
    ...(postgresStandby !== undefined && { postgresStandby }),
    ...(postgresSync !== undefined && { postgresSync }),
  };
}

const bound = (brief: string) =>
  ({ kind: "parsed", parse: parseDuration(1), optional: true, brief, placeholder: "time" }) as const;

/** The bounds of a run. Each wins over the pipeline file's `slo`; if one is exceeded, the verdict is SLO_BREACH. */
export const sloFlags = {
  maxWithoutAcknowledgement: bound("Longest time that a partition may be without an acknowledgement"),
  maxWithoutRows: bound("Longest time that a partition may be without a new row"),
  maxVisibleAgain: bound("Longest time from a fault until a new event is a row"),
  maxCalmP99: bound("Highest 99th percentile of the latency, outside every fault"),
  maxTurnedAway: {
    kind: "parsed",
    parse: parseCount(0),
    optional: true,
    brief: "Most events that the producer may turn away because its backlog is full",
    placeholder: "n",
  },
} as const;

const text = (brief: string, placeholder: string) =>
  ({ kind: "parsed", parse: parseText, optional: true, brief, placeholder }) as const;

/** Where Kafka and PostgreSQL are, and the file that says so. */
export const serverFlags = {
  config: text("A YAML file with these settings", "file"),
  brokers: text("Kafka's bootstrap servers", "host:port,..."),
  topic: text("Kafka's topic", "name"),
  dbHost: text("PostgreSQL's host, or several servers of one database", "host[:port],..."),
  dbPort: { kind: "parsed", parse: parsePortNumber, optional: true, brief: "PostgreSQL's port", placeholder: "n" },
  dbName: text("The database", "name"),
  dbUser: text("PostgreSQL's user", "name"),
  dbPassword: text("PostgreSQL's password; POSTGRES_PASSWORD is safer, because no process list shows it", "text"),
} as const;
