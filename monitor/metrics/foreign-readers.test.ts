import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { CONTENT_TYPES, exposition } from "./exposition.ts";
import { fresh, RunningTotals } from "./facts.ts";
import { FAMILIES } from "./families.ts";
import { AT_MS, observed, sample, VERDICT } from "./fixture/observed.ts";

/** The exposition, judged by the programs that will read it. */
const { nodes } = sample();
// With a second driver, so that each family has a sample.
const run = observed("/runs/a-run", {
  sample: sample({ nodes: [...nodes, { name: "driver-2", kind: "driver", answers: true, role: "active" }] }),
});
const facts = {
  atMs: AT_MS,
  observed: run,
  sample: fresh(run.sample, AT_MS),
  health: fresh(run.health, AT_MS),
  totals: new RunningTotals().of(run.directory, run.sample),
  verdict: VERDICT,
};

const SKIPPED = " (skipped: it is not installed)";
const CHECK = `
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
for family in text_string_to_metric_families(sys.stdin.read()):
    print(family.name, family.type, family.unit, len(family.samples))
`;
const python = ["python3", "/usr/bin/python3"].find(
  (name) => spawnSync(name, ["-c", "import prometheus_client.openmetrics.parser"]).status === 0,
);
function lint(input: string) {
  return spawnSync("promtool", ["check", "metrics"], { input, encoding: "utf8" });
}
const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;

it.skipIf(python === undefined)(
  `Python's prometheus_client reads OpenMetrics${python === undefined ? SKIPPED : ""}`,
  async () => {
    const input = await exposition(facts, "openmetrics");
    const { stdout, stderr } = spawnSync(python ?? "", ["-c", CHECK], { input, encoding: "utf8" });
    expect(stderr).toBe("");
    const read = stdout.trim().split("\n");
    expect(read).toHaveLength(FAMILIES.length);
    expect(read).toContain("faultline_attempted_events counter events 1");
    expect(read).toContain("faultline_partition_stuck gauge  2");
    // It is the parser that is asked: it refuses a text without its end.
    const cut = spawnSync(python ?? "", ["-c", CHECK], { input: input.replace("# EOF\n", ""), encoding: "utf8" });
    expect(cut.stderr).toContain("ValueError");
  },
);

it.skipIf(!hasPromtool)(`promtool finds nothing wrong with names and help${hasPromtool ? "" : SKIPPED}`, async () => {
  const text = await exposition(facts, "prometheus");
  const { status, stdout, stderr } = lint(text);
  expect(stdout + stderr).toBe("");
  expect(status).toBe(0);
  expect(lint(text.replaceAll("faultline_attempted_events_total", "faultline_attempted_events")).stderr).toContain(
    '"_total" suffix',
  );
});

it("names the formats as their specifications do", () => {
  expect(CONTENT_TYPES).toEqual({
    prometheus: "text/plain; version=0.0.4; charset=utf-8",
    openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  });
});
