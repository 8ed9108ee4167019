import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { BirthClock } from "./lane-clock.ts";
import type { LaneFeed } from "./lane-feed.ts";
import type { Lane } from "./lane.ts";
import type { LedgerWriter } from "./ledger-writer.ts";
import type { QuiesceLease } from "./quiesce-lease.ts";
import type { StatusBoard } from "./status.ts";

const LOOK_EVERY_MS = 200;

export type QuiescerWork = {
  lease: Pick<QuiesceLease, "holder">;
  clocks: Pick<BirthClock, "quiesce" | "resume">[];
  feeds: Pick<LaneFeed, "isAwaited" | "wake">[];
  lanes: Pick<Lane, "state">[];
  ledger: Pick<LedgerWriter, "isWritten">;
  status: Pick<StatusBoard, "state">;
  nowMs: () => number;
  log: Pick<Logger, "info">;
};

/**
 * Keeps the producer quiesced while `quiesce.json` asks for it: births stop, events that were born and not attempted wait, batches in flight
 * are settled.
 * The state becomes "quiesced" only when every lane waits for its next batch and all outcomes are in the ledger's file: then the ledger
 * stands still.
 */
export class Quiescer {
  readonly #work: QuiescerWork;
  #by: string | undefined;

  constructor(work: QuiescerWork) {
    this.#work = work;
  }

  /** Reads the request once and obeys it. Does nothing while the producer starts or drains. */
  async look(): Promise<void> {
    const { lease, clocks, feeds, status, nowMs, log } = this.#work;
    const by = await lease.holder();
    if (status.state !== "producing" && status.state !== "quiesced") return;
    if (by !== undefined && this.#by === undefined) {
      log.info({ by }, "asked to quiesce: no new events");
      for (const clock of clocks) clock.quiesce(nowMs());
    }
    if (by === undefined && this.#by !== undefined) {
      log.info({ by: this.#by }, "the request to quiesce is over");
      for (const clock of clocks) clock.resume(nowMs());
      for (const feed of feeds) feed.wake();
    }
    this.#by = by;
    status.state = by !== undefined && this.#isSettled() ? "quiesced" : "producing";
  }

  /** Reads the request again and again until `end` aborts. Never throws. */
  async watch(end: AbortSignal): Promise<void> {
    while (!end.aborted) {
      await this.look();
      await sleep(LOOK_EVERY_MS, undefined, { signal: end }).catch(() => {});
    }
  }

  /** With every lane ended, `close` is yet to be written. */
  #isSettled(): boolean {
    const { lanes, feeds, ledger } = this.#work;
    return (
      ledger.isWritten &&
      lanes.some((lane) => lane.state !== "ended") &&
      lanes.every((lane, p) => lane.state === "ended" || feeds[p]?.isAwaited === true)
    );
  }
}
