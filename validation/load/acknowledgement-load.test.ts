import { expect, test } from "vitest";
import { ledgerClose } from "../../contract/fixture/close.ts";
import type { LedgerRecord } from "../../contract/ledger.ts";
import type { FaultHistory } from "../../contract/fault-history.ts";
import { fault as faultOf } from "../fixture/timed-run.ts";
import { AcknowledgementLoad } from "./acknowledgement-load.ts";
import { windowsOf } from "./fault-window.ts";

const fault = (id: number, injectedMs: number, healedMs?: number) => faultOf("kafka", injectedMs, healedMs, { id });
const attempt = (at_ms: number, p = 0): LedgerRecord => ({
  t: "attempt",
  p,
  s: 0,
  n: 1,
  first_ms: 0,
  last_ms: 0,
  a: 1,
  at_ms,
});
const ack = (at_ms: number, p = 0): LedgerRecord => ({ t: "ack", p, s: 0, n: 1, o: 0, at_ms });
const doubt = (at_ms: number, p = 0): LedgerRecord => ({ t: "indeterminate", p, s: 0, n: 1, why: "", at_ms });
const failed = (at_ms: number, p = 0): LedgerRecord => ({ t: "failed", p, s: 0, n: 1, why: "", at_ms });
const close = (at_ms: number): LedgerRecord => ledgerClose([], at_ms);

/** Ids of the faults that were under load and recovered. */
function counting(faults: FaultHistory[], lines: LedgerRecord[]): number[] {
  const windows = windowsOf(faults);
  const load = new AcknowledgementLoad(windows);
  for (const line of lines) load.add(line);
  load.finish();
  return windows
    .filter((window) => load.of(window).isUnderLoad && load.of(window).isRecovered)
    .map((window) => window.fault.id)
    .toSorted((a, b) => a - b);
}
const later = [attempt(9000), ack(9001)];

test.each<[string, LedgerRecord[], boolean]>([
  ["a batch under way all the time", [attempt(50), ack(250)], true],
  ["a batch that ended during the fault", [attempt(50), ack(101)], true],
  ["a batch that began during the fault", [attempt(199), ack(250)], true],
  ["a batch within the fault", [attempt(150), failed(151)], true],
  ["a batch of another partition", [attempt(150, 3), ack(151, 3)], true],
  ["a batch in doubt", [attempt(50), doubt(60), attempt(250), ack(251)], true],
  [
    "a producer that was killed with a batch under way",
    [attempt(90), { ...doubt(250), at_ms: 250 }, attempt(251), ack(252)],
    true,
  ],
  ["nothing at all", [], false],
  ["all stored before", [attempt(50), ack(100)], false],
  ["all sent after", [attempt(201), ack(300)], false],
  ["a producer that had ended, with a batch left in doubt", [attempt(50), doubt(60), close(70)], false],
])("%s", (_name, lines, isUnderLoad) => {
  expect(counting([fault(1, 100, 200)], [...lines, ...later])).toEqual(isUnderLoad ? [1] : []);
});

test("an acknowledgement must have been seen after the undo", () => {
  expect(counting([fault(1, 100, 200)], [attempt(150), ack(180)])).toEqual([]);
  expect(counting([fault(1, 100, 200)], [attempt(150), ack(200)])).toEqual([]);
  expect(counting([fault(1, 100, 200)], [attempt(150), ack(201)])).toEqual([1]);
  expect(counting([fault(1, 100, 200)], [attempt(150), doubt(400)])).toEqual([]);
  expect(counting([fault(1, 100)], [attempt(150), ack(5000)])).toEqual([]);
});

test("each fault is judged for itself, also when they overlap or come in any order", () => {
  const faults = [
    fault(4, 70_000, 80_000),
    fault(1, 10_000, 20_000),
    fault(3, 15_000, 60_000),
    fault(2, 25_000, 30_000),
  ];
  const late = [attempt(90_000), ack(90_001)];
  expect(counting(faults, [attempt(19_000), ack(19_500), attempt(50_000), ack(50_001), ...late])).toEqual([1, 3]);
  expect(counting(faults, [attempt(26_000, 1), attempt(71_000), ack(71_001), ack(72_000, 1), ...late])).toEqual([
    2, 3, 4,
  ]);
});

/** Longer than what counts as short, so that only an open batch counts. */
const long = [fault(1, 1000, 5000)];
test.each<[string, LedgerRecord[], boolean]>([
  ["a batch that is attempted again after the fault", [attempt(500), attempt(6000), ack(6001)], true],
  ["a batch that failed before the fault", [attempt(500), failed(600), attempt(6000), ack(6001)], false],
  ["a batch that failed during the fault", [attempt(500), failed(1500), attempt(6000), ack(6001)], true],
  ["a batch that was begun at the undo", [attempt(5000), ack(5001)], true],
  ["a batch that was begun after the undo", [attempt(5001), ack(5002)], false],
  [
    "a batch of a partition, while one of another partition failed",
    [attempt(500), attempt(600, 1), failed(700, 1), attempt(6000, 1), ack(6001)],
    true,
  ],
  ["a batch that nobody settled", [attempt(500), attempt(6000, 1), ack(6001, 1)], true],
])("during a long fault: %s", (_name, lines, counts) => expect(counting(long, lines)).toEqual(counts ? [1] : []));
