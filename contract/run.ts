import { z } from "zod";

/** The files of a run directory, `runs/<id>/`: all that a later reader needs to judge the run again. */
export const RUN_FILES = {
  run: "run.json",
  pipeline: "pipeline.yaml",
  plan: "plan.json",
  ledger: "ledger.ndjson",
  journal: "faults.ndjson",
  samples: "samples.ndjson",
  producerStatus: "producer-status.json",
  quiesce: "quiesce.json",
  verdict: "verdict.json",
  report: "report.md",
  logs: "logs",
} as const;

/** `run.json`: written once, when the stack is first started. */
export const runSchema = z.strictObject({
  version: z.literal(1),
  /** The directory's name, `<UTC time>-<pipeline>`. */
  id: z.string(),
  /** The number in every event's identity: seconds since 1970 at creation, 31 bits. */
  run: z
    .int()
    .min(1)
    .max(2 ** 31 - 1),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1),
  malformedPpm: z.int().min(0).max(1_000_000),
  pipeline: z.string(),
  pipelineSha256: z.string(),
  runtime: z.enum(["local", "compose"]),
  trigger: z.enum(["realtime", "micro-batch"]),
  createdMs: z.int(),
  /** Component → version, as the components themselves say it. */
  versions: z.record(z.string(), z.string()),
});
export type Run = z.infer<typeof runSchema>;

/** `producer-status.json`, rewritten atomically about every 250 ms while the producer lives. */
export type ProducerStatus = {
  pid: number;
  state: "starting" | "producing" | "quiesced" | "draining" | "done" | "failed";
  at_ms: number;
  attempted: number;
  acknowledged: number;
  indeterminate: number;
  /** Events that are due by the rate but not yet attempted; bounded. */
  backlog: number;
  /** Events that the full backlog turned away: the rate asked for was not held. */
  throttled: number;
  last_ack_ms: number;
  /** Per partition: time of the last acknowledgement. */
  partitions: { partition: number; last_ack_ms: number; next_sequence: number }[];
  error: string | null;
};

/**
 * `quiesce.json`, written by a validator that wants silence: the producer makes no new event before `until_ms`, settles what is in flight, and says
 * state "quiesced". A lease, renewed while it is needed: a validator that dies lets the producer go on. No file: no request.
 */
export const quiesceSchema = z.strictObject({ version: z.literal(1), until_ms: z.int(), by: z.string() });
export type Quiesce = z.infer<typeof quiesceSchema>;
