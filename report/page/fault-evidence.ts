import type { JournalRecord, Undo } from "../../contract/journal.ts";

/** A duration as it was measured. `error_ms`: it may be longer by so much. */
export type MeasuredGap = { ms: number; error_ms: number; is_open: boolean } | { unknown: string };

/** Lines of a node's log. `is_cut`: there are more, which were left out. */
export type LogExcerpt = { file: string; from_ms: number; to_ms: number; lines: string[]; is_cut: boolean };

/** `/fault/N`: all that a run directory has about one fault. Texts are as they were written: the reader must not take them for markup. */
export type FaultEvidence = {
  id: number;
  /** The journal's lines of this fault, as they stand in the file. */
  journal: string[];
  records: JournalRecord[];
  undo: Undo | null;
  gaps: { without_acknowledgement: MeasuredGap; without_rows: MeasuredGap; visible_again: MeasuredGap };
  /** What the node wrote about the injection and about the undo; or why there is nothing. */
  log: LogExcerpt[] | { problem: string };
  /** Commands that do it again: exactly this fault; a fault of its kind on its node. */
  replay: { exact: string; similar: string };
};
