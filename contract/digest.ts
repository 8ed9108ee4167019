import { z } from "zod";
import { NODE_KINDS } from "./node.ts";
import { FAULT_KINDS } from "./plan.ts";
import { COORDINATIONS, RUNTIME_NAMES, TRIGGERS } from "./stack.ts";
import { VERDICTS } from "./verdict.ts";

/**
 * The digest of one run: what a page about several runs needs of it (`./faultline report RUN --digest FILE`). It is made from the run directory
 * alone, apart from the machine. What the evidence does not tell is null, or `{ unknown }` with the reason; it is never 0.
 */
const known = z.number().nullable();
const count = z.int().nonnegative();

/**
 * Where a figure comes from, from the finest to the coarsest: `journal`, `ledger` and `commits` to 1 ms; `offsets` (the witness) to about 50 ms;
 * `samples` to about 1 s.
 */
export const MEASURE_SOURCES = ["journal", "ledger", "commits", "offsets", "samples"] as const;
export type MeasureSource = (typeof MEASURE_SOURCES)[number];

/** A duration. It lies between low_ms and high_ms; both are the same if it is exact to 1 ms. `open`: it was not over when the evidence ended, so it is longer. */
const measure = z.union([
  z.strictObject({ low_ms: z.number(), high_ms: z.number(), open: z.boolean(), by: z.enum(MEASURE_SOURCES) }),
  z.strictObject({ unknown: z.string() }),
]);
export type DigestMeasure = z.infer<typeof measure>;

/** A time without success. `shared_with`: faults that were injected while it went on, or in whose window it begins, too. */
const gap = z.strictObject({ measure, shared_with: z.array(count) });

const fault = z.strictObject({
  id: count,
  kind: z.enum(FAULT_KINDS),
  node: z.string(),
  node_kind: z.enum(NODE_KINDS),
  /** "leader of partition 3", "controller", "executor", "active", "standby"; null: the fault was aimed at the node by its name. */
  role: z.string().nullable(),
  /** Of the injection, after the run's start. */
  at_ms: z.number(),
  /** The effect probe saw an effect. null: it did not answer, or the fault was not injected. */
  effective: z.boolean().nullable(),
  /** Work was under way on the path that the fault struck; the same path worked again afterwards. null: verdict.json does not tell. */
  under_load: z.boolean().nullable(),
  recovered: z.boolean().nullable(),
  /** Injection → effect probe. */
  detected: measure,
  /** Effect → verified undo. */
  held: measure,
  /** Verified undo → the node answers its protocol. */
  ready: measure,
  /** Injection → another node has the role that the node had. */
  failed_over: measure,
  /** Injection → the lag is back at its level before. */
  caught_up: measure,
  /** The longest time without an acknowledgement, on the worst partition. */
  ack_gap: gap,
  /** The longest time without a commit of rows, on the worst partition. */
  sink_gap: gap,
  /** Injection → the first event created after the effect is a row, on the slowest partition. */
  visible_again: measure,
});
export type DigestFault = z.infer<typeof fault>;

/** Computed over samples of about a second each. */
const spread = z
  .strictObject({ samples: count, median: z.number(), lowest: z.number(), highest: z.number() })
  .nullable();

const figures = z.strictObject({
  acknowledged_per_s: spread,
  stored_per_s: spread,
  latency_p50_ms: spread,
  latency_p99_ms: spread,
  lag: spread,
});

export const digestSchema = z.strictObject({
  version: z.literal(1),
  run_id: z.string(),
  pipeline: z.string().nullable(),
  runtime: z.enum(RUNTIME_NAMES).nullable(),
  trigger: z.enum(TRIGGERS).nullable(),
  coordination: z.enum(COORDINATIONS).nullable(),
  /** When the producer first started: times after the run's start count from here. */
  started_ms: z.number(),
  /** The seed of the events. */
  seed: z.int().nullable(),
  plan: z.strictObject({ seed: z.int(), duration_ms: z.number(), faults: count }).nullable(),
  /** Component → version. */
  versions: z.record(z.string(), z.string()),
  /** The machine on which the digest was made. null: the system does not tell. */
  machine: z.strictObject({ cores: count, memory_mib: count, cpu: z.string().nullable() }),
  verdict: z
    .strictObject({
      verdict: z.enum(VERDICTS),
      /** Why it is not VALID. */
      reasons: z.array(z.string()),
      /** What flags have taken away from the claim. */
      waived: z.array(z.string()),
      judged_in_ms: z.number(),
    })
    .nullable(),
  not_proved: z.array(z.string()),
  premises: z
    .strictObject({
      /** By verdict. */
      hold: count,
      recorded: count,
      /** Those that are unknown or not proved. */
      others: z.array(
        z.strictObject({
          name: z.string(),
          value: z.string(),
          verdict: z.enum(["unknown", "not-proved"]),
          why: z.string(),
        }),
      ),
    })
    .nullable(),
  canary: z.strictObject({ planted: count, found: count, kinds: count }).nullable(),
  slo: z.array(z.strictObject({ bound: z.string(), limit: z.number(), worst: known, is_exceeded: z.boolean() })),
  figures: z.strictObject({
    /** Events; from verdict.json, or else from the ledger. */
    attempted: known,
    acknowledged: known,
    indeterminate: known,
    rows: known,
    dead_letters: known,
    /** From the first line of the ledger to the last. */
    produced_for_ms: known,
    calm: figures,
    during_faults: figures,
    /** The longest times without success outside of every fault. */
    calm_ack_gap: measure,
    calm_sink_gap: measure,
  }),
  /** In the order of injection. */
  faults: z.array(fault),
  /** The whole run, a value per step from its start: mean rates, and the highest lag. null: there are not enough samples. */
  course: z
    .strictObject({
      step_ms: z.number().positive(),
      acknowledged_per_s: z.array(known),
      stored_per_s: z.array(known),
      lag: z.array(known),
    })
    .nullable(),
  /** The minute in which the least was stored: one line per second. null: there are not enough samples. */
  worst_minute: z
    .strictObject({
      /** Of the first second, after the run's start. */
      from_ms: z.number(),
      seconds: z.array(
        z.strictObject({
          acknowledged_per_s: known,
          stored_per_s: known,
          lag: known,
          /** Ids of the faults that were going on in this second: injected, and not all was well again. */
          faults: z.array(count),
        }),
      ),
    })
    .nullable(),
});
export type Digest = z.infer<typeof digestSchema>;
