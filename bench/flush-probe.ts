import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";

const EVERY_MS = 200;
const TABLE = "bench_flush_probe";

/** Stores one row about five times a second, each in a transaction of its own, and notes how long that takes: mostly the flush of the log. */
export class FlushProbe {
  readonly #client: pg.Client;
  readonly #stop = new AbortController();
  readonly #timesMs: number[] = [];
  #running: Promise<void> | undefined;

  constructor(client: pg.Client) {
    this.#client = client;
  }

  async start(): Promise<void> {
    await this.#client.query(`CREATE TABLE IF NOT EXISTS ${TABLE} (at timestamptz)`);
    this.#running = this.#run();
  }

  /** @returns milliseconds, ascending. @throws what a query threw */
  async stop(): Promise<number[]> {
    this.#stop.abort();
    await this.#running;
    return this.#timesMs.toSorted((a, b) => a - b);
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const beganMs = performance.now();
      await this.#client.query(`INSERT INTO ${TABLE} VALUES (now())`);
      this.#timesMs.push(performance.now() - beganMs);
      await sleep(EVERY_MS, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
  }
}

/** The smallest value with at least this share of all at or below it, as PostgreSQL's percentile_disc. @param sorted ascending */
export function percentile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}
