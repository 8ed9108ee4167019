import { decodeSample, type Sample } from "../../contract/sample.ts";
import { readRecords } from "./log-lines.ts";

const read = (line: string) => decodeSample(line) ?? "damaged, or of another version";

/**
 * Reads `samples.ndjson`.
 * @returns the samples in order and the number of lines left out: damaged, or of another version (a torn last line is none).
 * @throws ENOENT and the other errors of reading a file.
 */
export async function readSamples(path: string): Promise<{ samples: Sample[]; damaged: number }> {
  const samples: Sample[] = [];
  const { count } = await readRecords(path, read, (sample) => samples.push(sample));
  return { samples, damaged: count };
}
