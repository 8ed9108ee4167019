import type { PartitionTask } from "./partition-reading.ts";

const REPORT_EVERY_MS = 1000;

/** Says how far the reading is, how fast it goes, and how long it will still take. An event is a record or a row. */
export class ReadProgress {
  readonly #total: number;
  readonly #beganMs: number;
  readonly #progress: (text: string) => void;
  readonly #nowMs: () => number;
  #done = 0;
  #saidMs: number;

  /** @param nowMs a clock that never jumps. */
  constructor(tasks: readonly PartitionTask[], progress: (text: string) => void, nowMs = () => performance.now()) {
    this.#total = tasks.reduce((sum, { range, sink }) => {
      const records = range === undefined ? 0 : range.end - range.start;
      return sum + records + (sink?.rows ?? records);
    }, 0);
    this.#progress = progress;
    this.#nowMs = nowMs;
    this.#beganMs = this.#saidMs = nowMs();
  }

  add({ rows, records }: { rows: number; records: number }): void {
    this.#done += rows + records;
    const nowMs = this.#nowMs();
    if (nowMs - this.#saidMs < REPORT_EVERY_MS) return;
    this.#saidMs = nowMs;
    const perSecond = (this.#done * 1000) / (nowMs - this.#beganMs);
    const left = Math.max(0, this.#total - this.#done);
    const percent = this.#total === 0 ? 100 : Math.min(99, Math.floor((this.#done * 100) / this.#total));
    // Each event is read twice: as a record and as a row.
    const rate = Math.round(perSecond / 2).toLocaleString("en-US");
    this.#progress(`comparing: ${percent} % · ${rate} events/s · ${Math.ceil(left / perSecond)} s left`);
  }
}
