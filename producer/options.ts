import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseBrokers, parseEnvironment } from "../contract/config.ts";
import { FaultlineError } from "../contract/errors.ts";
import { RUN_FILES } from "../contract/run.ts";

export const USAGE = `node producer/main.ts --run-dir DIR --brokers host:port[,host:port...]
  --rate N              events per second over all partitions; 0 or absent: as fast as possible
  --until-total N       stop when the run's ledger has N events, each with its outcome
  --until-ms MS         stop at this time, ms since 1970
  --topic T             instead of the pipeline's topic
  --ledger FILE         instead of DIR/ledger.ndjson
  --batch-max N         largest number of events in one send (5000)
  --linger-ms MS        how long the first event of a batch waits for more (5)
  --backlog-max N       largest number of events that wait, over all partitions; above it no event is born (500000)
  --send-deadline-ms MS after this time a send is indeterminate; a new producer id sends the batch again (30000)
  --kafka-defaults      let the client wait as long as Kafka's own producer does by default, to compare
  --drain-ms MS         how long a stop waits for batches in flight (10000)
  --ready-timeout-ms MS how long to wait for the topic at the start (60000)`;

export type ProducerOptions = {
  runDir: string;
  brokers: string[];
  /** Events per second; 0 is as fast as possible. */
  rate: number;
  untilTotal: number | undefined;
  untilMs: number | undefined;
  topic: string | undefined;
  ledger: string;
  batchMax: number;
  lingerMs: number;
  backlogMax: number;
  sendDeadlineMs: number;
  kafkaDefaults: boolean;
  drainMs: number;
  readyTimeoutMs: number;
};

const text = { type: "string" } as const;
const FLAGS = {
  "run-dir": text,
  brokers: text,
  rate: text,
  "until-total": text,
  "until-ms": text,
  topic: text,
  ledger: text,
  "batch-max": text,
  "linger-ms": text,
  "backlog-max": text,
  "send-deadline-ms": text,
  "kafka-defaults": { type: "boolean" },
  "drain-ms": text,
  "ready-timeout-ms": text,
} as const;

type TextFlag = Exclude<keyof typeof FLAGS, "kafka-defaults">;

function usage(message: string): FaultlineError {
  return new FaultlineError("FL_USAGE", message, { remedy: USAGE });
}

/** @throws FaultlineError FL_USAGE or FL_CONFIG_INVALID with flag and value. Without --brokers, KAFKA_BROKERS counts. */
export function parseOptions(args: string[], environment: Record<string, string | undefined>): ProducerOptions {
  let values: Partial<Record<TextFlag, string>> & { "kafka-defaults"?: boolean };
  try {
    ({ values } = parseArgs({ args, options: FLAGS, strict: true }));
  } catch (error) {
    throw usage((error as Error).message);
  }
  const whole = (name: TextFlag, min: number): number | undefined => {
    const value = values[name];
    if (value === undefined) return undefined;
    if (!/^\d+$/.test(value) || !Number.isSafeInteger(Number(value)) || Number(value) < min)
      throw usage(`--${name}: must be a whole number of at least ${min} (is "${value}")`);
    return Number(value);
  };
  const rate = Number(values.rate ?? 0);
  if (!Number.isFinite(rate) || rate < 0 || values.rate === "")
    throw usage(`--rate: must be a number of events per second, or 0 (is "${values.rate}")`);
  const runDir = values["run-dir"];
  if (runDir === undefined) throw usage("--run-dir: missing");
  const named = parseEnvironment({ KAFKA_BROKERS: environment["KAFKA_BROKERS"] }, "environment").KAFKA_BROKERS;
  const brokers = values.brokers === undefined ? named?.split(",") : parseBrokers(values.brokers, "--brokers");
  if (brokers === undefined) throw usage("--brokers: missing, and KAFKA_BROKERS is not set");
  return {
    runDir,
    brokers,
    rate,
    untilTotal: whole("until-total", 0),
    untilMs: whole("until-ms", 0),
    topic: values.topic,
    ledger: values.ledger ?? join(runDir, RUN_FILES.ledger),
    batchMax: whole("batch-max", 1) ?? 5_000,
    lingerMs: whole("linger-ms", 0) ?? 5,
    backlogMax: whole("backlog-max", 1) ?? 500_000,
    sendDeadlineMs: whole("send-deadline-ms", 1) ?? 30_000,
    kafkaDefaults: values["kafka-defaults"] === true,
    drainMs: whole("drain-ms", 0) ?? 10_000,
    readyTimeoutMs: whole("ready-timeout-ms", 1) ?? 60_000,
  };
}
