import type { FaultHistory } from "../../contract/fault-history.ts";
import type { DriverStatus } from "../../contract/job.ts";
import type { ProducerStatus } from "../../contract/run.ts";
import type { SampledNode } from "../../contract/sample.ts";
import type { Answer } from "../sources/bounded-source.ts";
import type { KafkaState } from "../sources/kafka-source.ts";
import type { LatencyState } from "../sources/latency-source.ts";
import type { SinkState } from "../sources/sink-source.ts";

/** What each source answered; null: nothing in time. `ages`: see UnstoredRecords, at a time. */
export type RunAnswers = {
  kafka: Answer<KafkaState> | null;
  sink: Answer<SinkState> | null;
  latency: Answer<LatencyState> | null;
  /** A value of null: there is no file yet. */
  producer: Answer<ProducerStatus | null> | null;
  driver: Answer<DriverStatus | null> | null;
  nodes: Answer<SampledNode[]> | null;
  /** All faults of the journal. */
  faults: readonly FaultHistory[] | null;
  ages(atMs: number): (number | null)[] | null;
};
