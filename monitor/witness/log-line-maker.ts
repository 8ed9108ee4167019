import { RecordDigest } from "../../contract/record-digest.ts";
import type { WitnessOf } from "../../contract/witness.ts";

const MOST_RECORDS = 20_000;
const MOST_AGE_MS = 2_000;
const NOTHING = new Uint8Array(0);

/** Sums the records of one partition up, one `log` line after the other. */
export class LogLineMaker {
  readonly #partition: number;
  readonly #digest = new RecordDigest();
  #from: number;
  #to: number;
  #records = 0;
  #beganMs = 0;

  /** @param position the offset that is read next. */
  constructor(partition: number, position: number) {
    this.#partition = partition;
    this.#from = this.#to = position;
  }

  /** The offset that is read next. */
  get position(): number {
    return this.#to;
  }

  /** Takes the record at an offset that is not below the position. */
  add(offset: number, timestampMs: number, key: Uint8Array | null, value: Uint8Array | null): void {
    const [k, v] = [key ?? NOTHING, value ?? NOTHING];
    this.#digest.add(offset, timestampMs, k, 0, key?.length ?? -1, v, 0, value?.length ?? -1);
    this.#records += 1;
    this.passed(offset + 1);
  }

  /** No record comes below this offset. */
  passed(to: number): void {
    if (to <= this.#to) return;
    if (this.#to === this.#from) this.#beganMs = Date.now();
    this.#to = to;
  }

  /** Goes on elsewhere; take the line before. */
  moveTo(position: number): void {
    this.#from = this.#to = position;
  }

  /** @param isAnyway also if the line could still grow. @returns the line, if it is time for one. */
  take(isAnyway = false): WitnessOf<"log"> | undefined {
    if (this.#to === this.#from) return undefined;
    const nowMs = Date.now();
    if (!isAnyway && this.#records < MOST_RECORDS && nowMs - this.#beganMs < MOST_AGE_MS) return undefined;
    const line = {
      t: "log",
      partition: this.#partition,
      from: this.#from,
      to: this.#to,
      records: this.#records,
      digest: this.#digest.take(),
      at_ms: nowMs,
    } as const;
    this.#from = this.#to;
    this.#records = 0;
    return line;
  }
}
