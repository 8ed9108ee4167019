import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { driverStatusSchema, JOB_EXIT_CODES, JOB_STATES } from "./job.ts";

/** The Java side as text: what it writes is what the other side must read. */
function java(name: string): string {
  const text = readFileSync(
    new URL(`../spark-app/job/src/main/java/dev/faultline/job/${name}.java`, import.meta.url),
    "utf8",
  );
  return text.replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, "");
}

it("has the exit codes of ExitCode.java, all of them and no other", () => {
  const declared = [...java("ExitCode").matchAll(/static final int ([A-Z_]+) = (\d+);/g)];
  expect(Object.fromEntries(declared.map(([, name, code]) => [name, Number(code)]))).toEqual(JOB_EXIT_CODES);
});

it("has the states of JobState.java, in its order", () => {
  const constants = /enum JobState \{([^;}]*)[;}]/.exec(java("JobState"))?.[1] ?? "";
  const states = constants.split(",").map((name) => name.trim().toLowerCase());
  expect(states).toEqual(JOB_STATES);
});

it("has the members of driver-status.json in the order in which StatusFile.java puts them, the version first", () => {
  const source = java("StatusFile");
  const members = [...source.matchAll(/\.put(?:Array)?\("([a-z_]+)"/g)].map(([, name]) => name);
  const { shape } = driverStatusSchema;
  expect(members).toEqual([...Object.keys(shape), ...Object.keys(shape.partitions.element.shape)]);
  expect(members[0]).toBe("version");
  const version = /static final int VERSION = (\d+);/.exec(source)?.[1];
  expect(driverStatusSchema.shape.version.safeParse(Number(version)).success).toBe(true);
});
