import { buildCommand } from "@stricli/core";
import type { CommandContext } from "../context.ts";
import { MAX_RATE, parseCount, parseDuration, parseList } from "../parse.ts";
import { pipelineFlag } from "../shared-flags.ts";

type Flags = { outage: number; rate: number; only?: string[]; pipeline?: string; json: boolean };

export const benchBacklog = buildCommand<Flags, [], CommandContext>({
  docs: {
    brief: "Time until the lag is normal again after a minute without PostgreSQL, driver, workers or brokers",
    fullDescription:
      "Starts a local stack of its own, produces at a fixed rate, kills nodes and holds them down, and measures after their release: time to the first rows, time until the lag is normal, events caught up per second, and the most memory that producer, executors and driver had.\n\nExample:\n  ./faultline bench backlog --outage 60 --rate 5k --only postgres,brokers",
  },
  parameters: {
    flags: {
      outage: {
        kind: "parsed",
        parse: parseDuration(1_000),
        default: "60s",
        brief: "How long the nodes stay down",
        placeholder: "time",
      },
      rate: {
        kind: "parsed",
        parse: parseCount(1, MAX_RATE),
        default: "5000",
        brief: "Events per second",
        placeholder: "n",
      },
      only: {
        kind: "parsed",
        parse: parseList,
        optional: true,
        brief: "Only these, separated by commas: postgres, driver, workers, brokers",
        placeholder: "list",
      },
      pipeline: pipelineFlag,
      json: { kind: "boolean", default: false, brief: "Print the result as JSON" },
    },
  },
  async func({ outage, rate, only, pipeline, json }) {
    const { benchBacklog: measure, renderBacklogTable, resultJson } = await import("../../bench/index.ts");
    const result = await measure({
      root: this.root,
      outageMs: outage,
      rate,
      onProgress: (line: string): void => {
        this.process.stderr.write(`${line}\n`);
      },
      signal: this.signal,
      ...(pipeline !== undefined && { pipelineFile: pipeline }),
      ...(only !== undefined && { only }),
    });
    this.process.stdout.write(json ? `${resultJson(result)}\n` : `${renderBacklogTable(result)}\n`);
  },
});
