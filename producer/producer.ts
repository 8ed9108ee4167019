import { join } from "node:path";
import type { Logger } from "pino";
import { eventSource } from "../contract/event.ts";
import { LEDGER_VERSION, type LedgerOpen } from "../contract/ledger.ts";
import { RUN_FILES } from "../contract/run.ts";
import { buildEventBatch } from "./event-batch.ts";
import { ACKS } from "./client-settings.ts";
import { KafkaChannel } from "./kafka-channel.ts";
import { LedgerMarks } from "./ledger-mark.ts";
import { openLedger } from "./ledger-open.ts";
import { recheckLedger } from "./ledger-recheck.ts";
import type { Batch } from "./ledger-replay.ts";
import type { ProducerOptions } from "./options.ts";
import { readRunDirectory } from "./run-directory.ts";
import { runLanes, totals, type LaneWork } from "./run-lanes.ts";
import { StatusBoard } from "./status.ts";
import { maxMessageBytes, waitForTopic } from "./topic-readiness.ts";

/**
 * Produces a run's events until `stop` aborts, or --until-total or --until-ms is reached.
 * Returns when every batch is settled or given up, and the ledger is closed.
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
    version: LEDGER_VERSION,
    run: run.run,
    seed: run.seed,
    malformed_ppm: run.malformed_ppm,
    pipeline: pipeline.name,
    pipeline_sha256: run.pipeline_sha256,
    topic,
    partitions: pipeline.partitions,
    pid: process.pid,
    acks: ACKS,
    at_ms: Math.floor(nowMs()),
  };
  const ledger = await openLedger(options.ledger, opening);
  // Only the process that holds the ledger's lock may write the status.
  const status = new StatusBoard(join(options.runDir, RUN_FILES.producerStatus), nowMs, ledger.writer);
  await status.start();
  const marks = new LedgerMarks(options.ledger, ledger.writer);
  const ended = new AbortController();
  const damaged = new AbortController();
  const onCrash = (error: Error) => status.failNow(error);
  process.on("uncaughtExceptionMonitor", onCrash);
  try {
    log.info(
      {
        ledger: options.ledger,
        restarted: ledger.restarted,
        torn_bytes: ledger.tornBytes,
        bytes_before_mark: ledger.mark?.size ?? 0,
        attempted: status.attempted,
        acknowledged: ledger.writer.durable.tally.acknowledged,
      },
      "ledger open",
    );
    const source = eventSource(pipeline, { run: run.run, seed: run.seed, malformedPpm: run.malformed_ppm });
    const build = (partition: number, batch: Omit<Batch, "attempts">) =>
      buildEventBatch(source, run.run, topic, partition, batch);
    const demand = {
      brokers: options.brokers,
      topic,
      partitions: pipeline.partitions,
      fullIsr: !ledger.restarted,
      timeoutMs: options.readyTimeoutMs,
    };
    const onProgress = (text: string) => {
      if (status.error !== text) log.info({ waiting_for: text }, "not ready");
      status.error = text;
    };
    await waitForTopic(demand, onProgress, stop);
    status.error = null;
    const bytesMax = await maxMessageBytes(options.brokers, topic);
    log.info({ topic, partitions: pipeline.partitions, rate: options.rate, max_message_bytes: bytesMax }, "producing");
    const openChannel: LaneWork["openChannel"] = (partition, events, giveUp) =>
      KafkaChannel.open(
        {
          brokers: options.brokers,
          clientId: `faultline-producer-${partition}`,
          topic,
          partition,
          deadlineMs: options.sendDeadlineMs,
          kafkaDefaults: options.kafkaDefaults,
        },
        events,
        giveUp,
      );
    marks.start();
    if (ledger.mark !== undefined)
      recheckLedger(options.ledger, ledger.mark, ended.signal).catch(async (error: unknown) => {
        if (!ended.signal.aborted) await marks.discard();
        damaged.abort(error);
      });
    const stopOrDamage = AbortSignal.any([stop, damaged.signal]);
    await runLanes({ options, ledger, status, build, bytesMax, openChannel, nowMs, log, stop: stopOrDamage });
    ended.abort();
    damaged.signal.throwIfAborted();
    await ledger.writer.close(Math.floor(nowMs()));
    status.state = "done";
    log.info(totals(status), "done");
  } catch (error) {
    status.state = "failed";
    status.error = error instanceof Error ? error.message : String(error);
    await ledger.writer.close().catch(() => {});
    throw error;
  } finally {
    ended.abort();
    await marks.stop();
    await status.stop();
    process.off("uncaughtExceptionMonitor", onCrash);
  }
}
