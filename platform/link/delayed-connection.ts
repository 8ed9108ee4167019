import { connect, type Socket } from "node:net";

/** Every chunk towards the target arrives delay_ms later, give or take jitter_ms (uniform). Both 0: a plain forwarder. */
export type LinkDelay = { delay_ms: number; jitter_ms: number };

export type Endpoint = { host: string; port: number };

/** Bytes that may wait in one connection before it reads no more: about what a TCP window holds, so that a delay does not become a throttle at once. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** What one waiting chunk costs beside its bytes. */
const CHUNK_COST_BYTES = 512;
/** How soon a delay that became shorter is noticed by what already waits. */
const LOOK_AGAIN_MS = 50;

/** `bytes` undefined: the client's end of data, a half-close. */
type Waiting = { bytes: Buffer | undefined; arrivedMs: number; dueMs: number };

/** One client's connection and its own to the target. Towards the target everything waits its time; answers pass at once. */
export class DelayedConnection {
  readonly #client: Socket;
  readonly #target: Socket;
  readonly #delay: () => LinkDelay;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #lastDueMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #resetTimer: NodeJS.Timeout | undefined;
  #targetFull = false;

  constructor(client: Socket, target: Endpoint, delay: () => LinkDelay, onClose: () => void) {
    this.#client = client;
    this.#delay = delay;
    this.#target = connect({ ...target, allowHalfOpen: true, noDelay: true });
    this.#forwardDelayed();
    this.#forwardAnswers();
    let open = 2;
    for (const socket of [this.#client, this.#target])
      socket.once("close", () => {
        if (--open > 0) return;
        clearTimeout(this.#resetTimer);
        this.#discard();
        onClose();
      });
  }

  destroy(): void {
    this.#client.destroy();
    this.#target.destroy();
    clearTimeout(this.#resetTimer);
    this.#discard();
  }

  #forwardDelayed(): void {
    this.#client.on("data", (bytes: Buffer) => this.#arrived(bytes));
    this.#client.once("end", () => this.#arrived(undefined));
    // A reset overtakes what is stuck behind a full target, but not what is merely under way: both take their time.
    this.#client.once("error", () => {
      const waitMs = Math.max(this.#lastDueMs, this.#dueMs(performance.now())) - performance.now();
      if (waitMs <= 0) this.#target.resetAndDestroy();
      else this.#resetTimer = setTimeout(() => this.#target.resetAndDestroy(), waitMs);
    });
    this.#target.on("drain", () => {
      this.#targetFull = false;
      this.#deliver();
    });
  }

  #forwardAnswers(): void {
    this.#target.on("data", (bytes: Buffer) => {
      if (!this.#client.destroyed && !this.#client.write(bytes)) this.#target.pause();
    });
    this.#client.on("drain", () => this.#target.resume());
    this.#target.once("end", () => this.#client.end());
    // Refused, unreachable, or reset: the client gets a reset, the one thing that a proxy which has accepted can still say.
    this.#target.once("error", () => this.#client.resetAndDestroy());
    this.#client.once("close", () => this.#target.resume());
    // Nobody is left to deliver to.
    this.#target.once("close", () => this.#discard());
  }

  #dueMs(arrivedMs: number): number {
    const { delay_ms, jitter_ms } = this.#delay();
    return arrivedMs + Math.max(0, delay_ms + (Math.random() * 2 - 1) * jitter_ms);
  }

  #arrived(bytes: Buffer | undefined): void {
    if (this.#target.destroyed) return;
    const arrivedMs = performance.now();
    const dueMs = Math.max(this.#lastDueMs, this.#dueMs(arrivedMs));
    this.#lastDueMs = dueMs;
    this.#waiting.push({ bytes, arrivedMs, dueMs });
    this.#waitingBytes += CHUNK_COST_BYTES + (bytes?.length ?? 0);
    this.#deliver();
    if (this.#waitingBytes > MAX_WAITING_BYTES) this.#client.pause();
  }

  /** Delivers, in order, what is due, as long as the target takes it. */
  #deliver(): void {
    clearTimeout(this.#timer);
    const nowMs = performance.now();
    const { delay_ms, jitter_ms } = this.#delay();
    let count = 0;
    for (const { bytes, arrivedMs, dueMs } of this.#waiting) {
      const waitMs = Math.min(dueMs, arrivedMs + delay_ms + jitter_ms) - nowMs;
      if (this.#targetFull) break;
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#deliver(), Math.min(waitMs, LOOK_AGAIN_MS));
        break;
      }
      if (bytes === undefined) this.#target.end();
      else this.#targetFull = !this.#target.write(bytes);
      this.#waitingBytes -= CHUNK_COST_BYTES + (bytes?.length ?? 0);
      count++;
    }
    if (count > 0) this.#waiting.splice(0, count);
    if (this.#client.isPaused() && this.#waitingBytes <= MAX_WAITING_BYTES / 2) this.#client.resume();
  }

  #discard(): void {
    clearTimeout(this.#timer);
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}
