import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { COORDINATIONS, TRIGGERS } from "../../../contract/stack.ts";
import { PORT_NAMES } from "./ports.ts";
import { readIfThere, stateFile } from "./state-file.ts";

const postgresHomeSchema = z.strictObject({
  data_directory: z.string(),
  native_directory: z.string(),
  /** Undefined: as we are. */
  user: z.strictObject({ uid: z.int(), gid: z.int() }).optional(),
  temporary_directory: z.string().optional(),
});

/** Where PostgreSQL lives and as whom. */
export type PostgresHome = z.infer<typeof postgresHomeSchema>;

const settingsSchema = z.strictObject({
  coordination: z.enum(COORDINATIONS),
  /** A second driver stands by. */
  standby: z.boolean(),
  /** Kafka's cluster id, 16 random bytes in base64url. With ZooKeeper, the brokers make one of their own. */
  cluster_id: z.string(),
  ports: z.record(z.enum(PORT_NAMES), z.int()),
  /** Node → the port that it listens on itself, for those that have a link before them, which has their client port. */
  links: z.record(z.string(), z.int()).optional(),
  run_id: z.string(),
  run: z.int(),
  run_directory: z.string(),
  seed: z.int(),
  malformed_ppm: z.int(),
  pipeline: z.string(),
  pipeline_sha256: z.string(),
  partitions: z.int(),
  topic: z.string(),
  trigger: z.enum(TRIGGERS),
  /** The settings for time are those that Kafka and Spark have by themselves (nodes/field-defaults.ts), for a benchmark. */
  field_defaults: z.literal(true).optional(),
  created_ms: z.int(),
  postgres: postgresHomeSchema,
  /** Absent: PostgreSQL has no standby. `synchronous`: a commit waits for it. */
  postgres_standby: z.strictObject({ port: z.int(), synchronous: z.literal(true).optional() }).optional(),
});

/** What was decided when the stack's data were first made, kept for every later start: `settings.json` in the state directory. */
export type Settings = z.infer<typeof settingsSchema>;

export const KAFKA_IDS = [1, 2, 3] as const;
export const WORKER_IDS = [1, 2] as const;

export const DRIVERS = ["driver", "driver-2"] as const;
export type DriverName = (typeof DRIVERS)[number];

export function driverNames({ standby }: Pick<Settings, "standby">): readonly DriverName[] {
  return standby ? DRIVERS : ["driver"];
}

type Slots = Pick<Settings, "partitions" | "standby">;

/**
 * Slots of a driver's executor on one worker: it alone must be able to run every partition's task at once, which Real-time Mode asks for. The second
 * driver has one slot less. So a worker has room for one executor of each, but never for two of the first driver, which would keep the second one's
 * place while that one is down.
 */
export function executorSlots({ partitions, standby }: Slots, driver: DriverName): number {
  return driver === "driver" ? Math.max(8, standby ? partitions + 1 : partitions) : Math.max(7, partitions);
}

export function workerSlots(settings: Slots): number {
  return driverNames(settings).reduce((sum, driver) => sum + executorSlots(settings, driver), 0);
}

/** As Kafka's own Uuid.randomUuid: one that begins with "-" would be read as an option where it is an argument. */
export function newClusterId(): string {
  for (;;) {
    const id = randomBytes(16).toString("base64url");
    if (!id.startsWith("-")) return id;
  }
}

/** Version 1 had other words (camelCase), version 2 no standby. */
const settings = stateFile(3, settingsSchema);
export const SETTINGS_FILE = "settings.json";

/** @returns undefined when there are no data. @throws FaultlineError FL_CONFIG_INVALID for a file that does not fit. */
export function readSettings(stateDirectory: string): Settings | undefined {
  return settings.read(join(stateDirectory, SETTINGS_FILE));
}

export function writeSettings(stateDirectory: string, content: Settings): void {
  settings.write(join(stateDirectory, SETTINGS_FILE), content);
}

const anyHome = z.object({
  postgres: z.union([
    postgresHomeSchema.pick({ data_directory: true, temporary_directory: true }).strip(),
    z
      .object({ dataDirectory: z.string(), temporaryDirectory: z.string().optional() })
      .transform((old) => ({ data_directory: old.dataDirectory, temporary_directory: old.temporaryDirectory })),
  ]),
});

/** Where PostgreSQL's data lie, also by settings that this build can't read otherwise: they must not keep anyone from stopping. */
export function findPostgresHome(
  stateDirectory: string,
): { data_directory: string; temporary_directory?: string | undefined } | undefined {
  try {
    return anyHome.parse(JSON.parse(readIfThere(join(stateDirectory, SETTINGS_FILE)) ?? "")).postgres;
  } catch {
    return undefined;
  }
}
