import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { sessionProgram } from "./spark.ts";

const SCRIPT = `const fields = require("node:fs").readFileSync("/proc/self/stat", "utf8").split(") ")[1].split(" ");
  console.log(JSON.stringify({ leads: Number(fields[3]) === process.pid, rest: process.argv.slice(1) }));`;
const run = (path: string): unknown => {
  const { stdout, stderr } = spawnSync(join(sessionProgram(), "bin/java"), ["-e", SCRIPT, "a b", "$HOME"], {
    env: { PATH: path, FAULTLINE_JAVA: process.execPath },
    encoding: "utf8",
  });
  return stderr === "" ? JSON.parse(stdout) : stderr;
};

it("runs an executor in a session of its own, with all its arguments", () => {
  expect(run(process.env["PATH"] ?? "")).toEqual({ leads: true, rest: ["a b", "$HOME"] });
});

it("runs it all the same where there is no setsid", () => {
  expect(run("/nowhere")).toEqual({ leads: false, rest: ["a b", "$HOME"] });
});
