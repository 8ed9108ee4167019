import { expect, test } from "vitest";
import { FaultHistories, type FaultHistory } from "../../contract/fault-history.ts";
import { type Sample, type SampledNode, UNKNOWN_SAMPLE } from "../../contract/sample.ts";
import { fault, sampleAt } from "../fixture/recovery.ts";
import { phasesOf } from "./phases.ts";

const INJECTED = 5_000;
const [KILL] = FaultHistories.of(fault({ id: 0, plannedMs: INJECTED, activeMs: 5_100 })).faults;

const node = (name: string, more: Partial<SampledNode> = {}): SampledNode => ({
  name,
  kind: "kafka",
  answers: true,
  role: null,
  ...more,
});
/** One sample a second from 0 s on; its nodes had answered 10 ms before. */
const samples = (figures: Partial<Sample>[]): Sample[] =>
  figures.map((known, second) =>
    sampleAt(second * 1_000, {
      answered_ms: { ...UNKNOWN_SAMPLE.answered_ms, nodes: second * 1_000 - 10, kafka: second * 1_000 - 300 },
      ...known,
    }),
  );
const phases = (figures: Partial<Sample>[], untilMs = Infinity) => {
  if (KILL === undefined) throw new Error("no fault");
  return phasesOf(KILL, samples(figures), untilMs);
};
const seen = (answers: boolean | null) => ({ nodes: [node("kafka-2", { answers })] });
const held = (by: string) => ({
  nodes: ["kafka-1", "kafka-2", "kafka-3"].map((name) => node(name, { role: name === by ? "controller" : "broker" })),
});
const within = (lowMs: number, highMs: number) => ({ lowMs, highMs, open: false, by: "samples" });

const drivers = (...roles: (string | null)[]) => ({
  nodes: roles.map((role, index) => node(`driver-${index + 1}`, { kind: "driver", role })),
});
const driverFailedOver = (struck: string, figures: Partial<Sample>[]) =>
  phasesOf({ ...(KILL as FaultHistory), node: struck, nodeKind: "driver" }, samples(figures), Infinity).failedOver;

test("of two drivers the other one takes over; a standby has nothing to take over", () => {
  const before = Array.from({ length: 5 }, () => drivers("active", "standby"));
  const after = [drivers("active", "standby"), drivers(null, "active"), drivers("standby", "active")];
  expect(driverFailedOver("driver-1", [...before, ...after])).toEqual(within(0, 990));
  expect(driverFailedOver("driver-2", [...before, ...after])).toEqual({
    unknown: "a standby has no role that another node can take over",
  });
});

test("caught up: the lag is back at its highest level of the ten seconds before", () => {
  const lag = [3, 9, 5, 5, 5, 5, 100, 900, 400, 9, 8].map((events) => ({ lag: events }));
  // Above 9 at 8 s, not above it at 9 s.
  expect(phases(lag).caughtUp).toEqual(within(3_000, 4_000));
  expect(phases(lag.slice(0, 8)).caughtUp).toEqual({ ...within(2_000, 2_000), open: true });
  expect(phases(lag.slice(0, 6)).caughtUp).toEqual({ unknown: "the lag did not rise" });
  expect(phases(lag.slice(0, 5)).caughtUp).toEqual({ unknown: "no sample has the lag after it" });
  expect(phases([]).caughtUp).toEqual({ unknown: "no sample has the lag before it" });
});

test("caught up: what is unknown leaves room, and the next fault ends the time that counts", () => {
  const lag = [5, 5, 5, 5, 5, 5, 100, null, null, 5].map((events) => ({ lag: events }));
  expect(phases(lag).caughtUp).toEqual(within(1_000, 4_000));
  expect(phases(lag, 9_000).caughtUp).toEqual({ ...within(1_000, 1_000), open: true });
});

test("the node was seen not to answer", () => {
  const before = [true, true, true, true, true].map(seen);
  expect(phases([...before, seen(true), seen(false), seen(true)]).nodeDown).toEqual(within(0, 990));
  expect(phases([...before, seen(null), seen(null), seen(false)]).nodeDown).toEqual(within(0, 1_990));
  expect(phases([...before, seen(true), seen(true)]).nodeDown).toEqual({
    unknown: "no sample saw the node not answering",
  });
  expect(phases([...before, {}, {}]).nodeDown).toEqual({ unknown: "the samples don't tell of this node" });
});

test("failed over: another node has the role that the node had alone", () => {
  const before = Array.from({ length: 5 }, () => held("kafka-2"));
  expect(phases([...before, held("kafka-2"), held(""), held("kafka-3")]).failedOver).toEqual(within(990, 1_990));
  // A role that others have as well is not taken over.
  const broker = Array.from({ length: 9 }, () => held("kafka-1"));
  expect(phases(broker).failedOver).toEqual({ unknown: "no sample saw a partition without a leader" });
});

test("failed over: every partition has a leader again", () => {
  const isr = [[3, 3], [3, 3], [3, 3], [3, 3], [3, 3], [3, 3], [0, 3], null, [2, 2]].map((sizes) => ({ isr: sizes }));
  expect(phases(isr).failedOver).toEqual(within(700, 2_700));
  expect(phases(isr.slice(0, 8)).failedOver).toEqual({ ...within(700, 700), open: true });
});
