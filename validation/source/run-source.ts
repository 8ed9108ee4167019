import type { LogRange } from "../read/kafka-log.ts";

/**
 * A part of what the sink stored: the rows, dead letters or groups of one Kafka partition, or those that belong to none ("rest"), which
 * nobody should have written. `offsets` is the whole table.
 */
export type TablePart =
  | { of: "offsets" }
  | { of: "rows" | "letters"; partition: number | "rest" }
  | { of: "groups"; aggregate: number; partition: number | "rest" };

/** Where one reader gets a partition's log and tables from: live servers, or an evidence file. Used by one thread. */
export type PartitionSource = {
  /** Gives COPY's text for a part, in chunks of any size. Letters are in the order of offsets. */
  copy(part: TablePart, signal: AbortSignal, take: (chunk: Buffer) => void): Promise<void>;
  /**
   * Gives the record batches of a range, as a broker sends them: the first may begin before the position, the last may be cut off.
   * @param take reads them from `position` on, and returns how far it came.
   */
  log(range: LogRange, signal: AbortSignal, take: (batches: Buffer, position: number) => number): Promise<void>;
  close(): Promise<void>;
};
