import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { FAMILIES } from "./families.ts";

const PAGE = join(import.meta.dirname, "../../docs/metrics.md");

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
