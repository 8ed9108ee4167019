import { setTimeout as sleep } from "node:timers/promises";
import { FaultlineError } from "../../contract/errors.ts";

export type QuietState = { ledgerBytes: number; logEnds: readonly number[]; nextOffsets: readonly number[] };

export type QuietOptions = {
  /** Asks all sources once. May throw FaultlineError; if a source can't be reached, it is asked again. */
  look: () => Promise<QuietState>;
  /** The longest wait. */
  timeoutMs: number;
  /** If the sink is behind and nothing moves for this long, waiting does not help. */
  noProgressMs: number;
  /** If a source can't be reached for this long, it is down. */
  unreachableMs: number;
  intervalMs: number;
  onProgress?: (text: string) => void;
  signal: AbortSignal;
};

/** quiet: nothing moves, and the sink has applied the whole log · stuck: it has not, and nothing moves · timeout: it has not in time. */
export type QuietResult = { outcome: "quiet" | "stuck" | "timeout"; behind: number; waitedMs: number };

const FATAL = new Set(["FL_POSTGRES_AUTH", "FL_SCHEMA_MISSING", "FL_TOPIC_MISSING"]);

/**
 * Waits until the pipeline is quiet: two looks in a row see the same ledger, the same log ends, and the sink at them.
 * @throws the FaultlineError of `look` if a source stays unreachable, or if waiting can't cure the error.
 */
export async function waitUntilQuiet(options: QuietOptions): Promise<QuietResult> {
  const begin = performance.now();
  let seen = "";
  let changedAt = begin;
  let reachedAt = begin;
  for (;;) {
    options.signal.throwIfAborted();
    const now = performance.now();
    let state: QuietState | undefined;
    try {
      state = await options.look();
      reachedAt = performance.now();
    } catch (error) {
      const isHopeless = !(error instanceof FaultlineError) || FATAL.has(error.code);
      if (isHopeless || performance.now() - reachedAt > Math.min(options.unreachableMs, options.timeoutMs)) throw error;
    }
    if (state !== undefined) {
      const behind = state.logEnds.reduce(
        (sum, end, partition) => sum + Math.max(0, end - (state.nextOffsets[partition] ?? 0)),
        0,
      );
      const look = JSON.stringify(state);
      const isSame = look === seen;
      if (!isSame) changedAt = now;
      seen = look;
      const result = (outcome: QuietResult["outcome"]) => ({
        outcome,
        behind,
        waitedMs: Math.round(performance.now() - begin),
      });
      if (isSame && behind === 0) return result("quiet");
      if (now - begin >= options.timeoutMs) return result("timeout");
      if (now - changedAt >= options.noProgressMs) return result("stuck");
      options.onProgress?.(
        behind === 0 ? "waiting until nothing moves" : `waiting for the sink: it is ${behind} records behind`,
      );
    }
    await sleep(options.intervalMs, undefined, { signal: options.signal });
  }
}
