import { witnessReader, type WitnessRecord } from "../../../contract/witness.ts";
import { readRecords } from "../log-lines.ts";
import type { Span } from "../success-gap.ts";

/** A change of a partition's next_offset, which was committed in (afterMs, atMs]. */
type OffsetChange = { nextOffset: number; afterMs: number; atMs: number };

/** What a witness saw of a partition. `first`: what it found when it began to watch; the changes follow from it. */
export type WatchedPartition = { sessions: (Span & { first: number; changes: OffsetChange[] })[] };

/** A start of the job claimed the partitions: their generation grew in (afterMs, atMs]. */
export type Claim = { generation: number; afterMs: number; atMs: number };

/** What was seen of the sink's offsets while the run went on, at about 50 ms. `claims`: in the order of their generations, each once. */
export type OffsetWatch = { partitions: Map<number, WatchedPartition>; claims: Claim[]; unreadable: number };

/**
 * Reads the `offsets` lines of `witness.ndjson`.
 * @throws ENOENT and the other errors of reading a file.
 */
export async function readOffsetWatch(path: string): Promise<OffsetWatch> {
  const builder = new OffsetWatchBuilder();
  const reader = witnessReader();
  const { count } = await readRecords(
    path,
    (line) => reader.read(line),
    (record) => builder.add(record),
  );
  builder.watch.unreadable = count;
  return builder.watch;
}

/** Folds a witness's lines, in the order of the file. */
export class OffsetWatchBuilder {
  readonly watch: OffsetWatch = { partitions: new Map(), claims: [], unreadable: 0 };
  /** Partitions whose line was seen in this session. */
  readonly #begun = new Set<number>();
  #generation = 0;

  add(record: WitnessRecord): void {
    if (record.t === "open") this.#begun.clear();
    if (record.t !== "offsets") return;
    const { partition, next_offset: nextOffset, at_ms: atMs, after_ms: afterMs } = record;
    const of = this.watch.partitions.get(partition) ?? { sessions: [] };
    this.watch.partitions.set(partition, of);
    const session = of.sessions.at(-1);
    if (!this.#begun.has(partition) || session === undefined) {
      this.#begun.add(partition);
      this.#generation = Math.max(this.#generation, record.generation);
      of.sessions.push({ fromMs: atMs, toMs: atMs, first: nextOffset, changes: [] });
      return;
    }
    const before = session.changes.at(-1)?.nextOffset ?? session.first;
    // An older witness wrote no after_ms: it was after the line before.
    const after = Math.max(afterMs ?? session.toMs, session.fromMs);
    session.toMs = Math.max(session.toMs, atMs);
    this.#noteClaim(record.generation, after, atMs);
    if (nextOffset > before) session.changes.push({ nextOffset, afterMs: after, atMs });
  }

  /** A claim is one transaction for all partitions: the first line that shows it tells when. */
  #noteClaim(generation: number, afterMs: number, atMs: number): void {
    if (generation <= this.#generation) return;
    this.#generation = generation;
    this.watch.claims.push({ generation, afterMs, atMs });
  }
}
