import { z } from "zod";
import { type ErrorCode, FaultlineError } from "./errors.ts";

/**
 * Checks the JSON text of a file against its schema: no reader casts what it has parsed.
 * @param file names the source in errors. @param remedy what to do about a file that does not fit.
 * @throws FaultlineError with one line per problem, each with file and member; for a version that this build does not know, with
 *   that version alone.
 */
export function parseJsonFile<T>(
  schema: z.ZodType<T>,
  text: string,
  file: string,
  { code = "FL_CONFIG_INVALID", remedy }: { code?: ErrorCode; remedy: string },
): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FaultlineError(code, `${file}: not JSON: ${(error as Error).message}`, { remedy, cause: error });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new FaultlineError(code, problemsOf(result.error, value, file).join("\n"), { remedy });
}

function problemsOf({ issues }: z.ZodError, value: unknown, file: string): string[] {
  const version = issues.find(({ path }) => path.length === 1 && path[0] === "version");
  if (version !== undefined) {
    const found = JSON.stringify((value as { version?: unknown } | null)?.version) ?? "(missing)";
    const known = version.code === "invalid_value" ? version.values.join(" or ") : "another one";
    return [`${file}: version ${found} is not known to this build (it reads version ${known})`];
  }
  return issues.map(({ path, message }) => `${file}: ${z.core.toDotPath(path) || "(top)"}: ${message}`);
}
