import { open } from "node:fs/promises";
import { decodeJournal, type JournalRecord } from "../contract/journal.ts";
import type { FaultKind } from "../contract/plan.ts";
import { isMissing } from "./log-lines.ts";

/** A fault that bit and is not undone yet. */
export type ActiveFault = { id: number; kind: FaultKind; node: string; sinceMs: number };

/** Follows a fault journal that another process appends to: reads only what was added since the last time. */
export class JournalTail {
  readonly #path: string;
  #offset = 0;
  #rest = Buffer.alloc(0);
  readonly #active = new Map<number, ActiveFault>();

  constructor(path: string) {
    this.#path = path;
  }

  /** @returns the faults active now, and the records that are new. A journal that does not exist yet has none. */
  async read(): Promise<{ active: ActiveFault[]; records: JournalRecord[] }> {
    const records: JournalRecord[] = [];
    for (const line of await this.#newLines()) {
      const record = decodeJournal(line);
      if (record === undefined) continue;
      records.push(record);
      this.#apply(record);
    }
    return { active: [...this.#active.values()], records };
  }

  #apply(record: JournalRecord): void {
    if (record.t === "active" && record.effective) {
      this.#active.set(record.id, { id: record.id, kind: record.kind, node: record.node, sinceMs: record.at_ms });
    } else if (record.t === "healed" || record.t === "failed") this.#active.delete(record.id);
  }

  async #newLines(): Promise<string[]> {
    const added = await this.#added();
    if (added.length === 0) return [];
    const buffer = Buffer.concat([this.#rest, added]);
    const end = buffer.lastIndexOf(0x0a);
    this.#rest = buffer.subarray(end + 1);
    return end < 0 ? [] : buffer.subarray(0, end).toString("utf8").split("\n");
  }

  async #added(): Promise<Buffer> {
    try {
      await using file = await open(this.#path, "r");
      const { size } = await file.stat();
      if (size < this.#offset) this.#restart();
      const buffer = Buffer.alloc(size - this.#offset);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#offset);
      this.#offset += bytesRead;
      return buffer.subarray(0, bytesRead);
    } catch (error) {
      if (!isMissing(error)) throw error;
      this.#restart();
      return Buffer.alloc(0);
    }
  }

  /** Another file stands in its place. */
  #restart(): void {
    this.#offset = 0;
    this.#rest = Buffer.alloc(0);
    this.#active.clear();
  }
}
