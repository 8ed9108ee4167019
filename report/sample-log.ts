import { open, type FileHandle } from "node:fs/promises";
import { z } from "zod";
import type { Sample } from "../contract/sample.ts";
import { logLines } from "./log-lines.ts";

const known = z.number().nullable();

const sampleSchema = z.object({
  at_ms: z.number(),
  attempted: known,
  acknowledged: known,
  backlog: known,
  log_end: known,
  under_replicated: known,
  rows: known,
  dead_letters: known,
  duplicates: known,
  lag: known,
  latency_p50_ms: known,
  latency_p99_ms: known,
  next_offsets: z.array(z.number()).nullable(),
  faults: z.array(z.number()),
}) satisfies z.ZodType<Sample>;

export function encodeSample(sample: Sample): string {
  return `${JSON.stringify(sample)}\n`;
}

/** @returns the sample, or undefined for a damaged line. */
function decodeSample(line: string): Sample | undefined {
  try {
    return sampleSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/**
 * Reads `samples.ndjson`.
 * @returns the samples in order and the number of damaged lines left out (a torn last line is none).
 * @throws ENOENT and the other errors of reading a file.
 */
export async function readSamples(path: string): Promise<{ samples: Sample[]; damaged: number }> {
  const samples: Sample[] = [];
  let damaged = 0;
  for await (const lines of logLines(path)) {
    for (const line of lines) {
      const sample = decodeSample(line);
      if (sample !== undefined) samples.push(sample);
      else if (line !== "") damaged += 1;
    }
  }
  return { samples, damaged };
}

/** Appends samples, one write each. Not fsynced: a machine that dies loses some seconds of figures, and no verdict rests on them. */
export class SampleLog {
  readonly #file: FileHandle;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Opens the file, and ends a line that a process torn from its work left without end. */
  static async open(path: string): Promise<SampleLog> {
    const file = await open(path, "a+");
    try {
      const { size } = await file.stat();
      const last = Buffer.alloc(1);
      if (size > 0 && (await file.read(last, 0, 1, size - 1)).bytesRead === 1 && last[0] !== 0x0a) await file.write("\n");
      return new SampleLog(file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async append(sample: Sample): Promise<void> {
    await this.#file.appendFile(encodeSample(sample));
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
