import { expect, test } from "vitest";
import { encodeLedger } from "../../contract/ledger.ts";
import type { LedgerOpen, LedgerRecord } from "../../contract/ledger.ts";
import { emptyHistories } from "../fixture/histories.ts";
import { LedgerIngest } from "./ledger-ingest.ts";

const open: LedgerOpen = {
  t: "open",
  version: 1,
  run: 9,
  seed: 1,
  malformed_ppm: 0,
  pipeline: "payments",
  pipeline_sha256: "",
  topic: "payments",
  partitions: 6,
  pid: 1,
  at_ms: 0,
};
const attempt = (s: number, a = 1, first_ms = 5): LedgerRecord => ({ t: "attempt", p: 0, s, n: 10, first_ms, last_ms: 9, a, at_ms: 0 });
const ack = (s: number): LedgerRecord => ({ t: "ack", p: 0, s, n: 10, o: s, at_ms: 0 });

function read(lines: (LedgerRecord | string)[]) {
  const histories = emptyHistories();
  const ingest = new LedgerIngest(histories, open);
  for (const [index, line] of lines.entries()) ingest.line(typeof line === "string" ? line : encodeLedger(line).trimEnd(), index + 1);
  ingest.finish();
  return { problems: ingest.problems, history: histories.partitions[0] };
}

test("attempts and outcomes", () => {
  const { problems, history } = read([open, attempt(0), ack(0), attempt(10), attempt(20), { t: "failed", p: 0, s: 20, n: 10, why: "", at_ms: 0 }]);
  expect(problems).toEqual([]);
  expect([history?.attempted.count, history?.acknowledged.count, history?.failed.count]).toEqual([30, 10, 10]);
});

test("a damaged line is named by its number, and the rest still counts", () => {
  const { problems, history } = read([open, attempt(0), encodeLedger(ack(0)).trimEnd().replace('"o":0', '"o":1'), attempt(10), ack(10)]);
  expect(problems).toEqual(["ledger line 3 is damaged"]);
  expect(history?.acknowledged.count).toBe(10);
});

test("an acknowledgement whose attempt is lost still says that the events must be there", () => {
  const { problems, history } = read([open, "{}", ack(0)]);
  expect(problems).toEqual(["ledger line 2 is damaged", "ledger line 3: ack of p0 s0 without its attempt"]);
  expect([history?.attempted.count, history?.acknowledged.count]).toEqual([10, 10]);
});

test("a line that was torn by a crash is forgiven where a new process begins, and only there", () => {
  const torn = encodeLedger(ack(0)).slice(0, 20);
  expect(read([open, attempt(0), torn, { ...open, pid: 2 }, attempt(0, 2), ack(0)]).problems).toEqual([]);
  expect(read([open, attempt(0), torn, attempt(0, 2), ack(0)]).problems).toEqual(["ledger line 3 is damaged"]);
  expect(read([open, attempt(0), torn]).problems).toEqual(["ledger line 3 is damaged"]);
});

test("contradictions are problems", () => {
  expect(read([open, attempt(0), attempt(5)]).problems).toEqual(["ledger line 3: attempt p0 s5 n10 contradicts the lines before it"]);
  expect(read([open, attempt(0), attempt(0, 2, 6)]).problems).toEqual(["ledger line 3: attempt 2 of p0 s0 has other creation times than the one before"]);
  expect(read([open, { ...open, seed: 2 }]).problems).toEqual(['ledger line 2: a later "open" has another seed']);
});
