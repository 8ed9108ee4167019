import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { z } from "zod";
import { parseJsonFile } from "../../../contract/parse-file.ts";

/** What to do about a file of the state directory that this build can't read. `down` does not need to read it. */
export const UNREADABLE = "./faultline down --volumes, then ./faultline up";

/** One kind of file in the state directory: JSON with a version, checked when it is read, replaced as a whole when it is written. */
export type StateFile<T> = {
  /** @returns undefined when there is no such file; the same frozen object while the text is the same. @throws FaultlineError FL_CONFIG_INVALID when it does not fit. */
  read(path: string): T | undefined;
  /** Makes the directory if it is missing. */
  write(path: string, content: T): void;
};

/** @param content without the version, which only the file has. */
export function stateFile<T extends object>(version: number, content: z.ZodType<T>): StateFile<T> {
  const schema = z
    .looseObject({ version: z.literal(version) })
    .transform((whole): unknown => Object.fromEntries(Object.entries(whole).filter(([name]) => name !== "version")))
    .pipe(content);
  // The supervisor reads each file ten times a second, and they hardly ever change: parsing them took a fifth of a processor.
  const last = new Map<string, { text: string; value: T }>();
  return {
    read: (path) => {
      const text = readIfThere(path);
      const known = last.get(path);
      if (text === undefined || text === known?.text) return text === undefined ? undefined : known?.value;
      const value = Object.freeze(parseJsonFile(schema, text, path, { remedy: UNREADABLE }));
      last.set(path, { text, value });
      return value;
    },
    write: (path, value) => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileAtomic.sync(path, `${JSON.stringify({ version, ...value }, undefined, 2)}\n`);
    },
  };
}

/** The text of a file; undefined when there is none. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
