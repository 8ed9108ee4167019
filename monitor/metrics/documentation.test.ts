import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { FAMILIES } from "./families.ts";

const ROOT = join(import.meta.dirname, "../..");
const PAGE = join(ROOT, "docs/metrics.md");
const SINK_METRICS = "spark-app/faultline-postgres/src/main/java/dev/faultline/postgres/SinkMetrics.java";

it("docs/metrics.md has a row for each metric, word for word, and no other", () => {
  const rows = readFileSync(PAGE, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| `faultline_") && !line.startsWith("| `faultline_sink_"));
  expect(rows).toEqual(
    FAMILIES.map(
      ({ name, type, unit, labels, help }) =>
        `| \`${name}\` | ${type} | ${unit ?? ""} | ${labels.join(", ")} | ${help.replace(/\.$/, "")} |`,
    ),
  );
});

it("docs/metrics.md has a row for each total that the sink registers in Spark", () => {
  const registered = [...readFileSync(join(ROOT, SINK_METRICS), "utf8").matchAll(/registry\.register\("(\w+)"/g)];
  const rows = [...readFileSync(PAGE, "utf8").matchAll(/^\| `faultline_sink_(\w+)` \| counter \|/gm)];
  expect(registered.length).toBeGreaterThan(0);
  expect(rows.map(([, name]) => name)).toEqual(registered.map(([, name]) => name));
});
