import type pg from "pg";
import { FaultlineError } from "../contract/errors.ts";
import { type BenchStack, withBenchStack } from "./bench-stack.ts";
import { checkContents } from "./contents-check.ts";
import { copyIn, exportTable } from "./copy-limit.ts";
import { type Contents, connect, emptyTables, meanRowBytes } from "./database.ts";
import { drainBySink, drainByStaging } from "./drain.ts";
import { busyCores, describeMachine } from "./machine.ts";
import { type BenchOptions, chooseOnly, resolveBench, wholeNumber } from "./options.ts";
import { saveResult } from "./result-file.ts";
import { judge, type Round, type SinkBenchResult, summarize } from "./sink-result.ts";
import { batchOffsets, type CopyFormat, SINK_VARIANT_IDS, SINK_VARIANTS, type SinkVariantId } from "./sink-variants.ts";
import { fillTopic } from "./topic-fill.ts";
import { type Sample, warmRate } from "./warm-rate.ts";

export type SinkBenchOptions = BenchOptions & {
  /** Events in the topic; at least 10,000, and the figures mean little below a million. Default 4,000,000. */
  events?: number;
  /** Rounds; each measures every variant once. Default 3. */
  runs?: number;
  /** Only these variants (SINK_VARIANT_IDS). Default: all. */
  only?: readonly string[];
};

/**
 * Drains the same topic into the same table by every variant, `runs` times in turn, and compares warm rates (rows per second from 30 % on).
 * Saves the result under runs/.
 * @throws FaultlineError FL_USAGE; FL_NODE_FAILED also when a variant's rows are not exactly the topic's; FL_INTERRUPTED.
 */
export async function benchSink(options: SinkBenchOptions): Promise<SinkBenchResult> {
  const events = wholeNumber("events", options.events ?? 4_000_000, 10_000);
  const runs = wholeNumber("runs", options.runs ?? 3, 1);
  const ids = chooseOnly(SINK_VARIANT_IDS, options.only);
  const bench = resolveBench(options);
  const busyBefore = await busyCores(bench.say);
  return withBenchStack(bench, async (target) => {
    const producedPerSecond = Math.round(await fillTopic(target, events));
    bench.say(`produced ${count(events)} events, ${count(producedPerSecond)}/s`);
    const client = await connect(target.stack);
    try {
      const whole = await firstDrain(target, client, events);
      const rowBytes = await meanRowBytes(client, target.pipeline.table);
      for (const format of copyFormats(ids)) {
        bench.say(`writing the rows to files (${format})`);
        const written = await exportTable(target, format);
        if (written !== events)
          throw new FaultlineError("FL_NODE_FAILED", `COPY TO wrote ${written} of ${events} rows`);
      }
      const rounds: Round[] = [];
      let clientShare: number | null = null;
      for (let round = 1; round <= runs; round++) {
        const rates: Round = new Map();
        rounds.push(rates);
        for (const id of ids) {
          const measured = await measure(target, client, id, { events, whole, label: `round ${round}/${runs}, ${id}` });
          rates.set(id, measured.rate);
          if (measured.clientShare !== undefined) clientShare = Math.max(clientShare ?? 0, measured.clientShare);
        }
      }
      const rows = summarize(rounds, (id) => rowsOf(id, events));
      const result: SinkBenchResult = {
        version: 2,
        kind: "sink",
        atMs: Date.now(),
        machine: describeMachine(target.stack, busyBefore),
        pipeline: target.pipeline.name,
        events,
        meanRowBytes: Math.round(rowBytes),
        producedPerSecond,
        copyClientShare: clientShare,
        runs,
        rows,
        targets: judge(rows),
      };
      return { ...result, file: saveResult(bench.root, result) };
    } finally {
      await client.end().catch(() => {});
    }
  });
}

/** Not measured: gives the rows for COPY, the digest that every whole drain must have, and warms the machine's caches. */
async function firstDrain(target: BenchStack, client: pg.Client, events: number): Promise<Contents> {
  target.bench.say("first drain, not measured");
  await emptyTables(client, target.pipeline);
  await drainBySink(target, client, { trigger: "realtime", aggregates: false }, events, () => {});
  return checkContents(target, client, {
    name: "first drain",
    bySink: true,
    aggregates: false,
    least: events,
    most: events,
    whole: undefined,
    events,
  });
}

type Run = { events: number; whole: Contents; label: string };

async function measure(
  target: BenchStack,
  client: pg.Client,
  id: SinkVariantId,
  run: Run,
): Promise<{ rate: number; clientShare?: number }> {
  const variant = SINK_VARIANTS[id];
  const total = rowsOf(id, run.events);
  await emptyTables(client, target.pipeline);
  const onSample = progress(target, run.label, total);
  let samples: Sample[];
  let clientShare: number | undefined;
  switch (variant.kind) {
    case "copy":
      ({ samples, clientShare } = await copyIn(target, client, variant, total, onSample));
      break;
    case "staging":
      samples = await drainByStaging(
        target,
        client,
        { rewrite: variant.rewrite, batchOffsets: batchOffsets(run.events) },
        total,
        onSample,
      );
      break;
    case "sink":
      samples = await drainBySink(
        target,
        client,
        {
          trigger: variant.trigger,
          aggregates: variant.aggregates,
          synchronousCommit: "synchronousCommit" in variant ? variant.synchronousCommit : true,
          batchOffsets: batchOffsets(run.events),
        },
        total,
        onSample,
      );
  }
  const bySink = variant.kind === "sink";
  const least = samples.at(-1)?.rows ?? total;
  // The peer says what it has committed, and stops by itself; our job goes on until it is killed.
  const most = bySink ? run.events : least;
  await checkContents(target, client, {
    name: run.label,
    bySink,
    aggregates: bySink && variant.aggregates,
    least,
    most,
    whole: run.whole,
    events: run.events,
  });
  const rate = warmRate(samples, total);
  if (rate === null)
    throw new FaultlineError("FL_USAGE", `${run.label}: over too soon to be measured`, { remedy: "take more events" });
  target.bench.say(`${run.label}: ${count(rate)} rows/s`);
  return { rate, ...(clientShare === undefined ? {} : { clientShare }) };
}

function copyFormats(ids: readonly SinkVariantId[]): Set<CopyFormat> {
  const variants = ids.map((id) => SINK_VARIANTS[id]);
  return new Set(variants.flatMap((variant) => (variant.kind === "copy" ? variant.format : [])));
}

function rowsOf(id: SinkVariantId, events: number): number {
  return Math.round(events * SINK_VARIANTS[id].share);
}

/** A line about every five seconds. */
function progress({ bench }: BenchStack, label: string, total: number): (sample: Sample) => void {
  let said: Sample = { atMs: performance.now(), rows: 0 };
  bench.say(`${label}: starting`);
  return (sample) => {
    if (sample.atMs - said.atMs < 5_000) return;
    bench.say(
      `${label}: ${count(sample.rows)} of ${count(total)} rows, ${count(((sample.rows - said.rows) * 1_000) / (sample.atMs - said.atMs))}/s`,
    );
    said = sample;
  };
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
