import { decodeCommits, type CommitsRecord } from "../../../contract/commits.ts";
import { readRecords } from "../log-lines.ts";
import { firstAbove } from "../success-gap.ts";

/** All commits of rows of the sequences [fromSequence, toSequence) of a partition, in their order. */
export type CommitRange = {
  fromSequence: number;
  toSequence: number;
  /** Per transaction: the end of its sequences, and its commit time in ms since 1970, to 1 µs. */
  ends: readonly number[];
  committedMs: readonly number[];
};

/** The exact commit times of a run: by partition, ranges that do not overlap, in the order of their sequences. */
export type CommitHistory = { ranges: Map<number, CommitRange[]>; damaged: number };

const read = (line: string): CommitsRecord | string => decodeCommits(line) ?? "damaged, or of another version";

/**
 * Reads `commits.ndjson`. Commits without a `read` line that says that they are complete are left out.
 * @throws ENOENT and the other errors of reading a file.
 */
export async function readCommits(path: string): Promise<CommitHistory> {
  const records: CommitsRecord[] = [];
  const { count } = await readRecords(path, read, (record) => records.push(record));
  return { ranges: commitRanges(records), damaged: count };
}

/** Puts the lines together (pure). Ranges that touch or overlap become one; a transaction that was read for two faults is there once. */
export function commitRanges(records: readonly CommitsRecord[]): Map<number, CommitRange[]> {
  const byPartition = Map.groupBy(records, (record) => record.partition);
  return new Map([...byPartition].map(([partition, lines]) => [partition, rangesOf(lines)]));
}

function rangesOf(lines: readonly CommitsRecord[]): CommitRange[] {
  const complete: { from: number; to: number }[] = [];
  const reads = lines.filter((line) => line.t === "read" && line.to_sequence > line.from_sequence);
  for (const { from_sequence: from, to_sequence: to } of reads.toSorted((a, b) => a.from_sequence - b.from_sequence)) {
    const last = complete.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else complete.push({ from, to });
  }
  // By first sequence: the same transaction may be cut differently by two reads.
  const ends = new Map<number, { from: number; end: number; committedMs: number }>();
  for (const line of lines) {
    if (line.t !== "commit") continue;
    const before = ends.get(line.committed_us);
    ends.set(line.committed_us, {
      from: Math.min(line.from_sequence, before?.from ?? Infinity),
      end: Math.max(line.to_sequence, before?.end ?? 0),
      committedMs: line.committed_us / 1_000,
    });
  }
  const commits = [...ends.values()].toSorted((a, b) => a.from - b.from);
  return complete.map(({ from, to }) => {
    const inside = commits.filter((commit) => commit.from < to && commit.end > from);
    return {
      fromSequence: from,
      toSequence: to,
      ends: inside.map((commit) => commit.end),
      committedMs: inside.map((commit) => commit.committedMs),
    };
  });
}

/** @returns when the first row at or after this sequence was committed, ms since 1970; undefined: no complete range tells. */
export function commitOf(ranges: readonly CommitRange[], sequence: number): number | undefined {
  const range = ranges.find(({ fromSequence, toSequence }) => sequence >= fromSequence && sequence < toSequence);
  // A sequence that is no row (a dead letter) stands back for the next row.
  return range?.committedMs[firstAbove(range.ends, sequence)];
}
