/** What the CLI uses of this room. */
export { benchBacklog } from "./backlog/backlog-bench.ts";
export { renderBacklogTable } from "./backlog/backlog-table.ts";
export { benchLatency, type LatencyBenchOptions } from "./latency-bench.ts";
export type { LatencyBenchResult } from "./latency-result.ts";
export { renderLatencyTable } from "./latency-table.ts";
export { benchSink, type SinkBenchOptions } from "./sink-bench.ts";
export type { SinkBenchResult } from "./sink-result.ts";
export { renderSinkTable } from "./sink-table.ts";
export { benchStart, type StartBenchOptions } from "./start-bench.ts";
export type { StartBenchResult } from "./start-result.ts";
export { renderStartTable } from "./start-table.ts";
export { benchValidate, type ValidateBenchOptions } from "./validate-bench.ts";
export type { ValidateBenchResult } from "./validate-result.ts";
export { renderValidateTable } from "./validate-table.ts";
export { resultJson } from "./result-file.ts";
