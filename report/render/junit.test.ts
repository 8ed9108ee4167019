import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeLog } from "../../contract/log-line.ts";
import { RUN_FILES } from "../../contract/run.ts";
import type { SloResult, VerdictFile } from "../../contract/verdict.ts";
import { fault, journal } from "../fixture/recovery.ts";
import { BASE_MS, RUN_ID, VERDICT, writeRunDirectory } from "../fixture/run-directory.ts";
import { all, parseWellFormed, textOf } from "../fixture/well-formed.ts";
import { readRunView } from "../view/read-view.ts";
import type { RunView } from "../view/run-view.ts";
import { renderJunit } from "./junit.ts";

let root: string;
let view: RunView;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "faultline-junit-"));
  const directory = join(root, RUN_ID);
  await writeRunDirectory(directory);
  const times = { plannedMs: BASE_MS + 15_000, activeMs: BASE_MS + 15_100 };
  const lines = [
    ...fault({
      id: 0,
      plannedMs: BASE_MS + 5_000,
      activeMs: BASE_MS + 5_200,
      healedMs: BASE_MS + 11_000,
      recoveredMs: BASE_MS + 12_000,
    }),
    ...fault({ id: 1, ...times, effective: false, healedMs: BASE_MS + 15_200, recoveredMs: BASE_MS + 15_300 }),
    ...fault({ id: 2, ...times, failed: "target gone" }),
    ...fault({ id: 3, ...times, healedMs: BASE_MS + 15_200 }),
    ...fault({ id: 4, ...times }),
  ];
  await writeFile(
    join(directory, RUN_FILES.journal),
    encodeLog(journal(BASE_MS, lines, BASE_MS + 20_000).slice(0, -1)),
  );
  view = await readRunView(directory);
});
afterAll(() => rm(root, { recursive: true }));

const withVerdict = (more: Partial<VerdictFile>): RunView => {
  const { value } = view.verdict;
  if (value === undefined) throw new Error("no verdict");
  return { ...view, verdict: { value: { ...value, ...more } } };
};

/** Each test: its name, and its outcome with the reason. */
function outcomes(run: RunView): [string, string][] {
  const document = parseWellFormed(renderJunit(run));
  return all(document, "testcase").map(({ attributes, children: [child] }) => [
    attributes["name"] ?? "",
    child === undefined ? "passed" : `${child.name}: ${child.attributes["message"] ?? ""}`,
  ]);
}

test("each fault is a test: recovered, without effect, not injected, not ready, not undone", () => {
  expect(outcomes(view)).toEqual([
    ["the verdict is VALID", "passed"],
    ["fault 0: kill kafka-2 recovers", "passed"],
    ["fault 1: kill kafka-2 recovers", "skipped: it had no effect: its process 4711 is gone"],
    ["fault 2: kill kafka-2 recovers", "skipped: not injected: target gone"],
    ["fault 3: kill kafka-2 recovers", "failure: the node was not ready for > 5.8 s after the undo"],
    ["fault 4: kill kafka-2 recovers", "failure: it was not undone"],
  ]);
});

test("bounds that were exceeded, or that nobody measured, fail with the figures", () => {
  const bound: SloResult = {
    bound: "without_rows_ms",
    limit: 20_000,
    worst: 30_012,
    fault: "fault 3 (kill of driver)",
    is_exceeded: true,
  };
  const slo = [bound, { ...bound, worst: null }, { ...bound, worst: 500, is_exceeded: false }];
  expect(outcomes(withVerdict({ slo })).slice(1, 4)).toEqual([
    [
      "without_rows_ms is at most 20,000",
      "failure: the worst is 30,012, fault 3 (kill of driver); the limit is 20,000",
    ],
    ["without_rows_ms is at most 20,000", "failure: nothing was measured, so nobody knows; the limit is 20,000"],
    ["without_rows_ms is at most 20,000", "passed"],
  ]);
});

describe("the verdict", () => {
  test("that is not VALID fails with its reasons, whatever they hold", () => {
    const reason = 'lost <b> & "c" \u0001 \uD800 ]]>';
    const document = parseWellFormed(renderJunit(withVerdict({ verdict: "INVALID", reasons: [reason] })));
    const [failure] = all(document, "failure");
    expect(failure?.attributes["type"]).toBe("INVALID");
    expect(textOf(failure ?? document)).toContain('lost <b> & "c" \uFFFD \uFFFD ]]>');
  });

  test("that is missing, or of another run, fails", () => {
    const missing = "there is no verdict.json";
    expect(outcomes({ ...view, verdict: { missing } })[0]?.[1]).toBe(`failure: there is no verdict: ${missing}`);
    expect(view.verdict.value?.foreign).toBeNull();
    const { value } = view.verdict;
    if (value === undefined) throw new Error("no verdict");
    const foreign = { ...view, verdict: { value: { ...value, foreign: "other" } } };
    expect(outcomes(foreign)[0]?.[1]).toBe("failure: verdict.json is about another run, other");
  });

  test("of a run whose verdict is VALID passes", () => {
    expect(outcomes(withVerdict({ verdict: VERDICT.verdict }))[0]).toEqual(["the verdict is VALID", "passed"]);
  });
});

test("the sums of a suite are those of its tests, and those of the whole are those of its suites", () => {
  const [whole] = parseWellFormed(renderJunit(view)).children;
  if (whole === undefined) throw new Error("nothing");
  const suites = all(whole, "testsuite");
  expect(suites.map(({ attributes }) => attributes["name"])).toEqual(["verdict", "faults"]);
  for (const part of [whole, ...suites]) {
    const sums = [all(part, "testcase"), all(part, "failure"), all(part, "skipped"), all(part, "error")].map(
      (list) => `${list.length}`,
    );
    const { tests, failures, skipped, errors } = part.attributes;
    expect([tests, failures, skipped, errors]).toEqual(sums);
  }
  for (const { attributes } of suites) expect(attributes["timestamp"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
});
