import { FaultHistories, isActive, type FaultHistory } from "../../contract/fault-history.ts";
import { journalReader, type JournalRecord } from "../../contract/journal.ts";
import { LineTail } from "../../machine/line-tail.ts";

/** Follows a fault journal that another process appends to: reads only the lines added since the last time. */
export class JournalTail {
  readonly #lines: LineTail;
  #reader = journalReader();
  #histories = new FaultHistories();

  /** @param path need not exist yet. */
  constructor(path: string) {
    this.#lines = new LineTail(path);
  }

  /**
   * @returns the faults that are active now, all faults so far, and the new records. A journal that does not exist yet has none.
   * @throws the errors of reading a file.
   */
  async read(): Promise<{ active: FaultHistory[]; faults: FaultHistory[]; records: JournalRecord[] }> {
    const records: JournalRecord[] = [];
    const take = (line: string): void => {
      const record = this.#reader.read(line);
      if (typeof record === "string") return;
      records.push(record);
      this.#histories.add(record);
    };
    await this.#lines.read(take, () => {
      this.#reader = journalReader();
      this.#histories = new FaultHistories();
    });
    const { faults } = this.#histories;
    return { active: faults.filter(isActive), faults, records };
  }
}
