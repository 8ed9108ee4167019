import type { FaultHistory } from "../../contract/fault-history.ts";
import type { Sample } from "../../contract/sample.ts";
import type { TimelineFault } from "./timeline.ts";

/** When events that came after a fault's effect were stored on every partition: at the samples' resolution, never too early. */
export class VisibleAgain {
  /** Ends of the log that were read after the effect: what lies behind them came after it. */
  readonly #behind = new Map<number, number[]>();
  readonly #visibleMs = new Map<number, number>();

  /** @param faults as the journal has them so far. */
  add(sample: Sample, faults: readonly FaultHistory[]): void {
    const { log_ends, next_offsets, at_ms } = sample;
    for (const { id, effective, probedMs } of faults) {
      if (effective !== true || probedMs === undefined || probedMs > at_ms || this.#visibleMs.has(id)) continue;
      const behind = this.#behind.get(id);
      if (behind === undefined) {
        // If Kafka had answered before the effect, its ends say nothing about it.
        if (log_ends !== null && (sample.answered_ms.kafka ?? 0) >= probedMs) this.#behind.set(id, log_ends);
      } else if (next_offsets !== null && behind.every((end, partition) => (next_offsets[partition] ?? 0) > end))
        this.#visibleMs.set(id, at_ms);
    }
  }

  of(id: number): number | null {
    return this.#visibleMs.get(id) ?? null;
  }
}

export function timelineFault(fault: FaultHistory, visibleMs: number | null): TimelineFault {
  return {
    id: fault.id,
    kind: fault.kind,
    node: fault.node,
    node_kind: fault.nodeKind,
    role: fault.role ?? null,
    injected_ms: fault.injectedMs,
    active_ms: fault.probedMs ?? null,
    healed_ms: fault.healedMs ?? null,
    ready_ms: fault.readyMs ?? null,
    visible_ms: visibleMs,
    effective: fault.effective ?? null,
    proof: fault.proof ?? null,
    failed: fault.failed ?? null,
  };
}
