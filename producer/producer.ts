import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { eventSource } from "../contract/event.ts";
import type { LedgerOpen } from "../contract/ledger.ts";
import { RUN_FILES } from "../contract/run.ts";
import { buildEventBatch } from "./event-batch.ts";
import { KafkaChannel } from "./kafka-channel.ts";
import { FullSpeed, LaneClock } from "./lane-clock.ts";
import { LaneFeed } from "./lane-feed.ts";
import { Lane, type LanePorts } from "./lane.ts";
import { openLedger, type OpenLedger } from "./ledger-open.ts";
import type { Batch } from "./ledger-replay.ts";
import type { ProducerOptions } from "./options.ts";
import { readRunDirectory } from "./run-directory.ts";
import { StatusBoard } from "./status.ts";
import { maxMessageBytes, waitForTopic } from "./topic-readiness.ts";

const SUMMARY_INTERVAL_MS = 10_000;

/**
 * Produces a run's events until `stop` aborts, or --until-total or --until-ms is reached.
 * @returns when all is settled or given up, and the ledger is closed.
 * @throws FaultlineError FL_RUN_MISSING, FL_CONFIG_INVALID, FL_PIPELINE_INVALID, FL_LEDGER_DAMAGED, FL_STACK_BUSY, FL_DISK_FULL,
 * FL_TOPIC_MISSING, FL_TOPIC_MISMATCH, FL_NOT_READY, FL_KAFKA_UNREACHABLE.
 */
export async function runProducer(options: ProducerOptions, log: Logger, stop: AbortSignal): Promise<void> {
  const { run, pipeline } = await readRunDirectory(options.runDir);
  // A clock that never goes back: creation times of a process are in order whatever happens to the system's time.
  const originMs = Date.now() - performance.now();
  const nowMs = () => originMs + performance.now();
  const topic = options.topic ?? pipeline.topic;
  const opening: LedgerOpen = {
    t: "open",
    version: 1,
    run: run.run,
    seed: run.seed,
    malformed_ppm: run.malformedPpm,
    pipeline: pipeline.name,
    pipeline_sha256: run.pipelineSha256,
    topic,
    partitions: pipeline.partitions,
    pid: process.pid,
    at_ms: Math.floor(nowMs()),
  };
  const ledger = await openLedger(options.ledger, opening);
  // Only who holds the ledger's lock may write the status.
  const status = new StatusBoard(join(options.runDir, RUN_FILES.producerStatus), nowMs);
  status.load(ledger.replay.lanes);
  status.start();
  const onCrash = (error: Error) => status.failNow(error);
  process.on("uncaughtExceptionMonitor", onCrash);
  try {
    log.info(
      { ledger: options.ledger, restarted: ledger.restarted, torn_bytes: ledger.tornBytes, attempted: status.attempted, acknowledged: status.acknowledged },
      "ledger open",
    );
    const source = eventSource(pipeline, { run: run.run, seed: run.seed, malformedPpm: run.malformedPpm });
    const build = (partition: number, batch: Omit<Batch, "attempts">) => buildEventBatch(source, run.run, topic, partition, batch);
    const demand = { brokers: options.brokers, topic, partitions: pipeline.partitions, fullIsr: !ledger.restarted, timeoutMs: options.readyTimeoutMs };
    const onProgress = (text: string) => {
      if (status.error !== text) log.info({ waiting_for: text }, "not ready");
      status.error = text;
    };
    await waitForTopic(demand, onProgress, stop);
    status.error = null;
    const bytesMax = await maxMessageBytes(options.brokers, topic);
    log.info({ topic, partitions: pipeline.partitions, rate: options.rate, max_message_bytes: bytesMax }, "producing");
    await runLanes({ options, ledger, status, topic, build, bytesMax, nowMs, log, stop });
    await ledger.writer.close({ t: "close", at_ms: Math.floor(nowMs()) });
    status.state = "done";
    log.info(totals(status), "done");
  } catch (error) {
    status.state = "failed";
    status.error = error instanceof Error ? error.message : String(error);
    await ledger.writer.close().catch(() => {});
    throw error;
  } finally {
    await status.stop();
    process.off("uncaughtExceptionMonitor", onCrash);
  }
}

