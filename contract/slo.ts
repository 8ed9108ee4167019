import { z } from "zod";

/** The bounds that a run may have to keep, by the name of their figure. A bound that is missing is not checked. */
export const sloSchema = z.strictObject({
  /** The longest time between two acknowledgements of a partition, while the producer was not closed. */
  without_acknowledgement_ms: z.int().positive().optional(),
  /** The longest time between two commits of rows of a partition, on the worst partition, while the producer was not closed. */
  without_rows_ms: z.int().positive().optional(),
  /** From a fault's injection until the first event that was created after its effect is a row, on the slowest partition. */
  visible_again_ms: z.int().positive().optional(),
  /** 99 % of the rows: from creation to commit, outside every fault's window and after the pipeline was steady. */
  calm_p99_ms: z.int().positive().optional(),
  /** Events that were due and that the producer turned away because its backlog was full. */
  turned_away_events: z.int().nonnegative().optional(),
});
export type Slo = z.infer<typeof sloSchema>;
export type SloBound = keyof Slo;

export const SLO_BOUNDS = Object.keys(sloSchema.shape) as SloBound[];
