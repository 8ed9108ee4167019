/**
 * Stable error codes, with their exit codes. Each has a line in docs/errors.md; a test compares the two. An error names the field, the value
 * and the remedy.
 */
export const ERROR_CODES = {
  FL_USAGE: 64,
  FL_PIPELINE_INVALID: 64,
  FL_CONFIG_INVALID: 64,
  FL_RUN_MISSING: 64,
  FL_PLAN_INVALID: 64,
  FL_LEDGER_DAMAGED: 2,
  FL_JOURNAL_DAMAGED: 2,
  FL_WITNESS_DAMAGED: 2,
  FL_TOPIC_MISSING: 2,
  FL_TOPIC_MISMATCH: 2,
  FL_KAFKA_UNREACHABLE: 2,
  FL_POSTGRES_UNREACHABLE: 2,
  FL_POSTGRES_AUTH: 2,
  FL_SCHEMA_MISSING: 2,
  FL_EVIDENCE_DAMAGED: 2,
  FL_EVIDENCE_INCOMPLETE: 2,
  FL_STACK_DOWN: 69,
  FL_STACK_BUSY: 69,
  FL_NODE_FAILED: 69,
  FL_NOT_READY: 69,
  FL_PREREQUISITE: 69,
  FL_PORT_IN_USE: 69,
  FL_DISK_FULL: 69,
  FL_FAULT_UNAVAILABLE: 64,
  FL_HEAL_FAILED: 5,
  FL_INTERRUPTED: 130,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An error that a user can act on. `remedy` says what to do, as a command if possible. */
export class FaultlineError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string | undefined;

  constructor(code: ErrorCode, message: string, options?: { remedy?: string; cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = "FaultlineError";
    this.code = code;
    this.remedy = options?.remedy;
  }

  get exitCode(): number {
    return ERROR_CODES[this.code];
  }
}
