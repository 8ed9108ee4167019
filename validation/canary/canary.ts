import type { EventPlace } from "../../contract/event.ts";
import type { Pipeline } from "../../contract/pipeline.ts";
import type { RunSettings } from "../histories/histories.ts";
import { RandomStream } from "../../contract/random.ts";
import type { Anomaly } from "../../contract/verdict.ts";
import { findAnomalies } from "../checks/find-anomalies.ts";
import { LOG_PLANTS } from "./log-plants.ts";
import { JOURNAL_PLANTS } from "./journal-plants.ts";
import type { Plant, PlantKind, Spoilt } from "./plant.ts";
import type { RunBytes } from "./run-bytes.ts";
import { readRunBytes } from "./run-bytes.ts";
import { REPLICA_PLANTS } from "./replica-plants.ts";
import { TABLE_PLANTS } from "./table-plants.ts";
import type { WitnessCanary } from "./witness-canary.ts";
import { WITNESS_PLANTS } from "./witness-plants.ts";

/** `kinds`: how many kinds were planted; `untested`: the kinds for which this run has no place; `missed`: plants that were not found. */
export type CanaryResult = { planted: number; found: number; kinds: number; untested: PlantKind[]; missed: string[] };

/** A run, or the beginning of one. `topic`: as it stands in the tables. `events`: how many it has. */
export type SmallRun = { pipeline: Pipeline; settings: RunSettings; topic: string; bytes: RunBytes; events: number };

export const PLANTS: readonly Plant[] = [...TABLE_PLANTS, ...LOG_PLANTS];
/** How often each plant is tried, at another place each time: as often as so many readings of an event allow, at least once. */
const MOST_TIMES = 3;
const MOST_READINGS = 600_000;
/** A random place may not fit (an empty text, a batch that was not acknowledged): so many others are tried. */
const TRIES = 12;

/**
 * Damages real bytes of a run at random, one damage at a time, reads them through the same readers and checks as the run itself, and counts
 * whether each damage is found: under its name, and at its place.
 * @param seed of the damage. @param witness undefined: nobody watched the run, so nothing is planted there.
 */
export function runCanary(
  { pipeline, settings, topic, bytes, events }: SmallRun,
  journal: { bytes: Buffer; problems: (bytes: Buffer) => number },
  seed: number,
  witness?: WitnessCanary,
): CanaryResult {
  const tally = new Tally();
  const check = (spoilt: RunBytes) => readAndCheck({ pipeline, settings, topic, bytes: spoilt });
  const before = check(bytes);
  const times = Math.max(1, Math.min(MOST_TIMES, Math.floor(MOST_READINGS / (events * PLANTS.length))));
  plantAll(PLANTS, times, seed, tally, (plant, random) => {
    const spoilt = plant.spoil(bytes, random, pipeline);
    return spoilt && isFound(plant.kind, spoilt, before, check(spoilt.bytes));
  });
  const problems = journal.problems(journal.bytes);
  plantAll(JOURNAL_PLANTS, MOST_TIMES, seed, tally, (plant, random) => {
    const spoilt = plant.spoil(journal.bytes, random);
    return spoilt && journal.problems(spoilt) > problems;
  });
  plantAll(REPLICA_PLANTS, MOST_TIMES, seed, tally, (plant, random) => plant.isFound(bytes, random));
  if (witness === undefined) return tally.result;
  const seen = witness.find(witness.bytes);
  plantAll(WITNESS_PLANTS, MOST_TIMES, seed, tally, (plant, random) => {
    const spoilt = plant.spoil(witness.bytes, random, witness.places);
    if (spoilt === undefined) return undefined;
    const found = witness.find(spoilt);
    if (plant.kind === "witness-damage") return found.problems > seen.problems;
    const [old, now] = [seen, found].map(({ anomalies }) => anomalies.find(({ kind }) => kind === plant.kind));
    return isMore(now, old);
  });
  return tally.result;
}

/** @param isFoundAt plants once; undefined: this random place does not fit. */
function plantAll<T extends { kind: PlantKind; name: string }>(
  plants: readonly T[],
  times: number,
  seed: number,
  tally: Tally,
  isFoundAt: (plant: T, random: RandomStream) => boolean | undefined,
): void {
  for (const [index, plant] of plants.entries())
    for (let time = 0; time < times; time++) {
      const random = new RandomStream(seed, index, time);
      tally.add(
        plant,
        firstFit(TRIES, () => isFoundAt(plant, random)),
      );
    }
}

class Tally {
  readonly #all = new Set<PlantKind>();
  readonly #planted = new Set<PlantKind>();
  readonly #missed = new Set<string>();
  #count = 0;
  #found = 0;

  add({ kind, name }: { kind: PlantKind; name: string }, isFoundThere: boolean | undefined): void {
    this.#all.add(kind);
    if (isFoundThere === undefined) return;
    this.#planted.add(kind);
    this.#count += 1;
    if (isFoundThere) this.#found += 1;
    else this.#missed.add(`${kind} (${name})`);
  }

  get result(): CanaryResult {
    return {
      planted: this.#count,
      found: this.#found,
      kinds: this.#planted.size,
      untested: [...this.#all].filter((kind) => !this.#planted.has(kind)),
      missed: [...this.#missed],
    };
  }
}

type Seen = { anomalies: Anomaly[]; ledgerProblems: number };

function readAndCheck({ pipeline, settings, topic, bytes }: Omit<SmallRun, "events">): Seen {
  const { histories, ledgerProblems } = readRunBytes(pipeline, settings, topic, bytes);
  return { anomalies: findAnomalies(histories), ledgerProblems: ledgerProblems.length };
}

/** @returns undefined: the damage struck what was found before, so this place tells nothing. */
function isFound(kind: PlantKind, { place }: Spoilt, before: Seen, after: Seen): boolean | undefined {
  if (kind === "ledger-damage") return after.ledgerProblems > before.ledgerProblems;
  const [old, now] = [before, after].map(({ anomalies }) => anomalies.find((anomaly) => anomaly.kind === kind));
  const isThere = isMore(now, old);
  // Where there was an anomaly before, the list of places may be full.
  if (isThere !== true || place === undefined || old !== undefined) return isThere;
  return now?.ranges.some((range) => isWithin(range, place)) === true;
}

/** Whether an anomaly is there that was not there before. In a run that has some of its kind already, damage may strike one of these: undefined. */
function isMore(now: Anomaly | undefined, old: Anomaly | undefined): boolean | undefined {
  if ((now?.count ?? 0) > (old?.count ?? 0)) return true;
  return old === undefined ? false : undefined;
}

function isWithin(range: string, { partition, sequence }: EventPlace): boolean {
  const match = /^p(\d+) #(\d+)(?:-(\d+))?/.exec(range);
  if (match === null || Number(match[1]) !== partition) return false;
  const first = Number(match[2]);
  return sequence >= first && sequence <= Number(match[3] ?? first);
}

function firstFit<T>(tries: number, attempt: () => T | undefined): T | undefined {
  for (let index = 0; index < tries; index++) {
    const result = attempt();
    if (result !== undefined) return result;
  }
  return undefined;
}
