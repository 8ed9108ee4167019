import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseDocument } from "yaml";
import { z } from "zod";
import { brokerSchema } from "../contract/config.ts";
import { FaultlineError } from "../contract/errors.ts";
import { sloSchema } from "../contract/slo.ts";

/** The file of `validate --config`. Relative paths in it are relative to the file. */
const configSchema = z.strictObject({
  run: z.string().optional(),
  producer_log: z.string().optional(),
  journal: z.string().optional(),
  pipeline: z.string().optional(),
  brokers: z.array(brokerSchema).min(1).optional(),
  topic: z.string().optional(),
  postgres: z
    .strictObject({
      host: z.string().optional(),
      port: z.int().min(1).max(65535).optional(),
      database: z.string().optional(),
      user: z.string().optional(),
      password: z.string().optional(),
      password_file: z.string().optional(),
    })
    .default({}),
  quiet_timeout_s: z.number().nonnegative().optional(),
  min_acknowledged: z.int().nonnegative().optional(),
  allow_no_faults: z.boolean().optional(),
  slo: sloSchema.default({}),
});
export type ValidateConfig = z.infer<typeof configSchema>;

/** @throws FaultlineError FL_CONFIG_INVALID with file, field and value (never a password). */
export async function readConfigFile(file: string): Promise<ValidateConfig> {
  const text = await readFile(file, "utf8").catch((error: Error) => {
    throw invalid([`${file}: ${error.message}`], error);
  });
  const document = parseDocument(text, { uniqueKeys: true });
  if (document.errors.length > 0)
    throw invalid(document.errors.map((error) => `${file}: ${error.message.split("\n")[0]}`));
  const result = configSchema.safeParse(document.toJS() ?? {});
  if (!result.success)
    throw invalid(
      result.error.issues.flatMap((issue) => {
        const path = issue.path.map(String);
        if (issue.code === "unrecognized_keys")
          return issue.keys.map((key) => `${file}: ${[...path, key].join(".")}: unknown key`);
        const value: unknown = document.getIn(path);
        const isShown = value !== undefined && typeof value !== "object" && path.at(-1) !== "password";
        return [
          `${file}: ${path.join(".") || "(top)"}: ${issue.message}${isShown ? ` (is ${JSON.stringify(value)})` : ""}`,
        ];
      }),
    );
  const config = result.data;
  const here = (path: string) => resolve(dirname(file), path);
  for (const name of ["run", "producer_log", "journal", "pipeline"] as const)
    if (config[name] !== undefined) config[name] = here(config[name]);
  if (config.postgres.password_file !== undefined) config.postgres.password_file = here(config.postgres.password_file);
  return config;
}

function invalid(problems: string[], cause?: unknown): FaultlineError {
  return new FaultlineError("FL_CONFIG_INVALID", problems.join("\n"), {
    remedy: "validation/README.md has an example with every field",
    cause,
  });
}
