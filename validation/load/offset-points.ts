import { readFile } from "node:fs/promises";
import { decodeSample } from "../../contract/sample.ts";

/** next_offset of each partition, read from sink_offsets at some time from `sinceMs` to `atMs` (ms since 1970). */
export type OffsetPoint = { sinceMs: number; atMs: number; nextOffsets: readonly number[] };

/** A sample's time is that of its last answer; it was begun at most so long before. */
const SAMPLE_TOOK_MS = 1000;

/**
 * @param file samples.ndjson; undefined or missing: nobody took samples.
 * @returns what the samples saw of sink_offsets, in the order of time. A line that is damaged or torn is left out: it can prove nothing.
 */
export async function readSamplePoints(file: string | undefined): Promise<OffsetPoint[]> {
  if (file === undefined) return [];
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) =>
    error.code === "ENOENT" ? "" : Promise.reject(error),
  );
  const points: OffsetPoint[] = [];
  for (const line of text.split("\n").slice(0, -1)) {
    const sample = decodeSample(line);
    if (sample?.next_offsets == null) continue;
    points.push({
      sinceMs: sample.at_ms - SAMPLE_TOOK_MS,
      // Its other answers may have come later.
      atMs: sample.answered_ms.sink ?? sample.at_ms,
      nextOffsets: sample.next_offsets,
    });
  }
  return points.toSorted((a, b) => a.atMs - b.atMs);
}
