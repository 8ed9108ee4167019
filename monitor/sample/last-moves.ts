import { type FileHandle, open } from "node:fs/promises";
import { z } from "zod";
import type { LastMove } from "./health-keeper.ts";

const CHUNK_BYTES = 1 << 18;
const NEWLINE = 0x0a;
const OFFSETS = '"t":"offsets"';
/** Of contract/witness.ts. Its checksums are the validator's business. */
const lineSchema = z.object({ t: z.literal("offsets"), partition: z.int(), next_offset: z.int(), at_ms: z.int() });

/**
 * Since when each partition stood where it stood last, by the witness file of earlier monitors: read from its end, and only as far back as
 * needed. So a monitor that starts again does not take a partition that is stuck for one that just moved.
 * @returns by partition; one without a line is missing. @throws the errors of reading a file, except ENOENT: no file, no moves.
 */
export async function lastMoves(path: string, partitions: number): Promise<Map<number, LastMove>> {
  const moves = new Map<number, LastMove>();
  const known = new Set<number>();
  const file = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (file === undefined) return moves;
  try {
    for await (const line of linesBackwards(file)) {
      const found = line.includes(OFFSETS) ? parse(line) : undefined;
      if (found === undefined || known.has(found.partition)) continue;
      const { partition, next_offset: nextOffset, at_ms: movedMs } = found;
      // A line may have changed otherwise only, or be a later session's first one: the move is the first line with this offset.
      if ((moves.get(partition)?.nextOffset ?? nextOffset) === nextOffset)
        moves.set(partition, { nextOffset, movedMs });
      else known.add(partition);
      if (known.size === partitions) break;
    }
    return moves;
  } finally {
    await file.close();
  }
}

function parse(line: string): z.infer<typeof lineSchema> | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

async function* linesBackwards(file: FileHandle): AsyncGenerator<string> {
  let { size: position } = await file.stat();
  // The end of a line whose beginning is still to be read.
  let rest: Buffer = Buffer.alloc(0);
  while (position > 0) {
    const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, position));
    position -= chunk.length;
    await file.read(chunk, 0, chunk.length, position);
    const bytes = Buffer.concat([chunk, rest]);
    const from = position === 0 ? 0 : bytes.indexOf(NEWLINE) + 1;
    if (from === 0 && position > 0) {
      rest = bytes;
      continue;
    }
    yield* bytes.toString("utf8", from).split("\n").toReversed();
    rest = bytes.subarray(0, Math.max(0, from - 1));
  }
}
