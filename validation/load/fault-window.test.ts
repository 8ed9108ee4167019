import { expect, test } from "vitest";
import { fault } from "../fixture/timed-run.ts";
import { PATHS_OF, windowsOf } from "./fault-window.ts";
import { RunLoad } from "./run-load.ts";

test("which path each kind of node serves", () =>
  expect(PATHS_OF).toEqual({
    kafka: ["acknowledgement", "storing"],
    zookeeper: ["acknowledgement"],
    producer: ["acknowledgement"],
    postgres: ["storing"],
    driver: ["storing"],
    "spark-master": ["storing"],
    "spark-worker": ["storing"],
    monitor: [],
  }));

test("windows are in the order of injection; a fault that lasted no time has none, and was not under load", () => {
  const faults = [
    fault("kafka", 300, 400, { id: 1 }),
    fault("kafka", 100, 100, { id: 2 }),
    fault("kafka", 200, undefined, { id: 3 }),
  ];
  expect(windowsOf(faults).map(({ fault, fromMs, toMs }) => [fault.id, fromMs, toMs])).toEqual([
    [3, 200, Infinity],
    [1, 300, 400],
  ]);
  const [, none] = new RunLoad(faults).stakes();
  expect(none).toEqual({ fault: faults[1], isUnderLoad: false, isRecovered: false });
});

test("a batch that was never settled was open until the end", () => {
  const faults = [fault("producer", 1000, 5000, { id: 1 })];
  const load = new RunLoad(faults);
  const attempt = { t: "attempt", s: 0, n: 1, first_ms: 0, last_ms: 0, a: 1 } as const;
  load.add({ ...attempt, p: 0, at_ms: 500 });
  load.add({ ...attempt, p: 1, at_ms: 7000 });
  load.add({ t: "ack", p: 1, s: 0, n: 1, o: 0, at_ms: 7001 });
  load.ledgerEnded();
  expect(load.stakes()).toMatchObject([{ isUnderLoad: true, isRecovered: true }]);
});
