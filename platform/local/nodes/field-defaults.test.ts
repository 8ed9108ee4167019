import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CLIENT_SETTINGS, KAFKA_DEFAULTS } from "../../../producer/client-settings.ts";
import { testSettings } from "../fixture/settings.ts";
import { ROOT } from "../state/layout.ts";
import type { Settings } from "../state/settings.ts";
import { driverSpec } from "./driver.ts";
import { type DefaultsPart, FIELD_DEFAULTS, KEPT_SETTINGS } from "./field-defaults.ts";
import { kafkaProperties } from "./kafka.ts";
import { producerSpec } from "./producer.ts";
import { sparkMasterSpec, sparkWorkerSpec } from "./spark.ts";

const ours = testSettings();
const theirs = testSettings({ field_defaults: true });
const spark = { home: "/spark-home", jvmOptionsFile: "/jvm.options", classPath: "/job.jar" };

/** A setting whose name says that it is a time. */
const isOfTime = (name: string): boolean => /time|interval|backoff|\.age\.|\.lag\.|delay|\.ms$/i.test(name);

function ofBrokers(settings: Settings): string[] {
  return (["kraft", "zookeeper"] as const).flatMap((coordination) =>
    kafkaProperties({ ...settings, coordination }, 1, "/log")
      .split("\n")
      .flatMap((line) => (/^[a-z]/.test(line) ? [line.split("=", 1)[0] as string] : [])),
  );
}

function ofSpark(args: readonly string[]): string[] {
  return args.flatMap((arg) => /^-D(spark\.[^=]+)=/.exec(arg)?.[1] ?? []);
}

const STREAM_QUERY = readFileSync(join(ROOT, "spark-app/job/src/main/java/dev/faultline/job/StreamQuery.java"), "utf8");
const consumerSettings = [...STREAM_QUERY.matchAll(/"(kafka[A-Za-z]*\.[a-zA-Z.]+)"/g)].map(
  ([, name]) => name as string,
);

/** What a stack configures, and what a stack with the field's defaults does. */
const CONFIGURED: [DefaultsPart, string[], string[]][] = [
  ["broker", ofBrokers(ours), ofBrokers(theirs)],
  [
    "spark",
    ...([ours, theirs].map((settings) => ofSpark(driverSpec(settings, "/state", "realtime", spark).args)) as [
      string[],
      string[],
    ]),
  ],
  [
    "spark daemons",
    ...([ours, theirs].map((settings) => [
      ...ofSpark(sparkMasterSpec(settings, "/state", spark).args),
      ...ofSpark(sparkWorkerSpec(settings, "/state", 1, spark).args),
    ]) as [string[], string[]]),
  ],
  ["consumer", consumerSettings, []],
];

describe("the list of the field's defaults", () => {
  it.each(CONFIGURED)(
    "%s: names every setting for time that we configure, or says why it stays",
    (part, configured) => {
      const known = [...Object.keys(FIELD_DEFAULTS[part]), ...Object.keys(KEPT_SETTINGS)];
      for (const name of configured.filter(isOfTime)) expect(known).toContain(name);
    },
  );

  it.each(CONFIGURED)("%s: names nothing else; a stack with the defaults has none of it", (part, configured, left) => {
    for (const name of Object.keys(FIELD_DEFAULTS[part])) {
      expect(configured).toContain(name);
      expect(left).not.toContain(name);
    }
  });

  it("a stack with the defaults has all other settings", () => {
    for (const [part, configured, left] of CONFIGURED.slice(0, 3))
      expect(new Set(left)).toEqual(new Set(configured.filter((name) => !Object.hasOwn(FIELD_DEFAULTS[part], name))));
  });

  it("keeps only settings that are there", () => {
    const all = new Set(CONFIGURED.flatMap(([, configured]) => configured));
    expect(Object.keys(KEPT_SETTINGS).filter((name) => !all.has(name))).toEqual([]);
  });
});

const job = (settings: Settings) => driverSpec(settings, "/state", "realtime", spark).args;
const producer = (settings: Settings) => producerSpec(settings, "/state", { rate: 1 }).args;

it("job and producer are told to wait as long as Kafka's own clients do, in such a stack alone", () => {
  for (const args of [job, producer]) {
    expect(args(theirs)).toContain("--kafka-defaults");
    expect(args(ours)).not.toContain("--kafka-defaults");
  }
  expect(producer(theirs).at(-1)).toBe(FIELD_DEFAULTS.producer["delivery.timeout.ms"]);
  expect(KAFKA_DEFAULTS).toEqual({
    ...CLIENT_SETTINGS,
    requestTimeout: Number(FIELD_DEFAULTS.producer["request.timeout.ms"]),
    timeout: Number(FIELD_DEFAULTS.producer["request.timeout.ms"]),
    connectTimeout: Number(FIELD_DEFAULTS.producer["socket.connection.setup.timeout.ms"]),
    metadataMaxAge: Number(FIELD_DEFAULTS.producer["metadata.max.age.ms"]),
  });
});
