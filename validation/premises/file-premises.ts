import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import type { Premise } from "../../contract/verdict.ts";
import { recorded, unknown } from "./premise.ts";

type Seal = { file: string; isLive: boolean; stamp: string; sha256: string };

/**
 * SHA-256 of the files that are judged. Seal a file before it is read; `finish` notices if it changed since. So the checksum is that of the bytes
 * that were judged.
 */
export class FileSeals {
  readonly #seals: Seal[] = [];

  /**
   * Takes the checksum of a file, streamed. A file that is missing is noted as missing.
   * @param options.isLive The file may change meanwhile, because no verdict rests on it.
   */
  async seal(file: string, { isLive = false } = {}): Promise<void> {
    const stamp = await stampOf(file);
    this.#seals.push({ file, isLive, stamp, sha256: await sha256Of(file) });
  }

  /** @returns one premise per file, named "sha256.ledger.ndjson". */
  async finish(): Promise<Premise[]> {
    const premises: Premise[] = [];
    for (const { file, isLive, stamp, sha256 } of this.#seals) {
      const name = `sha256.${basename(file)}`;
      // A rename or a write always moves the time of the last change, which no user can set.
      const isSame = isLive || stamp === (await stampOf(file));
      const now = isSame ? sha256 : await sha256Of(file);
      if (sha256 === UNREADABLE) premises.push(isLive ? recorded(name, sha256) : unknown(name, sha256, UNREADABLE_WHY));
      else if (now === sha256) premises.push(recorded(name, sha256));
      else premises.push(unknown(name, `${sha256}, then ${now}`, "the file changed while it was judged"));
    }
    return premises;
  }
}

const MISSING = "missing";
const UNREADABLE = "unreadable";
const UNREADABLE_WHY = "nobody can say which bytes were judged";

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? MISSING : UNREADABLE;
  }
  return hash.digest("hex");
}

async function stampOf(file: string): Promise<string> {
  const found = await stat(file, { bigint: true }).catch(() => undefined);
  return found === undefined ? MISSING : [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(" ");
}
