import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { RUN_FILES } from "../contract/run.ts";
import type { EventBatch } from "./event-batch.ts";
import { FullSpeed, LaneClock } from "./lane-clock.ts";
import { LaneFeed } from "./lane-feed.ts";
import { Lane, type Channel, type LanePorts } from "./lane.ts";
import type { OpenLedger } from "./ledger-open.ts";
import type { Batch } from "./ledger-replay.ts";
import type { ProducerOptions } from "./options.ts";
import { QuiesceLease } from "./quiesce-lease.ts";
import { Quiescer } from "./quiescer.ts";
import type { StatusBoard } from "./status.ts";

const SUMMARY_INTERVAL_MS = 10_000;

export type LaneWork = {
  options: Pick<
    ProducerOptions,
    "runDir" | "rate" | "untilTotal" | "untilMs" | "batchMax" | "lingerMs" | "backlogMax" | "drainMs"
  >;
  ledger: OpenLedger;
  status: StatusBoard;
  build: (partition: number, batch: Omit<Batch, "attempts">) => EventBatch;
  /** The topic's limit for a record batch, in bytes. */
  bytesMax: number;
  /** @throws Error when it can't connect, or `giveUp` aborts. */
  openChannel: (partition: number, events: (batch: Batch) => EventBatch, giveUp: AbortSignal) => Promise<Channel>;
  nowMs: () => number;
  log: Logger;
  stop: AbortSignal;
};

/**
 * Runs one lane for each partition until `stop` aborts, or --until-total or --until-ms is reached. Quiesces while `quiesce.json` asks for it.
 * Returns when every lane has ended. @throws the ledger's errors.
 */
export async function runLanes(work: LaneWork): Promise<void> {
  const { options, ledger, status, nowMs, log, stop } = work;
  const histories = ledger.replay.lanes;
  const startMs = nowMs();
  const budget = {
    remaining: options.untilTotal === undefined ? Infinity : Math.max(0, options.untilTotal - status.attempted),
  };
  // One clock for all: events are due 1/rate apart, and go round-robin over the lanes.
  const apartMs = 1_000 / options.rate;
  const clockSettings = (p: number) => ({
    startMs: startMs + p * apartMs,
    intervalMs: apartMs * histories.length,
    backlogMax: Math.max(1, Math.floor(options.backlogMax / histories.length)),
  });
  const clocks = histories.map((_, p) => (options.rate === 0 ? new FullSpeed() : new LaneClock(clockSettings(p))));
  const feeds = clocks.map(
    (clock, p) =>
      new LaneFeed({
        clock,
        budget,
        batchMax: options.batchMax,
        lingerMs: options.lingerMs,
        batchBytesMax: work.bytesMax,
        build: (batch) => work.build(p, batch),
        nowMs,
      }),
  );
  const giveUp = new AbortController();
  const lanes = histories.map(
    (history, p) =>
      new Lane(
        p,
        history,
        lanePorts(work, p, feeds[p] as LaneFeed, () => budget.remaining === 0 && wakeAll(feeds), giveUp.signal),
      ),
  );
  status.births = () => {
    let [backlog, throttled] = [0, 0];
    const isLive = status.state === "producing" || status.state === "quiesced";
    for (const clock of clocks) {
      if (isLive) clock.advance(nowMs());
      backlog += clock.backlog;
      throttled += clock.throttled;
    }
    // Once births have ended, what was never attempted is dropped.
    return { backlog: isLive ? Math.min(backlog, budget.remaining) : 0, throttled };
  };
  status.state = "producing";
  const lease = new QuiesceLease(join(options.runDir, RUN_FILES.quiesce), (problem) => log.warn(problem));
  const quiescer = new Quiescer({ lease, clocks, feeds, lanes, ledger: ledger.writer, status, nowMs, log });
  // A producer that was started again while it is asked to quiesce makes no event before.
  await quiescer.look();

  const abandon = () => {
    giveUp.abort();
    for (const lane of lanes) lane.abandon();
  };
  let drainTimer: NodeJS.Timeout | undefined;
  const drain = () => {
    const { backlog } = status.births();
    status.state = "draining";
    log.info(
      { ...totals(status), dropped_backlog: backlog, drain_ms: options.drainMs },
      "stopping: no more events, waiting for batches in flight",
    );
    for (const feed of feeds) feed.end();
    drainTimer = setTimeout(abandon, options.drainMs);
  };
  const untilTimer =
    options.untilMs === undefined
      ? undefined
      : setTimeout(drain, Math.min(2 ** 31 - 1, Math.max(0, options.untilMs - Date.now())));
  const summary = setInterval(() => log.info(totals(status), "progress"), SUMMARY_INTERVAL_MS);
  stop.addEventListener("abort", drain, { once: true });
  if (stop.aborted) drain();
  const ended = new AbortController();
  try {
    void quiescer.watch(ended.signal);
    // The first lane's error (only the ledger throws) stops all; wait for every lane to end, so that no send outlives the ledger.
    const ends = lanes.map((lane) =>
      lane.run().catch((error: unknown) => {
        abandon();
        for (const feed of feeds) feed.end();
        throw error;
      }),
    );
    const failed = (await Promise.allSettled(ends)).find((end) => end.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  } finally {
    ended.abort();
    clearTimeout(drainTimer);
    clearTimeout(untilTimer);
    clearInterval(summary);
    stop.removeEventListener("abort", drain);
  }
}

function lanePorts(
  work: LaneWork,
  partition: number,
  feed: LaneFeed,
  afterAttempt: () => void,
  giveUp: AbortSignal,
): LanePorts {
  const { ledger, nowMs, log } = work;
  return {
    openChannel: () => work.openChannel(partition, (batch) => feed.events(batch), giveUp),
    ledger: ledger.writer,
    nextBatch: (sequence) => feed.next(sequence),
    pause: (ms) => sleep(ms, undefined, { signal: giveUp }).catch(() => {}),
    nowMs: () => Math.floor(nowMs()),
    onAttempt: afterAttempt,
    onOutcome: (batch, outcome) => {
      if (outcome.kind === "ack") return;
      const facts = {
        partition,
        sequence: batch.sequence,
        count: batch.count,
        attempt: batch.attempts,
        why: outcome.why,
      };
      if (outcome.kind === "indeterminate")
        log.warn(facts, "indeterminate: a new producer id must send the batch again");
      else log.error(facts, "failed: the broker refused the batch for good");
      if (outcome.kind === "failed" && outcome.tooLarge) feed.halveBatchBytes();
    },
    onChannelError: (error) =>
      log.warn({ partition, why: error instanceof Error ? error.message : String(error) }, "no connection yet"),
  };
}

function wakeAll(feeds: LaneFeed[]): void {
  for (const feed of feeds) feed.wake();
}

export function totals(status: StatusBoard): Record<string, unknown> {
  const { attempted, acknowledged, indeterminate, backlog, throttled } = status.snapshot();
  return { attempted, acknowledged, failed: status.failed, indeterminate, backlog, throttled };
}
