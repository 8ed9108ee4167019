import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { z } from "zod";
import { type DriverStatus, driverStatusSchema } from "../../contract/job.ts";
import { parseJsonFile } from "../../contract/parse-file.ts";
import { type ProducerStatus, producerStatusSchema } from "../../contract/run.ts";

/** @returns null while no producer has written it. @throws FaultlineError FL_CONFIG_INVALID for a file that this build can't read */
export async function readProducerStatus(path: string): Promise<ProducerStatus | null> {
  return readStatus(path, producerStatusSchema);
}

/** @returns null while no driver has written it. @throws FaultlineError FL_CONFIG_INVALID for a file that this build can't read */
export async function readDriverStatus(path: string): Promise<DriverStatus | null> {
  return readStatus(path, driverStatusSchema);
}

async function readStatus<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  return parseJsonFile(schema, text, basename(path), { remedy: "" });
}
