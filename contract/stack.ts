import { z } from "zod";

/** The nodes of a stack are processes of this machine, or containers of a docker compose project. */
export const RUNTIME_NAMES = ["local", "compose"] as const;
export type RuntimeName = (typeof RUNTIME_NAMES)[number];

/** Spark's trigger: Real-time Mode, or micro-batches. */
export const TRIGGERS = ["realtime", "micro-batch"] as const;
export type Trigger = (typeof TRIGGERS)[number];

const hostPort = z.strictObject({ host: z.string(), port: z.int() });

/**
 * How to reach PostgreSQL. `standbys`: other servers of the same database, in a stack that has them: which one is the primary may change, so
 * a client asks each one. `password_file` has mode 0600; beside it, `pgpass` has the password in libpq's format. No other file has the
 * password.
 */
export const postgresAddressSchema = z.strictObject({
  ...hostPort.shape,
  standbys: z.array(hostPort).optional(),
  database: z.string(),
  user: z.string(),
  password_file: z.string(),
});
export type PostgresAddress = z.infer<typeof postgresAddressSchema>;

/** `stack.json` in the state directory describes the stack that `up` started. Written atomically; every command finds the stack by it. */
export const stackSchema = z.strictObject({
  version: z.literal(1),
  runtime: z.enum(RUNTIME_NAMES),
  /** Absolute path of the run directory that this stack's data belongs to: one stack's data is one run. */
  run_directory: z.string(),
  /** host:port of each broker's client listener. */
  bootstrap_servers: z.array(z.string()).min(1),
  postgres: postgresAddressSchema,
  spark_master: z.string(),
  trigger: z.enum(TRIGGERS),
  created_ms: z.int(),
});
export type Stack = z.infer<typeof stackSchema>;

/** What coordinates the brokers: KRaft (Kafka 4.4), or ZooKeeper (Kafka 3.9.2). */
export const COORDINATIONS = ["kraft", "zookeeper"] as const;
export type Coordination = (typeof COORDINATIONS)[number];

/** A PostgreSQL login with its password: only in memory, never in a file of a run. */
export type PostgresLogin = {
  host: string;
  port: number;
  standbys?: readonly { host: string; port: number }[] | undefined;
  database: string;
  user: string;
  password: string;
};
