import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import writeFileAtomic from "write-file-atomic";
import { RUN_FILES } from "../../contract/run.ts";

/**
 * `page.json` in the run directory, mode 0600: the token of the run's page, and where the monitor serves it. A server that starts again takes the
 * same token, and the same port if it is free, so that an open page finds it again.
 */
const pageFileSchema = z.strictObject({
  version: z.literal(1),
  token: z.string().min(32),
  /** Of the monitor's server, with the token; null: it does not serve. */
  url: z.string().nullable(),
});
export type PageFile = z.infer<typeof pageFileSchema>;

/** @returns undefined: there is none, or it is of another version. */
export async function readPageFile(directory: string): Promise<PageFile | undefined> {
  try {
    return pageFileSchema.safeParse(JSON.parse(await readFile(join(directory, RUN_FILES.page), "utf8"))).data;
  } catch {
    return undefined;
  }
}

/** The run's token; it is made and kept if there is none. A directory that can't be written to has a token for this process only. */
export async function pageToken(directory: string): Promise<string> {
  const known = await readPageFile(directory);
  if (known !== undefined) return known.token;
  const token = randomBytes(24).toString("base64url");
  await writePageFile(directory, { version: 1, token, url: null }).catch(() => undefined);
  return token;
}

/** @throws the errors of writing a file */
export async function writePageFile(directory: string, content: PageFile): Promise<void> {
  await writeFileAtomic(join(directory, RUN_FILES.page), `${JSON.stringify(content)}\n`, { mode: 0o600 });
}
