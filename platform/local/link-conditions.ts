import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { z } from "zod";
import type { LinkDelay } from "../link/delayed-connection.ts";
import { LAYOUT } from "./layout.ts";

const conditionSchema = z.strictObject({ tag: z.string(), delay_ms: z.number().nonnegative(), jitter_ms: z.number().nonnegative(), until_ms: z.number() });

/** A delay that somebody put on a link. It ends by itself at `until_ms` (milliseconds since 1970), whoever lives then. */
export type DelayCondition = z.infer<typeof conditionSchema>;

const takenSchema = z.strictObject({ pid: z.int(), conditions: z.array(conditionSchema) });

/** What the link's process last took note of. */
export type Taken = z.infer<typeof takenSchema>;

/**
 * The files through which the chaos engine and a link's process talk: `links/NODE/TAG.json`, one per condition, each replaced or removed whole, so that
 * nobody has to read before they write; and `links/NODE.taken.json`, the answer, which the link's process alone writes.
 */
export class LinkConditions {
  readonly #directory: string;
  readonly #takenFile: string;

  constructor(stateDirectory: string, node: string) {
    this.#directory = join(stateDirectory, LAYOUT.links, node);
    this.#takenFile = join(stateDirectory, LAYOUT.links, `${node}.taken.json`);
  }

  write(condition: DelayCondition): void {
    mkdirSync(this.#directory, { recursive: true });
    writeFileAtomic.sync(this.#file(condition.tag), `${JSON.stringify(condition)}\n`);
  }

  /** Idempotent. */
  remove(tag: string): void {
    rmSync(this.#file(tag), { force: true });
  }

  /** Conditions whose time is not over, by tag. One that can't be read delays nothing, but is listed until it is removed. */
  all(nowMs = Date.now()): DelayCondition[] {
    let names: string[];
    try {
      names = readdirSync(this.#directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
    return names
      .filter((name) => name.endsWith(".json"))
      .toSorted()
      .flatMap((name) => this.#read(name) ?? [])
      .filter(({ until_ms }) => until_ms > nowMs);
  }

  /** Removes the files of conditions whose time is over. */
  sweep(): void {
    const live = new Set(this.all().map(({ tag }) => tag));
    for (const { tag } of this.all(Number.NEGATIVE_INFINITY)) if (!live.has(tag)) this.remove(tag);
  }

  writeTaken(taken: Taken): void {
    mkdirSync(join(this.#takenFile, ".."), { recursive: true });
    writeFileAtomic.sync(this.#takenFile, `${JSON.stringify(taken)}\n`);
  }

  readTaken(): Taken | undefined {
    try {
      return takenSchema.parse(JSON.parse(readFileSync(this.#takenFile, "utf8")));
    } catch {
      return undefined;
    }
  }

  #file(tag: string): string {
    return join(this.#directory, `${encodeURIComponent(tag)}.json`);
  }

  #read(name: string): DelayCondition | undefined {
    const path = join(this.#directory, name);
    try {
      return conditionSchema.parse(JSON.parse(readFileSync(path, "utf8")));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      return { tag: decodeURIComponent(name.slice(0, -".json".length)), delay_ms: 0, jitter_ms: 0, until_ms: Number.MAX_SAFE_INTEGER };
    }
  }
}

/** Several conditions on one link add up. */
export function totalDelay(conditions: DelayCondition[], nowMs: number): LinkDelay {
  const live = conditions.filter(({ until_ms }) => until_ms > nowMs);
  return { delay_ms: live.reduce((sum, { delay_ms }) => sum + delay_ms, 0), jitter_ms: live.reduce((sum, { jitter_ms }) => sum + jitter_ms, 0) };
}