type LaneWork = {
  options: ProducerOptions;
  ledger: OpenLedger;
  status: StatusBoard;
  topic: string;
  build: (partition: number, batch: Omit<Batch, "attempts">) => ReturnType<typeof buildEventBatch>;
  bytesMax: number;
  nowMs: () => number;
  log: Logger;
  stop: AbortSignal;
};

async function runLanes(work: LaneWork): Promise<void> {
  const { options, ledger, status, nowMs, log, stop } = work;
  const histories = ledger.replay.lanes;
  const startMs = nowMs();
  const budget = { remaining: options.untilTotal === undefined ? Infinity : Math.max(0, options.untilTotal - status.attempted) };
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
    for (const clock of clocks) {
      if (status.state === "producing") clock.advance(nowMs());
      backlog += clock.backlog;
      throttled += clock.throttled;
    }
    // Once births have ended, what was never attempted is dropped.
    return { backlog: status.state === "producing" ? Math.min(backlog, budget.remaining) : 0, throttled };
  };
  status.state = "producing";

  const abandon = () => {
    giveUp.abort();
    for (const lane of lanes) lane.abandon();
  };
  let drainTimer: NodeJS.Timeout | undefined;
  const drain = () => {
    const { backlog } = status.births();
    status.state = "draining";
    log.info({ ...totals(status), dropped_backlog: backlog, drain_ms: options.drainMs }, "stopping: births end, batches in flight are awaited");
    for (const feed of feeds) feed.end();
    drainTimer = setTimeout(abandon, options.drainMs);
  };
  const untilTimer = options.untilMs === undefined ? undefined : setTimeout(drain, Math.min(2 ** 31 - 1, Math.max(0, options.untilMs - Date.now())));
  const summary = setInterval(() => log.info(totals(status), "progress"), SUMMARY_INTERVAL_MS);
  stop.addEventListener("abort", drain, { once: true });
  if (stop.aborted) drain();
  try {
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
    clearTimeout(drainTimer);
    clearTimeout(untilTimer);
    clearInterval(summary);
    stop.removeEventListener("abort", drain);
  }
}

function lanePorts(work: LaneWork, partition: number, feed: LaneFeed, afterAttempt: () => void, giveUp: AbortSignal): LanePorts {
  const { options, ledger, status, nowMs, log, topic } = work;
  const settings = { brokers: options.brokers, clientId: `faultline-producer-${partition}`, topic, partition, deadlineMs: options.sendDeadlineMs };
  return {
    openChannel: () => KafkaChannel.open(settings, (batch) => feed.events(batch), giveUp),
    ledger: ledger.writer,
    nextBatch: (sequence) => feed.next(sequence),
    pause: (ms) => sleep(ms, undefined, { signal: giveUp }).catch(() => {}),
    nowMs: () => Math.floor(nowMs()),
    onAttempt: (batch) => {
      status.onAttempt(partition, batch);
      afterAttempt();
    },
    onOutcome: (batch, outcome) => {
      status.onOutcome(partition, batch, outcome);
      if (outcome.kind === "ack") return;
      const facts = { partition, sequence: batch.sequence, count: batch.count, attempt: batch.attempts, why: outcome.why };
      if (outcome.kind === "indeterminate") log.warn(facts, "indeterminate: must be sent again under a fresh producer id");
      else log.error(facts, "failed: the broker refused the batch for good");
      if (outcome.kind === "failed" && outcome.tooLarge) feed.halveBatchBytes();
    },
    onChannelError: (error) => log.warn({ partition, why: error instanceof Error ? error.message : String(error) }, "no connection yet"),
  };
}

function wakeAll(feeds: LaneFeed[]): void {
  for (const feed of feeds) feed.wake();
}

function totals(status: StatusBoard): Record<string, unknown> {
  const { attempted, acknowledged, indeterminate, backlog, throttled } = status.snapshot();
  return { attempted, acknowledged, failed: status.failed, indeterminate, backlog, throttled };
}
