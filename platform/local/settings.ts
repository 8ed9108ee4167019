import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { FaultlineError } from "../../contract/errors.ts";
import type { Coordination, Trigger } from "../../contract/stack.ts";
import type { Ports } from "./ports.ts";

/** What was decided when the stack's data were first made, kept for every later start: `settings.json` in the state directory. */
export type Settings = {
  version: 1;
  /** Missing in files of before there was a choice: kraft. */
  coordination: Coordination;
  /** Kafka's cluster id, 16 random bytes in base64url. With ZooKeeper, the brokers make one of their own. */
  clusterId: string;
  ports: Ports;
  /** Node → the port that it listens on itself, for those that have a link before them (see links.ts), which has their client port. */
  links?: Record<string, number>;
  runId: string;
  run: number;
  runDirectory: string;
  seed: number;
  malformedPpm: number;
  pipeline: string;
  pipelineSha256: string;
  partitions: number;
  topic: string;
  trigger: Trigger;
  createdMs: number;
  postgres: PostgresHome;
};

/** Where PostgreSQL lives and as whom. `user` undefined: as we are. */
export type PostgresHome = { dataDirectory: string; nativeDirectory: string; user?: { uid: number; gid: number }; temporaryDirectory?: string };

export const KAFKA_IDS = [1, 2, 3] as const;
export const WORKER_IDS = [1, 2] as const;

/** Slots of each worker: one alone must be able to run every partition's task at once, which Real-time Mode asks for. */
export function workerSlots(partitions: number): number {
  return Math.max(8, partitions);
}

export function newClusterId(): string {
  return randomBytes(16).toString("base64url");
}

export function readSettings(stateDirectory: string): Settings | undefined {
  const file = join(stateDirectory, "settings.json");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const settings = JSON.parse(text) as Omit<Settings, "coordination"> & Partial<Pick<Settings, "coordination">>;
  if ((settings.version as number) !== 1)
    throw new FaultlineError("FL_CONFIG_INVALID", `${file}: version ${String(settings.version)} is not known; 1 is`, { remedy: "./faultline down --volumes" });
  return { ...settings, coordination: settings.coordination ?? "kraft" };
}

export function writeSettings(stateDirectory: string, settings: Settings): void {
  writeFileAtomic.sync(join(stateDirectory, "settings.json"), `${JSON.stringify(settings, undefined, 2)}\n`);
}
