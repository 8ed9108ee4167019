import type { PostgresConnection } from "./postgres-connection.ts";

/** Sums over sink_offsets. `nextOffsets` is null until the sink has a row for every partition, because progress is unknown before. */
export type SinkState = { rows: number; deadLetters: number; duplicates: number; nextOffsets: number[] | null };

type OffsetRow = { partition: number; next_offset: string; rows: string; duplicates: string; dead_letters: string };

const QUERY =
  "SELECT partition, next_offset, rows, duplicates, dead_letters FROM sink_offsets WHERE target = $1 AND topic = $2";

/** @throws pg's errors. */
export async function askSink(
  connection: PostgresConnection,
  target: string,
  topic: string,
  partitions: number,
): Promise<SinkState> {
  const found = await connection.query<OffsetRow>(QUERY, [target, topic]);
  const next = new Map(found.map((row) => [row.partition, Number(row.next_offset)]));
  const nextOffsets = Array.from({ length: partitions }, (_, partition) => next.get(partition));
  const sum = (of: (row: OffsetRow) => string): number => found.reduce((total, row) => total + Number(of(row)), 0);
  return {
    rows: sum((row) => row.rows),
    deadLetters: sum((row) => row.dead_letters),
    duplicates: sum((row) => row.duplicates),
    nextOffsets: nextOffsets.every((offset) => offset !== undefined) ? nextOffsets : null,
  };
}
