import type { FaultHistory } from "../../contract/fault-history.ts";
import type { LedgerRecord } from "../../contract/ledger.ts";
import type { LookUpRows } from "../read/commit-times.ts";
import { AcknowledgementLoad } from "./acknowledgement-load.ts";
import { ActivityAround } from "./activity-around.ts";
import { windowsOf } from "./fault-window.ts";
import { LastAcknowledged } from "./last-acknowledged.ts";
import type { OffsetPoint } from "./offset-points.ts";
import { readRowTimes } from "./row-times.ts";
import { type Stake, stakeOf } from "./stake.ts";
import { type StoringEvidence, storingLoad } from "./storing-load.ts";

const NEITHER = { isUnderLoad: false, isRecovered: false };

/**
 * What each fault of a run put at stake. First give it the ledger's lines, then what was seen of the sink, then ask.
 */
export class RunLoad {
  readonly #faults: readonly FaultHistory[];
  readonly #windows;
  readonly #acknowledgement: AcknowledgementLoad;
  readonly #acks: ActivityAround;
  readonly #last: LastAcknowledged;
  readonly #evidence: StoringEvidence = { points: [], rows: "PostgreSQL could not be read" };

  /** @param faults those that had an effect. */
  constructor(faults: readonly FaultHistory[]) {
    this.#faults = faults;
    this.#windows = windowsOf(faults);
    this.#acknowledgement = new AcknowledgementLoad(this.#windows);
    this.#acks = new ActivityAround(this.#windows);
    this.#last = new LastAcknowledged(this.#windows);
  }

  /** Takes the ledger's lines in their order. */
  add(record: LedgerRecord): void {
    this.#acknowledgement.add(record);
    this.#last.add(record);
    if (record.t === "ack") this.#acks.seen(record.at_ms);
    else if (record.t === "close") this.#acks.ended();
  }

  /** Call this after the last line. */
  ledgerEnded(): void {
    this.#acknowledgement.finish();
    this.#last.finish();
  }

  /** Takes what was seen of sink_offsets while the run lasted, in the order of time. */
  sawOffsets(points: readonly OffsetPoint[]): void {
    this.#evidence.points = points;
  }

  /** Asks PostgreSQL for commit times. If it can't say, the evidence has the reason. */
  async readRows(lookUp: LookUpRows, partitions: number): Promise<void> {
    const batches = this.#windows.flatMap((window) => this.#last.of(window));
    this.#evidence.rows = await readRowTimes(lookUp, partitions, batches).catch((error: Error) => error.message);
  }

  get evidence(): StoringEvidence {
    return this.#evidence;
  }

  /** One for each fault. */
  stakes(): Stake[] {
    return this.#faults.map((fault) => {
      const window = this.#windows.find((each) => each.fault === fault);
      if (window === undefined) return { fault, ...NEITHER };
      return stakeOf(fault, (path) =>
        path === "acknowledgement"
          ? this.#acknowledgement.of(window)
          : storingLoad(window, this.#last.of(window), this.#acks.isAround(window), this.#evidence),
      );
    });
  }
}

/** @returns why nobody can say when something was stored; undefined: there is evidence. */
export function storingUnknown({ points, rows }: StoringEvidence): string | undefined {
  if (typeof rows !== "string" || points.length > 0) return undefined;
  return `nobody can say when rows were stored: no sample has next_offset, and PostgreSQL has no commit times: ${rows}`;
}
