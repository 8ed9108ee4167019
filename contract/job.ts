import { z } from "zod";

/**
 * The Spark job as its supervisor sees it: exit codes and status file. The Java side is spark-app/job (ExitCode.java,
 * JobState.java, StatusFile.java); contract/job.test.ts reads those sources and holds the two together.
 */
export const JOB_EXIT_CODES = {
  /** It ended as it was asked to (SIGTERM, --stop-at-latest). */
  OK: 0,
  /** A newer driver has claimed the table. */
  FENCED: 10,
  /** A flag is wrong. */
  USAGE: 64,
  /** Records are missing in Kafka: a person must decide. */
  DATA_LOSS: 74,
  /** Pipeline file, tables, topic or environment are wrong. */
  CONFIGURATION: 78,
  /** SIGTERM, but a task hung; the next start finds out what was committed. */
  TERMINATED: 143,
} as const;

/** Exit codes after which a new start changes nothing: a supervisor must not start the job again. */
export const JOB_FATAL_EXIT_CODES: readonly number[] = [
  JOB_EXIT_CODES.FENCED,
  JOB_EXIT_CODES.USAGE,
  JOB_EXIT_CODES.DATA_LOSS,
  JOB_EXIT_CODES.CONFIGURATION,
];

export const JOB_STATES = ["starting", "standby", "running", "restarting", "failed", "stopped"] as const;

/** The status file of the driver of this name (the job's `--status-file`): each driver has its own. */
export function driverStatusFile(node: string): string {
  return `${node}-status.json`;
}

/** `driver-status.json` and `driver-2-status.json`, replaced as a whole by the job. */
export const driverStatusSchema = z.strictObject({
  version: z.literal(3),
  /** standby: warm, and ready to take over; another driver has the right to write. */
  state: z.enum(JOB_STATES),
  /** What this start writes into sink_offsets.holder when it claims: tells whether the generation there is this driver's. Null before it is known. */
  holder: z.string().nullable(),
  /** The generation that this start claimed in sink_offsets; 0 before the claim. */
  generation: z.int(),
  trigger: z.string(),
  pid: z.int(),
  /** When it was written: at each change, and about every second while the query runs. */
  at_ms: z.int(),
  error: z.string().nullable(),
  /**
   * The last error of the sink per Kafka partition since this start, as one line; a partition without one has no entry. `at_ms`: when its task
   * failed. It may be over: progress tells.
   */
  partitions: z.array(z.strictObject({ partition: z.int().nonnegative(), error: z.string(), at_ms: z.int() })),
});
export type DriverStatus = z.infer<typeof driverStatusSchema>;

/** A running driver whose file is older hangs: it writes the file about once a second. */
export const DRIVER_FRESH_MS = 5_000;

/**
 * Of several drivers' files, the word that counts: of those that run, the one that claimed last, because a driver that was stopped or killed may not
 * know yet that another one has taken over. If none runs, the one that claimed last says why. Undefined: there is no file.
 */
export function leadingDriver<T extends Pick<DriverStatus, "state" | "generation" | "at_ms">>(
  files: readonly T[],
): T | undefined {
  return files.toSorted(
    (a, b) =>
      Number(b.state === "running") - Number(a.state === "running") || b.generation - a.generation || b.at_ms - a.at_ms,
  )[0];
}
