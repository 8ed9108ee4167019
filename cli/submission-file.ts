import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { FaultlineError } from "../contract/errors.ts";

/** In the order in which they run. */
export const SECTIONS = ["setup", "start_pipeline", "run_chaos", "validate"] as const;
export type Section = (typeof SECTIONS)[number];

const commands = z.array(z.string().min(1)).min(1);
const schema = z.strictObject({ setup: commands, start_pipeline: commands, run_chaos: commands, validate: commands });

/** @throws FaultlineError FL_CONFIG_INVALID naming the place. */
export function readSubmission(file: string): Record<Section, string[]> {
  let value: unknown;
  try {
    value = parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new FaultlineError("FL_CONFIG_INVALID", `${file}: ${(error as Error).message}`, {
      remedy: "name a YAML file such as submission.yml",
      cause: error,
    });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new FaultlineError(
    "FL_CONFIG_INVALID",
    result.error.issues.map(({ path, message }) => `${file}: ${path.join(".") || "the file"}: ${message}`).join("\n"),
    {
      remedy: `it has the sections ${SECTIONS.join(", ")}, each a list of shell commands`,
    },
  );
}
