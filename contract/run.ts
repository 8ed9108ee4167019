import { z } from "zod";
import { parseJsonFile } from "./parse-file.ts";
import { COORDINATIONS, RUNTIME_NAMES, TRIGGERS } from "./stack.ts";

/** The files of a run directory, `runs/<id>/`: everything that is needed to judge the run again. docs/formats.md describes them. */
export const RUN_FILES = {
  run: "run.json",
  pipeline: "pipeline.yaml",
  plan: "plan.json",
  ledger: "ledger.ndjson",
  /** The producer's own note of how far it knows the ledger. */
  ledgerMark: "ledger.ndjson.mark",
  journal: "faults.ndjson",
  samples: "samples.ndjson",
  /** What the monitor saw of log and tables while the run went on. */
  witness: "witness.ndjson",
  /** Whether each partition is stored, now. */
  health: "health.json",
  /** Exact commit times around faults. */
  commits: "commits.ndjson",
  producerStatus: "producer-status.json",
  /** Only in containers; a local stack has both in its state directory. */
  driverStatus: "driver-status.json",
  standbyDriverStatus: "driver-2-status.json",
  quiesce: "quiesce.json",
  /** The live page's token, and its address. */
  page: "page.json",
  verdict: "verdict.json",
  report: "report.md",
  reportPage: "report.html",
  evidence: "run.evidence",
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
  malformed_ppm: z.int().min(0).max(1_000_000),
  pipeline: z.string(),
  pipeline_sha256: z.string(),
  runtime: z.enum(RUNTIME_NAMES),
  trigger: z.enum(TRIGGERS),
  /** Absent in runs of older builds. */
  coordination: z.enum(COORDINATIONS).optional(),
  created_ms: z.int(),
  /** Component → version, as the component itself reports it. */
  versions: z.record(z.string(), z.string()),
});
export type Run = z.infer<typeof runSchema>;

/** @param file names the source in errors. @throws FaultlineError FL_CONFIG_INVALID with file and member. */
export function parseRun(text: string, file: string): Run {
  return parseJsonFile(runSchema, text, file, {
    remedy: "a run that this build can't read can't be judged: start a new run",
  });
}

/** `producer-status.json`, rewritten atomically about every 250 ms while the producer lives. The ledger may be further. */
export const producerStatusSchema = z.strictObject({
  version: z.literal(2),
  pid: z.int(),
  state: z.enum(["starting", "producing", "quiesced", "draining", "done", "failed"]),
  at_ms: z.int(),
  /** The whole lines of the ledger that were on disk, and the last one's `crc`. All counts and times of events below are those of these lines. */
  ledger: z.strictObject({ lines: z.int(), crc: z.string() }),
  attempted: z.int(),
  acknowledged: z.int(),
  indeterminate: z.int(),
  /** Events that are due by the rate but not yet attempted; bounded. */
  backlog: z.int(),
  /** Events that never existed because the backlog was full: the producer did not reach its rate. */
  throttled: z.int(),
  last_ack_ms: z.int(),
  /** Per partition: time of the last acknowledgement. */
  partitions: z.array(z.strictObject({ partition: z.int(), last_ack_ms: z.int(), next_sequence: z.int() })),
  /** The fatal error; while starting, the reason for the wait. */
  error: z.string().nullable(),
});
export type ProducerStatus = z.infer<typeof producerStatusSchema>;

/**
 * `quiesce.json`: a validator asks the producer to quiesce. The producer makes no event before `until_ms`, settles the batches in flight, and
 * sets the state "quiesced". The request is a lease, renewed while it is needed: if a validator dies, the producer continues. No file: no
 * request.
 */
export const quiesceSchema = z.strictObject({ version: z.literal(1), until_ms: z.int(), by: z.string() });
export type Quiesce = z.infer<typeof quiesceSchema>;
