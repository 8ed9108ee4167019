import type { LedgerTally } from "../../contract/ledger-tally.ts";
import type { LedgerRecord } from "../../contract/ledger.ts";
import { crcText } from "../../contract/log-line.ts";
import { type ProducerStatus, RUN_FILES } from "../../contract/run.ts";
import { SampleFigures } from "./sample-figures.ts";
import type { RunEvidence } from "./run-evidence.ts";

/** How far the reading of a ledger is. */
export type LedgerPosition = {
  readonly tally: LedgerTally;
  readonly crc: number;
  /** A line before could not be read. */
  readonly isIncomplete: boolean;
};

/** Clocks of several processes, and corrections of one clock, differ by less. */
const CLOCK_SLACK_MS = 10_000;

/**
 * Holds the ledger against what others saw of it while it grew: the producer's last status, and the samples. The ledger may be further than they
 * are, never behind.
 */
export class LedgerWatch {
  readonly #status: ProducerStatus | undefined;
  readonly #figures: SampleFigures;
  readonly #problems = new Set<string>();
  readonly #times: { fromMs: number; toMs: number };
  #lastMs = -Infinity;
  /** Of the process that wrote the lines. */
  #pid = 0;

  /** @param nowMs no line can be later. */
  constructor({ status, samples, run }: RunEvidence, nowMs = Date.now()) {
    this.#status = status;
    this.#figures = new SampleFigures(samples);
    this.#times = { fromMs: (run?.created_ms ?? -Infinity) - CLOCK_SLACK_MS, toMs: nowMs + CLOCK_SLACK_MS };
  }

  /** Takes the lines that can be read, in their order. @param at the position behind this line. */
  add(record: LedgerRecord, at: LedgerPosition): void {
    if (record.at_ms < this.#lastMs - CLOCK_SLACK_MS)
      this.#problems.add(
        `ledger line ${at.tally.lines}: its time is ${this.#lastMs - record.at_ms} ms before that of an earlier line`,
      );
    else if (record.at_ms > this.#lastMs) this.#advance(record, at);
    if (record.t === "open") this.#pid = record.pid;
    if (this.#status !== undefined) this.#compare(this.#status, record, at);
    this.#figures.follow(record.at_ms, at.tally);
  }

  /** Call this after the last line. @returns where the ledger contradicts them, as sentences. */
  finish(end: LedgerPosition): string[] {
    const { lines } = end.tally;
    const status = this.#status;
    if (status !== undefined && lines < status.ledger.lines)
      this.#problems.add(
        `the ledger's end is cut off: it has ${lines} lines, but ${RUN_FILES.producerStatus} says that ${status.ledger.lines} were on disk`,
      );
    this.#figures.finish(end.tally);
    return [...this.#problems, ...(end.isIncomplete ? [] : this.#figures.problems)];
  }

  #advance(record: LedgerRecord, at: LedgerPosition): void {
    this.#lastMs = record.at_ms;
    if (record.at_ms < this.#times.fromMs)
      this.#problems.add(`ledger line ${at.tally.lines}: its time is before the run was created`);
    if (record.at_ms > this.#times.toMs) this.#problems.add(`ledger line ${at.tally.lines}: its time is in the future`);
  }

  #compare(status: ProducerStatus, record: LedgerRecord, { tally, crc, isIncomplete }: LedgerPosition): void {
    const { lines } = status.ledger;
    if (tally.lines < lines) return;
    if (tally.lines > lines) {
      // A new producer may have died before it could write a status.
      if (status.state === "done" && record.t !== "open")
        this.#problems.add(
          `the ledger goes on after line ${lines}, but ${RUN_FILES.producerStatus} says that the producer was done there`,
        );
      return;
    }
    const here = `at ledger line ${lines}`;
    if (crcText(crc) !== status.ledger.crc)
      this.#problems.add(
        `${RUN_FILES.producerStatus} has another checksum ${here}: these are not the lines that the producer wrote`,
      );
    if (status.state === "done" && record.t !== "close")
      this.#problems.add(`${RUN_FILES.producerStatus} says ${status.state} ${here}, but that line is "${record.t}"`);
    if (status.pid !== this.#pid)
      this.#problems.add(
        `${RUN_FILES.producerStatus} is of process ${status.pid}, but process ${this.#pid} wrote ledger line ${lines}`,
      );
    if (Math.max(record.at_ms - status.at_ms, status.at_ms - this.#times.toMs) > CLOCK_SLACK_MS)
      this.#problems.add(
        `${RUN_FILES.producerStatus} has a time before ledger line ${lines} was written, or in the future`,
      );
    if (isIncomplete) return;
    for (const [name, [told, counted]] of Object.entries(statusFigures(status, tally)))
      if (told !== counted)
        this.#problems.add(`${RUN_FILES.producerStatus} says ${name} ${told} ${here}, but the ledger has ${counted}`);
  }
}

/** By name: what the status says, and what the ledger's lines come to. */
function statusFigures(
  status: ProducerStatus,
  { attempted, acknowledged, lanes }: LedgerTally,
): Record<string, [number | string, number | string]> {
  const counted = lanes.map(({ nextSequence, lastAckMs }) => ({ next_sequence: nextSequence, last_ack_ms: lastAckMs }));
  return {
    attempted: [status.attempted, attempted],
    acknowledged: [status.acknowledged, acknowledged],
    indeterminate: [status.indeterminate, lanes.reduce((sum, lane) => sum + lane.inDoubt, 0)],
    last_ack_ms: [status.last_ack_ms, lanes.reduce((latest, lane) => Math.max(latest, lane.lastAckMs), 0)],
    "partitions (next_sequence, last_ack_ms)": [lanesOf(status.partitions), lanesOf(counted)],
    "partitions (number)": [
      JSON.stringify(status.partitions.map(({ partition }) => partition)),
      JSON.stringify(lanes.map((_, p) => p)),
    ],
  };
}

function lanesOf(lanes: { next_sequence: number; last_ack_ms: number }[]): string {
  return JSON.stringify(lanes.map(({ next_sequence, last_ack_ms }) => [next_sequence, last_ack_ms]));
}
