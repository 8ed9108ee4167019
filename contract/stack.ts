import { z } from "zod";

/** How to reach PostgreSQL. `passwordFile` has mode 0600; beside it, `pgpass` has the same in libpq's format. The password is written nowhere else. */
export const postgresAddressSchema = z.strictObject({ host: z.string(), port: z.int(), database: z.string(), user: z.string(), passwordFile: z.string() });
export type PostgresAddress = z.infer<typeof postgresAddressSchema>;

/** `stack.json` in the state directory: what `up` started. Written atomically; all rooms find the stack through it. */
export const stackSchema = z.strictObject({
  version: z.literal(1),
  runtime: z.enum(["local", "compose"]),
  /** Absolute path of the run directory that this stack's data belongs to: one stack's data is one run. */
  runDirectory: z.string(),
  /** host:port of each broker's client listener. */
  bootstrapServers: z.array(z.string()).min(1),
  postgres: postgresAddressSchema,
  sparkMaster: z.string(),
  trigger: z.enum(["realtime", "micro-batch"]),
  createdMs: z.int(),
});
export type Stack = z.infer<typeof stackSchema>;
export type Trigger = Stack["trigger"];

/** Who tells the brokers who leads: they themselves (Kafka 4.4, KRaft), or ZooKeeper (Kafka 3.9.2). */
export const COORDINATIONS = ["kraft", "zookeeper"] as const;
export type Coordination = (typeof COORDINATIONS)[number];

/** A PostgreSQL login, resolved: only in memory, never in a file of a run. */
export type PostgresLogin = { host: string; port: number; database: string; user: string; password: string };
