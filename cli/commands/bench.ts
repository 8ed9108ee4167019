import { buildCommand, buildRouteMap } from "@stricli/core";
import type { CommandContext } from "../context.ts";
import { parseCount, parseDuration } from "../parse.ts";

type Shared = { pipeline?: string; only?: string; json: boolean };

const sharedFlags = {
  pipeline: { kind: "parsed", parse: String, optional: true, brief: "Pipeline file [default = pipelines/payments.yaml]", placeholder: "file" },
  only: { kind: "parsed", parse: String, optional: true, brief: "Only these variants, by comma", placeholder: "list" },
  json: { kind: "boolean", default: false, brief: "The result as JSON" },
} as const;

const sink = buildCommand<Shared & { events: number; runs: number }, [], CommandContext>({
  docs: {
    brief: "Rows per second: the sink, the limit of COPY, and what people write today",
    fullDescription:
      "Drain the same topic into the same table by every variant: COPY from files (the limit), this sink in both triggers, foreachBatch with a staging table. Warm rates as min / median / max, and ratios.\n\nExample:\n  ./faultline bench sink --events 4M --runs 3",
  },
  parameters: {
    flags: {
      events: { kind: "parsed", parse: parseCount(10_000), default: "4M", brief: "Events in the topic", placeholder: "n" },
      runs: { kind: "parsed", parse: parseCount(1), default: "3", brief: "Rounds", placeholder: "n" },
      ...sharedFlags,
    },
  },
  async func({ events, runs, ...flags }) {
    const { benchSink, renderSinkTable } = await import("../../bench/index.ts");
    const result = await benchSink({ events, runs, ...benchOptions(this, flags) });
    this.process.stdout.write(flags.json ? `${JSON.stringify(result)}\n` : `${renderSinkTable(result)}\n`);
  },
});

const latency = buildCommand<Shared & { duration: number; rate: number }, [], CommandContext>({
  docs: {
    brief: "Event to durable row, in milliseconds",
    fullDescription:
      "Time from an event's creation to its row's commit at a fixed rate, p50 and p99, both triggers.\n\nExample:\n  ./faultline bench latency --duration 60 --rate 5k",
  },
  parameters: {
    flags: {
      duration: { kind: "parsed", parse: parseDuration, default: "60", brief: "How long to measure", placeholder: "time" },
      rate: { kind: "parsed", parse: parseCount(1), default: "5000", brief: "Events per second", placeholder: "n" },
      ...sharedFlags,
    },
  },
  async func({ duration, rate, ...flags }) {
    const { benchLatency, renderLatencyTable } = await import("../../bench/index.ts");
    const result = await benchLatency({ durationMs: duration, rate, ...benchOptions(this, flags) });
    this.process.stdout.write(flags.json ? `${JSON.stringify(result)}\n` : `${renderLatencyTable(result)}\n`);
  },
});

function benchOptions(context: CommandContext, flags: Shared) {
  return {
    root: context.root,
    onProgress: (line: string): void => {
      context.process.stderr.write(`${line}\n`);
    },
    signal: context.signal,
    ...(flags.pipeline !== undefined && { pipelineFile: flags.pipeline }),
    ...(flags.only !== undefined && { only: flags.only.split(",") }),
  };
}

export const bench = buildRouteMap<string, CommandContext>({
  routes: { sink, latency },
  docs: { brief: "Benchmarks: sink (rows per second), latency (event to row)" },
});
