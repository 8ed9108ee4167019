import { readFile } from "node:fs/promises";
import { type ProducerStatus, producerStatusSchema } from "../../contract/run.ts";

/** @returns the producer's last status; undefined if there is none, or none that this build can read. */
export async function readProducerStatus(file: string | undefined): Promise<ProducerStatus | undefined> {
  if (file === undefined) return undefined;
  try {
    return producerStatusSchema.safeParse(JSON.parse(await readFile(file, "utf8"))).data;
  } catch {
    return undefined;
  }
}
