import type { WitnessScope } from "../../contract/witness-grammar.ts";
import type { Anomaly } from "../../contract/verdict.ts";
import { WITNESS_CHECKS } from "../checks/witness.ts";
import { offsetBehind } from "../checks/witness-rows.ts";
import type { Histories } from "../histories/histories.ts";
import { WitnessLines } from "../witness/witness-file.ts";
import { rangeKey } from "../witness/witness-seen.ts";
import { linesOf } from "./lines.ts";
import type { WitnessPlaces } from "./witness-plants.ts";

/** The first lines of a run's witness, and how they are held against the end that was read. */
export class WitnessCanary {
  readonly bytes: Buffer;
  readonly places: WitnessPlaces;
  readonly #histories: Histories;
  readonly #scope: WitnessScope;

  constructor(bytes: Buffer, histories: Histories, scope: WitnessScope) {
    this.bytes = bytes;
    this.#histories = histories;
    this.#scope = scope;
    const { partitions, witness } = histories;
    this.places = {
      isSound: (line) => {
        const key = rangeKey(line.partition, line);
        if (line.t === "rows") {
          const end = witness?.end.rows.get(key);
          const changes = witness?.lanes[line.partition]?.rows.get(key)?.changes ?? [];
          return changes.every(({ rows, digest }) => rows === end?.rows && digest === end.digest);
        }
        const log = partitions[line.partition]?.log;
        const end = witness?.end.log.get(key);
        const isSame = end?.digest === line.digest && end.records === line.records;
        return isSame && log !== undefined && line.from >= log.start && line.to <= log.end;
      },
      isDue: ({ partition, from, to }) => {
        const history = partitions[partition];
        return history !== undefined && offsetBehind(history, { from, to }) !== undefined;
      },
    };
  }

  /** Reads lines through the same reader and checks as those of the run. */
  find(bytes: Buffer): { anomalies: Anomaly[]; problems: number } {
    const { partitions, witness } = this.#histories;
    const lines = new WitnessLines({ ...this.#scope, partitions: partitions.length });
    for (const line of linesOf(bytes)) lines.add(line);
    if (witness !== undefined) Object.assign(lines.seen.end, witness.end);
    this.#histories.witness = lines.seen;
    try {
      const anomalies = WITNESS_CHECKS.flatMap((check) => check.find(this.#histories));
      return { anomalies, problems: lines.problems.length };
    } finally {
      this.#histories.witness = witness;
    }
  }
}
