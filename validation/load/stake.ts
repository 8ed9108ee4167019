import { NODE_KINDS } from "../../contract/node.ts";
import type { FaultsOfKind } from "../../contract/verdict.ts";
import type { FaultHistory } from "../../contract/fault-history.ts";
import { type Path, PATHS_OF, type PathLoad } from "./fault-window.ts";

/** What one fault put at stake. `isRecovered`: a path that was under load worked again after the undo. */
export type Stake = { fault: FaultHistory; isUnderLoad: boolean; isRecovered: boolean };

/** Puts the paths together that the fault's node serves: one of them at work is enough, if the same one worked again. */
export function stakeOf(fault: FaultHistory, load: (path: Path) => PathLoad): Stake {
  const struck = PATHS_OF[fault.nodeKind].map(load).filter(({ isUnderLoad }) => isUnderLoad);
  return { fault, isUnderLoad: struck.length > 0, isRecovered: struck.some(({ isRecovered }) => isRecovered) };
}

/** @returns one line per kind of node that was struck, in the order of NODE_KINDS. */
export function faultsOfKinds(stakes: readonly Stake[]): FaultsOfKind[] {
  const byKind = Map.groupBy(stakes, ({ fault }) => fault.nodeKind);
  return NODE_KINDS.flatMap((kind) => {
    const found = byKind.get(kind);
    if (found === undefined) return [];
    return {
      node_kind: kind,
      struck: found.length,
      under_load: found.filter(({ isUnderLoad }) => isUnderLoad).length,
      recovered: found.filter(({ isRecovered }) => isRecovered).length,
    };
  });
}

const AT_WORK: Record<Path, string> = {
  acknowledgement: "a batch was unsettled",
  storing: "records were not yet stored",
};

/**
 * @param noStoring why nobody knows when something was stored; undefined: it is known.
 * @returns what is missing for a kind of which no fault counts: "postgres: struck 2, none while records were not yet stored".
 */
export function missingText(line: FaultsOfKind, noStoring: string | undefined): string {
  const paths = PATHS_OF[line.node_kind];
  if (paths.length === 0) return `${line.node_kind}: struck ${line.struck}, but no event goes through it`;
  const unknown = paths.includes("storing") && noStoring !== undefined ? ` (${noStoring})` : "";
  if (line.under_load === 0)
    return `${line.node_kind}: struck ${line.struck}, none while ${paths.map((path) => AT_WORK[path]).join(" or ")}${unknown}`;
  return `${line.node_kind}: struck ${line.struck}, under load ${line.under_load}, but ${AFTER[paths.at(-1) as Path]} after the undo${unknown}`;
}

const AFTER: Record<Path, string> = {
  acknowledgement: "no acknowledgement came",
  storing: "nothing was stored",
};
