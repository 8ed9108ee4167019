import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FAULT_KINDS } from "../../contract/plan.ts";
import { CATALOG } from "../plan/catalog.ts";
import { FAULTS } from "./by-kind.ts";

const room = (file: string): string => readFileSync(join(import.meta.dirname, "..", file), "utf8");

describe.each(FAULT_KINDS)("%s", (kind) => {
  it("is told under its own name", () => {
    expect(FAULTS[kind].kind).toBe(kind);
  });

  it("can be drawn for some target", () => {
    expect(Object.values(CATALOG[kind]).some((holdMs) => holdMs !== null)).toBe(true);
  });

  it("has a row in the README's table, and a word in the usage of chaos.sh", () => {
    expect(room("README.md")).toMatch(new RegExp(`^\\| \`${kind}\` \\|`, "m"));
    expect(/^ {2}--faults +([^;]*); default/m.exec(room("chaos.sh"))?.[1]?.split(/,\s+/)).toContain(kind);
  });
});
