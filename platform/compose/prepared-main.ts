import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/**
 * Exit code 0: the run that `prepare-main.ts` would make is there, so a producer that starts again need not wait for it, nor for PostgreSQL. It is
 * whole then, because the link to it is made last. Exit code 1: it is not there, or is another one; `prepare-main.ts` says what is wrong.
 * It has no import of ours: they would take most of the time that it is to save.
 */
const {
  FAULTLINE_PIPELINE = "pipelines/payments.yaml",
  FAULTLINE_SEED = "1",
  FAULTLINE_MALFORMED_PPM = "0",
  FAULTLINE_RUNS_DIR = "/runs",
} = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ""));

const directory = join(FAULTLINE_RUNS_DIR, "current");
try {
  const run = JSON.parse(readFileSync(join(directory, "run.json"), "utf8")) as Record<string, unknown>;
  const file = readFileSync(resolve(import.meta.dirname, "../..", FAULTLINE_PIPELINE));
  const same =
    run["pipeline_sha256"] === createHash("sha256").update(file).digest("hex") &&
    run["seed"] === Number(FAULTLINE_SEED) &&
    run["malformed_ppm"] === Number(FAULTLINE_MALFORMED_PPM);
  process.exitCode = same ? 0 : 1;
} catch {
  process.exitCode = 1;
}
