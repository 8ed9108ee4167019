/** One line of `samples.ndjson`: the run, once a second. What could not be asked is null: unknown, not zero. */
export type Sample = {
  at_ms: number;
  attempted: number | null;
  acknowledged: number | null;
  backlog: number | null;
  /** Sum of Kafka's log end offsets. */
  log_end: number | null;
  /** Partitions whose ISR is smaller than the replica set. */
  under_replicated: number | null;
  /** From sink_offsets, summed over partitions. */
  rows: number | null;
  dead_letters: number | null;
  duplicates: number | null;
  /** log_end minus the sum of next_offset. */
  lag: number | null;
  /** Event creation → durable in PostgreSQL, over the rows stored since the sample before. */
  latency_p50_ms: number | null;
  latency_p99_ms: number | null;
  /** Per partition, next_offset: recovery is measured by it. */
  next_offsets: number[] | null;
  /** Ids of the faults that are active. */
  faults: number[];
};
