import { readFileSync } from "node:fs";
import type { z } from "zod";

/** What a process last wrote of itself. Undefined: there is no such file yet, or none that this build can read. */
export function readStatus<T>(schema: z.ZodType<T>, file: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(readFileSync(file, "utf8"))).data;
  } catch {
    return undefined;
  }
}
