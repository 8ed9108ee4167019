import type { EventPlace } from "../../contract/event.ts";
import type { Pipeline } from "../../contract/pipeline.ts";
import type { RandomStream } from "../../contract/random.ts";
import type { AnomalyKind } from "../../contract/verdict.ts";
import type { RunBytes } from "./run-bytes.ts";

/** What the canary damages besides the kinds of anomaly: damage of the ledger makes the verdict UNKNOWN. */
export type PlantKind = AnomalyKind | "ledger-damage" | "journal-damage" | "witness-damage";

/** `place`: the event at which the anomaly must be found; undefined: only its count must rise. */
export type Spoilt = { bytes: RunBytes; place?: EventPlace };

/** Damage of the fault journal, which is read alone. */
export type JournalPlant = {
  kind: "journal-damage";
  name: string;
  spoil: (journal: Buffer, random: RandomStream) => Buffer | undefined;
};

export type Plant = {
  kind: PlantKind;
  /** What is done, as a phrase: "a row is taken away". */
  name: string;
  /** Damages a copy of the bytes at a random place. @returns undefined if this run has no place for it. */
  spoil: (bytes: RunBytes, random: RandomStream, pipeline: Pipeline) => Spoilt | undefined;
};
