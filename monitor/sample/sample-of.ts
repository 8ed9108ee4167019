import { isActive, type FaultHistory } from "../../contract/fault-history.ts";
import { type Sample, UNKNOWN_SAMPLE } from "../../contract/sample.ts";
import { STATUS_FRESH_MS } from "../sources/nodes/status-probes.ts";
import type { RunAnswers } from "./run-answers.ts";

/**
 * The sample that answers make (pure, but for the clock that the caller read).
 * @param faults all of the journal that are known. @param atMs when the last source had answered or was given up, ms since 1970.
 */
export function sampleOf(answers: RunAnswers, faults: readonly FaultHistory[], atMs: number): Sample {
  const kafka = answers.kafka?.value;
  const sink = answers.sink?.value;
  const latency = answers.latency?.value;
  const status = answers.producer?.value;
  const logEnds = wholeOf(kafka?.logEnds);
  const logEnd = logEnds && sum(logEnds);
  const next = sink?.nextOffsets ?? null;
  return {
    ...UNKNOWN_SAMPLE,
    at_ms: atMs,
    answered_ms: {
      kafka: answers.kafka?.atMs ?? null,
      sink: answers.sink?.atMs ?? null,
      latency: answers.latency?.atMs ?? null,
      // Its figures are those of the time when it wrote them.
      producer: status?.at_ms ?? null,
      nodes: answers.nodes?.atMs ?? null,
    },
    attempted: status?.attempted ?? null,
    acknowledged: status?.acknowledged ?? null,
    // An older status file is of a producer that is gone or stopped: its counts are right, its backlog is unknown.
    backlog: status && atMs - status.at_ms <= STATUS_FRESH_MS ? status.backlog : null,
    log_end: logEnd,
    log_ends: logEnds,
    isr: kafka?.isr ?? null,
    under_replicated: kafka?.underReplicated ?? null,
    rows: sink?.rows ?? null,
    dead_letters: sink?.deadLetters ?? null,
    duplicates: sink?.duplicates ?? null,
    // The sink may have moved on between the two questions; a lag below zero is that and nothing else.
    lag: logEnd === null || next === null ? null : Math.max(0, logEnd - sum(next)),
    latency_p50_ms: latency?.p50Ms ?? null,
    latency_p99_ms: latency?.p99Ms ?? null,
    latency_max_ms: latency?.maxMs ?? null,
    next_offsets: next,
    unstored_age_ms: answers.ages(atMs),
    nodes: answers.nodes?.value ?? [],
    faults: faults.filter(isActive).map((fault) => fault.id),
  };
}

function wholeOf(values: readonly (number | null)[] = [null]): number[] | null {
  const known = values.filter((value) => value !== null);
  return known.length === values.length ? known : null;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
