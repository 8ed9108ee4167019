import { z } from "zod";
import { measureSchema } from "../../contract/digest.ts";
import { NODE_KINDS } from "../../contract/node.ts";
import { plannedFaultSchema } from "../../contract/plan.ts";
import { TRIGGERS } from "../../contract/stack.ts";
import { VERDICTS } from "../../contract/verdict.ts";

const count = z.int().nonnegative();

/** What is measured in each round; report/measure has the definitions. */
const figures = z.strictObject({
  /** The longest time without an acknowledgement, and without a committed row, on the worst partition. */
  no_ack: measureSchema,
  no_rows: measureSchema,
  /** From the injection until the first event created after the effect is a row, on the slowest partition. */
  visible_again: measureSchema,
  /** From the injection until the pipeline acted: another start of the job claimed the table, or another node has the role. */
  detected: measureSchema,
  /** From the injection until every partition stores new events again. */
  taken_over: measureSchema,
  /** From the injection until rows are as young as before: the backlog is gone. */
  caught_up: measureSchema,
});
export type RoundFigures = z.infer<typeof figures>;
export type FigureName = keyof RoundFigures;

/** One fault of a run. `fault_id`: in the run's fault journal. */
const round = z.strictObject({
  run_id: z.string(),
  fault_id: count,
  fault: plannedFaultSchema,
  node: z.string(),
  node_kind: z.enum(NODE_KINDS),
  injected_ms: z.int(),
  /** The effect probe saw an effect. Only such rounds count. */
  effective: z.boolean(),
  /** Why it does not count, or is not as it should be. */
  why: z.string().nullable(),
  figures,
});
export type Round = z.infer<typeof round>;

/** What a cell's figures depend on: cells with other settings can't stand in one table. */
const settings = z.strictObject({
  pipeline: z.string(),
  pipeline_sha256: z.string(),
  trigger: z.enum(TRIGGERS),
  events_per_second: count,
});
export type RecoverySettings = z.infer<typeof settings>;

const machine = z.strictObject({
  cores: count,
  cpu: z.string(),
  memory_gib: count,
  /** Cores that others used before the cell's stack was started. */
  busy_before: z.number(),
  versions: z.record(z.string(), z.string()),
});

/**
 * The rounds of one fault on one stack. finished: all rounds, and the run is VALID · partial: it was interrupted, and nobody judged the run · failed: see
 * `why`. A cell that is not finished is measured again.
 */
const cell = z.strictObject({
  variant: z.string(),
  fault: z.string(),
  state: z.enum(["finished", "partial", "failed"]),
  why: z.string().nullable(),
  hold_ms: count,
  seed: count,
  rounds_wanted: count,
  run_directory: z.string().nullable(),
  verdict: z.enum(VERDICTS).nullable(),
  began_ms: z.int(),
  ended_ms: z.int(),
  machine: machine.nullable(),
  rounds: z.array(round),
});
export type Cell = z.infer<typeof cell>;

export const resultsSchema = z.strictObject({
  version: z.literal(1),
  kind: z.literal("recovery"),
  settings,
  /** What the variant `defaults` leaves to Kafka and Spark: setting → their default. */
  field_defaults: z.record(z.string(), z.record(z.string(), z.string())),
  cells: z.array(cell),
});
export type RecoveryResults = z.infer<typeof resultsSchema>;

/** Rounds that count. */
export function counting({ rounds }: Pick<Cell, "rounds">): Round[] {
  return rounds.filter(({ effective }) => effective);
}

/** @returns the results with this cell instead of an older one of the same variant and fault. */
export function withCell(results: RecoveryResults, cell: Cell): RecoveryResults {
  const others = results.cells.filter(({ variant, fault }) => variant !== cell.variant || fault !== cell.fault);
  return { ...results, cells: [...others, cell] };
}

/** @returns the finished cell that need not be measured again; undefined: there is none with so many rounds and this hold. */
export function finishedCell(
  { cells }: RecoveryResults,
  wanted: { variant: string; fault: string; rounds: number; holdMs: number },
): Cell | undefined {
  return cells.find(
    (cell) =>
      cell.variant === wanted.variant &&
      cell.fault === wanted.fault &&
      cell.hold_ms === wanted.holdMs &&
      cell.state === "finished" &&
      counting(cell).length >= wanted.rounds,
  );
}
