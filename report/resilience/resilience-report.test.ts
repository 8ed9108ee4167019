import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { type Digest, type DigestFault, digestSchema } from "../../contract/digest.ts";
import { fillFigures } from "./analysis.ts";
import { RESILIENCE_FILE, RESILIENCE_FOLDER, renderResilience } from "./resilience-report.ts";
import { groupBySetting, groupFaults, spreadOf } from "./statistics.ts";

const ROOT = join(import.meta.dirname, "../..");
const example = digestSchema.parse(JSON.parse(readFileSync(join(ROOT, "report/fixture/digest.json"), "utf8")));
const [exampleFault] = example.faults as [DigestFault];

function fault(ms: number, more: Partial<DigestFault> = {}): DigestFault {
  const measure = { low_ms: ms - 2, high_ms: ms, open: false, by: "offsets" as const };
  return { ...exampleFault, sink_gap: { measure, shared_with: [] }, ...more };
}

/** A repository with these digests. */
function rootWith(...digests: Digest[]): string {
  const root = mkdtempSync(join(tmpdir(), "faultline-resilience-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const folder = join(root, RESILIENCE_FOLDER);
  mkdirSync(folder, { recursive: true });
  for (const name of ["method.md", "analysis.md"]) cpSync(join(ROOT, RESILIENCE_FOLDER, name), join(folder, name));
  for (const digest of digests) writeFileSync(join(folder, `${digest.run_id}.json`), JSON.stringify(digest));
  return root;
}

test("percentiles are of the upper ends, by nearest rank; an end that was not seen is the longest", () => {
  const faults = Array.from({ length: 20 }, (_, index) => fault((index + 1) * 100));
  expect(spreadOf(faults, "rows")).toEqual({
    n: 20,
    unknown: 0,
    p50: { ms: 1000, atLeast: false },
    p95: { ms: 1900, atLeast: false },
    max: { ms: 2000, atLeast: false },
    errorMs: 2,
  });
  const open = { measure: { low_ms: 5, high_ms: 5, open: true, by: "samples" as const }, shared_with: [] };
  const unknown = { measure: { unknown: "no samples" }, shared_with: [] };
  expect(spreadOf([fault(100), fault(1, { sink_gap: open }), fault(1, { sink_gap: unknown })], "rows")).toMatchObject({
    n: 2,
    unknown: 1,
    p50: { ms: 100, atLeast: false },
    max: { ms: 5, atLeast: true },
  });
  expect(spreadOf([fault(1, { sink_gap: unknown })], "rows")).toBeUndefined();
  expect(spreadOf([], "rows")).toBeUndefined();
});

test("no percentile is beyond the longest, nor below the shortest", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 3, max: 10 ** 6 }), { minLength: 1 }), (list) => {
      const spread = spreadOf(
        list.map((ms) => fault(ms)),
        "rows",
      );
      const sorted = list.toSorted((a, b) => a - b);
      expect(spread?.max.ms).toBe(sorted.at(-1));
      expect(spread?.p50.ms).toBe(sorted[Math.ceil(sorted.length / 2) - 1]);
      expect(spread?.p95.ms).toBe(sorted[Math.ceil(sorted.length * 0.95) - 1]);
    }),
  );
});

test("a group is a kind of fault on a kind of node; faults that did not bite are in none; executors are apart, and drivers beside another one", () => {
  const faults = [
    fault(1, { kind: "kill", node_kind: "kafka", node: "kafka-1" }),
    fault(2, { kind: "kill", node_kind: "kafka", node: "kafka-2", role: "controller" }),
    fault(3, { kind: "kill", node_kind: "spark-worker", role: "executor" }),
    fault(4, { kind: "pause", node_kind: "kafka", effective: false }),
    fault(5, { kind: "pause", node_kind: "kafka", effective: null }),
    fault(6, { kind: "kill", node_kind: "driver", role: null }),
    fault(7, { kind: "kill", node_kind: "driver", role: "active driver" }),
    fault(8, { kind: "kill", node_kind: "driver", role: "active" }),
    fault(9, { kind: "kill", node_kind: "driver", role: "standby" }),
  ];
  const groups = groupFaults([{ ...example, faults }]);
  expect(groups.map(({ name, faults: of }) => [name, of.length])).toEqual([
    ["kill active-driver", 1],
    ["kill driver", 2],
    ["kill executor", 1],
    ["kill kafka", 2],
    ["kill standby-driver", 1],
  ]);
});

const kills = (ms: number): DigestFault[] => [fault(ms, { kind: "kill", node_kind: "driver" })];

test("a text's figures are those of the first setting, or of the one that is named; a placeholder that names none is an error", () => {
  const settings = groupBySetting([
    { ...example, runtime: "local", trigger: "realtime", faults: kills(1234) },
    { ...example, runtime: "compose", trigger: "realtime", faults: kills(5678) },
    { ...example, runtime: "local", trigger: "micro-batch", faults: kills(9012) },
    { ...example, runtime: "local", trigger: "realtime", faults: kills(2345) },
  ]);
  const filled = (text: string): string => fillFigures(text, settings, "a.md");
  expect(filled("{{rows kill driver p50}}, {{ rows kill driver n }}, {{rows kill kafka max}}")).toBe(
    "1.2 s, 2, not measured",
  );
  expect(filled("{{rows kill driver p50 compose}} {{rows kill driver n micro-batch local}}")).toBe("5.7 s 1");
  expect(filled("{{rows kill driver p50 compose micro-batch}}")).toBe("not measured");
  for (const text of ["{{row kill driver p50}}", "{{rows kill driver}}", "{{rows kill driver p99}}"])
    expect(() => filled(text)).toThrow(`a.md: ${text} names no figure`);
});

test("the report names every run and verdict; names that could end a plot's text stay text", async () => {
  const hostile = { ...example, run_id: `20260101T000000Z-a&b<c>"` };
  const files = await renderResilience(rootWith(example, hostile));
  const report = files.get(RESILIENCE_FILE) ?? "";
  expect(report).toContain(`**2 runs, `);
  expect(report).toContain("2 × VALID");
  expect(report).toContain("579,516 events were acknowledged");
  expect(report).not.toMatch(/\{\{|undefined|NaN|null/);
  for (const [name, content] of files) {
    if (!name.endsWith(".svg")) continue;
    expect(report).toContain(`(${name})`);
    expect(content).not.toMatch(/NaN|undefined|<c>/);
  }
  expect(files.size).toBe(1 + 2 + 2 * 2);
});

test("no digest, or one that can't be read", async () => {
  await expect(renderResilience(rootWith())).rejects.toThrow("has no digest of a run");
  const root = rootWith(example);
  writeFileSync(join(root, RESILIENCE_FOLDER, "bad.json"), "{}");
  await expect(renderResilience(root)).rejects.toThrow(`${RESILIENCE_FOLDER}/bad.json`);
});

test("the report in the repository is what its digests say", async () => {
  for (const [name, content] of await renderResilience(ROOT))
    expect(readFileSync(join(ROOT, name), "utf8"), `${name}: run ./faultline resilience`).toBe(content);
});
