import { buildCommand, buildRouteMap } from "@stricli/core";
import type { CommandContext } from "../context.ts";
import { MAX_RATE, parseCount, parseDuration, parseList } from "../parse.ts";
import { pipelineFlag } from "../shared-flags.ts";
import { benchBacklog } from "./bench-backlog.ts";
import { benchRecovery } from "./bench-recovery.ts";

type Shared = { pipeline?: string; only?: string[]; json: boolean };

const sharedFlags = {
  pipeline: pipelineFlag,
  only: {
    kind: "parsed",
    parse: parseList,
    optional: true,
    brief: "Only these variants, separated by commas",
    placeholder: "list",
  },
  json: { kind: "boolean", default: false, brief: "Print the result as JSON" },
} as const;

const sink = buildCommand<Shared & { events: number; runs: number }, [], CommandContext>({
  docs: {
    brief: "Rows per second: this sink, the limit of COPY, and the usual foreachBatch job",
    fullDescription:
      "Drains the same topic into the same table with every variant: COPY from files (the limit), this sink with both triggers, and foreachBatch with a staging table. Prints warm rates (min / median / max) and their ratios.\n\nExample:\n  ./faultline bench sink --events 4M --runs 3",
  },
  parameters: {
    flags: {
      events: {
        kind: "parsed",
        parse: parseCount(10_000),
        default: "4M",
        brief: "Events in the topic",
        placeholder: "n",
      },
      runs: { kind: "parsed", parse: parseCount(1), default: "3", brief: "Rounds", placeholder: "n" },
      ...sharedFlags,
    },
  },
  async func({ events, runs, ...flags }) {
    const { benchSink, renderSinkTable, resultJson } = await import("../../bench/index.ts");
    const result = await benchSink({ events, runs, ...benchOptions(this, flags) });
    this.process.stdout.write(flags.json ? `${resultJson(result)}\n` : `${renderSinkTable(result)}\n`);
  },
});

const latency = buildCommand<Shared & { duration: number; rate: number }, [], CommandContext>({
  docs: {
    brief: "Time from event to durable row, in milliseconds",
    fullDescription:
      "Measures the time from an event's creation to its row's commit at a fixed rate: p50 and p99, both triggers.\n\nExample:\n  ./faultline bench latency --duration 60 --rate 5k",
  },
  parameters: {
    flags: {
      duration: {
        kind: "parsed",
        parse: parseDuration(1_000),
        default: "60s",
        brief: "How long to measure",
        placeholder: "time",
      },
      rate: {
        kind: "parsed",
        parse: parseCount(1, MAX_RATE),
        default: "5000",
        brief: "Events per second",
        placeholder: "n",
      },
      ...sharedFlags,
    },
  },
  async func({ duration, rate, ...flags }) {
    const { benchLatency, renderLatencyTable, resultJson } = await import("../../bench/index.ts");
    const result = await benchLatency({ durationMs: duration, rate, ...benchOptions(this, flags) });
    this.process.stdout.write(flags.json ? `${resultJson(result)}\n` : `${renderLatencyTable(result)}\n`);
  },
});

const validate = buildCommand<{ events: number; runs: number; pipeline?: string; json: boolean }, [], CommandContext>({
  docs: {
    brief: "Events per second of validate, against plain reading of log and tables",
    fullDescription:
      "Makes a run with the pipeline's own producer and job, then reads the log plainly, copies the tables plainly, and runs validate, in turn. Prints events per second (min / median / max), their ratio, and the validator's memory.\n\nExample:\n  ./faultline bench validate --events 2M --runs 3",
  },
  parameters: {
    flags: {
      events: {
        kind: "parsed",
        parse: parseCount(10_000),
        default: "2M",
        brief: "Events in the run",
        placeholder: "n",
      },
      runs: { kind: "parsed", parse: parseCount(1), default: "3", brief: "Rounds", placeholder: "n" },
      pipeline: sharedFlags.pipeline,
      json: sharedFlags.json,
    },
  },
  async func({ events, runs, ...flags }) {
    const { benchValidate, renderValidateTable, resultJson } = await import("../../bench/index.ts");
    const result = await benchValidate({ events, rounds: runs, ...benchOptions(this, flags) });
    this.process.stdout.write(flags.json ? `${resultJson(result)}\n` : `${renderValidateTable(result)}\n`);
  },
});

const start = buildCommand<{ runs: number; pipeline?: string; json: boolean }, [], CommandContext>({
  docs: {
    brief: "Seconds from `up` to the first stored row, with and without class archives",
    fullDescription:
      "Brings a whole stack up on an empty state directory, with and without class-data archives in turn, starts the producer when the query runs, and waits for the first row. Prints the seconds until each phase (min / median / max) and their ratio. A round takes one to two minutes.\n\nExample:\n  ./faultline bench start --runs 3",
  },
  parameters: {
    flags: {
      runs: { kind: "parsed", parse: parseCount(1), default: "3", brief: "Rounds", placeholder: "n" },
      pipeline: sharedFlags.pipeline,
      json: sharedFlags.json,
    },
  },
  async func({ runs, ...flags }) {
    const { benchStart, renderStartTable, resultJson } = await import("../../bench/index.ts");
    const result = await benchStart({ rounds: runs, ...benchOptions(this, flags) });
    this.process.stdout.write(flags.json ? `${resultJson(result)}\n` : `${renderStartTable(result)}\n`);
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
    ...(flags.only !== undefined && { only: flags.only }),
  };
}

export const bench = buildRouteMap<string, CommandContext>({
  routes: { sink, latency, validate, recovery: benchRecovery, start, backlog: benchBacklog },
  docs: {
    brief:
      "Benchmarks: sink (rows per second), latency (event to row), validate (events per second of the proof), recovery (time that faults cost), start (seconds to the first row), backlog (catching up)",
  },
});
