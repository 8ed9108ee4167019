import type { LedgerAttempt, LedgerRecord } from "../contract/ledger.ts";
import type { Batch } from "./ledger-replay.ts";

/** The outcome of one send, as far as the client knows when its deadline is over. */
export type SendOutcome =
  | { kind: "ack"; offset: number }
  | { kind: "indeterminate"; why: string }
  | { kind: "failed"; why: string; tooLarge: boolean };

/** One producer id at the brokers. Brokers drop repeats with the same id. After an indeterminate outcome the id is never used again. */
export type Channel = {
  /** Sends one batch and waits for its outcome. Never rejects. If the channel is closed, the outcome is indeterminate. */
  send(batch: Batch): Promise<SendOutcome>;
  /** The channel has sent so much that its sequence numbers would soon wrap. */
  readonly worn: boolean;
  close(): void;
};

export type LaneState = "idle" | "connecting" | "recording" | "sending" | "backing-off" | "ended";

/** Everything that a lane needs from outside; tests replace it. */
export type LanePorts = {
  /** Connects with a new producer id. @throws Error when it can't connect; the lane tries again after a pause. */
  openChannel(): Promise<Channel>;
  ledger: { attempt(record: LedgerAttempt): Promise<void>; append(record: LedgerRecord): void };
  /** Waits until a new batch is due, and returns it, from this sequence on. Undefined: there will be no more. */
  nextBatch(sequence: number): Promise<Batch | undefined>;
  /** Waits for so many milliseconds, or until the lane is abandoned. */
  pause(ms: number): Promise<void>;
  nowMs(): number;
  onOutcome(batch: Batch, outcome: SendOutcome): void;
  onAttempt(batch: Batch): void;
  onChannelError(error: unknown): void;
};

const BACK_OFF_MIN_MS = 200;
const BACK_OFF_MAX_MS = 5_000;

/**
 * One partition's send queue with one batch in flight.
 *
 * idle → recording (the attempt becomes durable) → sending → idle (ack, failed) or backing-off → connecting (a new producer id) → recording
 * the same batch. A batch without ack or failed blocks the lane. This keeps the order within the partition, and at most one batch in doubt.
 */
export class Lane {
  readonly partition: number;
  readonly #ports: LanePorts;
  #nextSequence: number;
  #unsettled: Batch | undefined;
  #channel: Channel | undefined;
  #abandoned = false;
  #backOffMs = BACK_OFF_MIN_MS;
  state: LaneState = "idle";

  /** @param unsettled the batch that an earlier producer left in doubt; the lane sends it first. */
  constructor(partition: number, start: { nextSequence: number; unsettled: Batch | undefined }, ports: LanePorts) {
    this.partition = partition;
    this.#ports = ports;
    this.#nextSequence = start.nextSequence;
    this.#unsettled = start.unsettled;
  }

  get nextSequence(): number {
    return this.#nextSequence;
  }

  /** Gives up at once: the batch in flight becomes indeterminate. */
  abandon(): void {
    this.#abandoned = true;
    this.#channel?.close();
  }

  /** Runs until there are no more batches, or the lane is abandoned. @throws the ledger's errors: without its line no batch is sent. */
  async run(): Promise<void> {
    try {
      while (!this.#abandoned) {
        this.state = "idle";
        const batch = this.#unsettled ?? (await this.#ports.nextBatch(this.#nextSequence));
        if (batch === undefined) return;
        await this.#attempt(batch);
      }
    } finally {
      this.state = "ended";
      this.#channel?.close();
    }
  }

  async #attempt(batch: Batch): Promise<void> {
    const { partition: p } = this;
    const { sequence: s, count: n } = batch;
    // Connect first: an attempt that never had a chance to be sent would only muddy the ledger.
    const channel = await this.#connected();
    if (channel === undefined) return;
    this.state = "recording";
    const a = batch.attempts + 1;
    await this.#ports.ledger.attempt({
      t: "attempt",
      p,
      s,
      n,
      first_ms: batch.firstMs,
      last_ms: batch.lastMs,
      a,
      at_ms: this.#ports.nowMs(),
    });
    batch.attempts = a;
    this.#unsettled = batch;
    this.#nextSequence = Math.max(this.#nextSequence, s + n);
    this.#ports.onAttempt(batch);
    this.state = "sending";
    const outcome: SendOutcome = this.#abandoned
      ? { kind: "indeterminate", why: "stopped" }
      : await channel.send(batch);
    const at_ms = this.#ports.nowMs();
    if (outcome.kind === "ack") this.#ports.ledger.append({ t: "ack", p, s, n, o: outcome.offset, at_ms });
    else this.#ports.ledger.append({ t: outcome.kind, p, s, n, why: outcome.why, at_ms });
    if (outcome.kind !== "indeterminate") this.#unsettled = undefined;
    this.#ports.onOutcome(batch, outcome);
    if (outcome.kind === "ack") this.#backOffMs = BACK_OFF_MIN_MS;
    // After any error the client forgets its producer id: the next send needs a fresh one.
    if (outcome.kind !== "ack" || channel.worn) this.#discardChannel();
    if (outcome.kind !== "ack") await this.#backOff();
  }

  async #connected(): Promise<Channel | undefined> {
    while (this.#channel === undefined && !this.#abandoned) {
      this.state = "connecting";
      try {
        this.#channel = await this.#ports.openChannel();
      } catch (error) {
        this.#ports.onChannelError(error);
        await this.#backOff();
      }
    }
    if (this.#abandoned) this.#discardChannel();
    return this.#channel;
  }

  #discardChannel(): void {
    this.#channel?.close();
    this.#channel = undefined;
  }

  async #backOff(): Promise<void> {
    this.state = "backing-off";
    const waitMs = this.#backOffMs;
    this.#backOffMs = Math.min(waitMs * 2, BACK_OFF_MAX_MS);
    if (!this.#abandoned) await this.#ports.pause(waitMs);
  }
}
