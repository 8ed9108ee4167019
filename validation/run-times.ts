import type { FaultHistory } from "../contract/fault-history.ts";
import type { LedgerRecord } from "../contract/ledger.ts";
import type { Pipeline } from "../contract/pipeline.ts";
import type { ProducerStatus } from "../contract/run.ts";
import type { Slo } from "../contract/slo.ts";
import type { FaultsOfKind, SloResult } from "../contract/verdict.ts";
import { hollowReasons, idleFaultReasons } from "./load/hollow-run.ts";
import { readSamplePoints } from "./load/offset-points.ts";
import { readProducerStatus } from "./load/producer-status.ts";
import { RunLoad, storingUnknown } from "./load/run-load.ts";
import { faultsOfKinds } from "./load/stake.ts";
import type { LookUpRows } from "./read/commit-times.ts";
import type { RunFiles } from "./read/run-files.ts";
import { boundsOf } from "./slo/bounds.ts";
import { sloResults } from "./slo/slo-results.ts";
import { SloWatch } from "./slo/slo-watch.ts";
import { MIN_ACKNOWLEDGED } from "./waived.ts";

/** `rows`: undefined if PostgreSQL could not be read. */
type Counts = { rows: number | undefined; attempted: number; acknowledged: number };

/** What the times of a run say. `hollow`, `breaches`, `unknown`: reasons for VACUOUS, SLO_BREACH and UNKNOWN, as sentences. */
type TimesVerdict = {
  slo: SloResult[];
  hollow: string[];
  breaches: string[];
  unknown: string[];
};

/**
 * When things happened in a run: what each fault put at stake, and the bounds. First `add` the ledger's lines, then `readFiles`, then `readRows`
 * if PostgreSQL can be read, then `judge`.
 */
export class RunTimes {
  readonly #faults: readonly FaultHistory[];
  readonly #pipeline: Pipeline;
  readonly #slo: Slo;
  readonly #load: RunLoad;
  readonly #watch: SloWatch;
  #status: ProducerStatus | undefined;

  /** @param faults those that had an effect. @param bounds win over those of the pipeline file. */
  constructor(faults: readonly FaultHistory[], pipeline: Pipeline, bounds: Slo | undefined) {
    this.#faults = faults;
    this.#pipeline = pipeline;
    this.#slo = boundsOf(pipeline.slo, bounds);
    this.#load = new RunLoad(faults);
    this.#watch = new SloWatch(this.#slo, faults);
  }

  /** Takes the ledger's lines in their order. */
  add(record: LedgerRecord): void {
    this.#load.add(record);
    this.#watch.add(record);
  }

  /** Call this after the last line of the ledger. */
  async readFiles({ samples, status }: RunFiles): Promise<void> {
    this.#load.ledgerEnded();
    this.#load.sawOffsets(await readSamplePoints(samples));
    this.#status = await readProducerStatus(status);
  }

  /** Asks for commit times. What can't be read is a reason in the verdict, not an error. */
  async readRows(lookUp: LookUpRows): Promise<void> {
    await this.#load.readRows(lookUp, this.#pipeline.partitions);
    await this.#watch.readRows(lookUp);
  }

  /** Why nobody can say when something was stored; undefined: it is known. */
  get noStoring(): string | undefined {
    return storingUnknown(this.#load.evidence);
  }

  /** By kind of node. */
  get faults(): FaultsOfKind[] {
    return faultsOfKinds(this.#load.stakes());
  }

  judge(counts: Counts, options: { allowNoFaults: boolean; minAcknowledged?: number }): TimesVerdict {
    const { allowNoFaults, minAcknowledged = MIN_ACKNOWLEDGED } = options;
    const { results, breaches, unknown } = sloResults(this.#slo, this.#watch.measures(this.#status));
    const hollow = [
      ...(allowNoFaults ? [] : idleFaultReasons(this.faults, this.noStoring)),
      ...hollowReasons({
        ...counts,
        minAcknowledged,
        status: this.#status,
        faults: allowNoFaults ? [] : this.#faults,
        evidence: this.#load.evidence,
      }),
    ];
    return { slo: results, hollow, breaches, unknown };
  }
}
