import type { SendOutcome } from "./lane.ts";

/**
 * Broker errors that are given before anything is appended (Kafka's ReplicaManager.appendToLocalLog and LogValidator; authorization in KafkaApis),
 * so they rule the batch out. All others leave it open: NOT_ENOUGH_REPLICAS_AFTER_APPEND says so in its name, and even NOT_LEADER_OR_FOLLOWER
 * can be the second answer to a batch whose first answer was lost.
 */
const RULES_OUT: ReadonlySet<unknown> = new Set([
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "INVALID_TOPIC_EXCEPTION",
  "TOPIC_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "UNSUPPORTED_VERSION",
  "UNSUPPORTED_FOR_MESSAGE_FORMAT",
  "UNSUPPORTED_COMPRESSION_TYPE",
  "INVALID_REQUIRED_ACKS",
  "INVALID_TIMESTAMP",
  "INVALID_RECORD",
]);
const TOO_LARGE: ReadonlySet<unknown> = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"]);

type KafkaError = Error & { apiId?: string; canRetry?: boolean };

/**
 * Turns a final error of `send` into an outcome. The client reports all tries of one send in nested AggregateErrors, with broker errors as
 * leaves that have an `apiId`. The outcome is failed only if **every** try was refused before the append: after one timeout, the batch may be
 * in the log.
 */
export function judgeSendError(error: unknown): Exclude<SendOutcome, { kind: "ack" }> {
  const leaves = leavesOf(error);
  const why = [...new Set(leaves.map((leaf) => leaf.apiId ?? causeOf(leaf)))].slice(-3).join("; ").slice(0, 300);
  if (leaves.length > 0 && leaves.every((leaf) => RULES_OUT.has(leaf.apiId)))
    return { kind: "failed", why, tooLarge: leaves.some((leaf) => TOO_LARGE.has(leaf.apiId)) };
  return { kind: "indeterminate", why };
}

function causeOf(leaf: Error): string {
  const cause =
    leaf.cause instanceof Error ? ` (${(leaf.cause as NodeJS.ErrnoException).code ?? leaf.cause.message})` : "";
  return leaf.message + cause;
}

function leavesOf(error: unknown): KafkaError[] {
  if (error instanceof AggregateError) return error.errors.flatMap(leavesOf);
  return [error instanceof Error ? error : new Error(String(error))];
}
