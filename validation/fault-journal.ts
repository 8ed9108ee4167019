import { readFile } from "node:fs/promises";
import { decodeJournal } from "../contract/journal.ts";
import type { NodeKind } from "../contract/node.ts";

export type FaultSummary = {
  /** Faults whose effect probe saw that they bit. */
  effective: number;
  /** Kinds of nodes that an effective fault hit. */
  hit: ReadonlySet<NodeKind>;
  /** Faults that were begun and have neither `healed` nor `failed`: what is read now may be wrong because of them. */
  unhealed: string[];
  problems: string[];
};

/** Reads the fault journal. No file: no faults. A torn last line counts as never written, a damaged one is a problem. */
export async function readFaultJournal(file: string | undefined): Promise<FaultSummary> {
  const text =
    file === undefined ? "" : await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? "" : Promise.reject(error)));
  const planned = new Map<number, { node: string; kind: NodeKind; fault: string }>();
  const ended = new Set<number>();
  const effective = new Set<number>();
  const problems: string[] = [];
  for (const [index, line] of text.split("\n").slice(0, -1).entries()) {
    const record = decodeJournal(line);
    if (record === undefined) problems.push(`FL_JOURNAL_DAMAGED: fault journal line ${index + 1} is damaged`);
    else if (record.t === "planned") planned.set(record.id, { node: record.node, kind: record.node_kind, fault: record.fault.kind });
    else if (record.t === "active" && record.effective) effective.add(record.id);
    else if (record.t === "healed" || record.t === "failed") ended.add(record.id);
  }
  const hit = new Set([...effective].flatMap((id) => planned.get(id)?.kind ?? []));
  const unhealed = [...planned].filter(([id]) => !ended.has(id)).map(([id, { node, fault }]) => `fault ${id} (${fault} of ${node})`);
  return { effective: effective.size, hit, unhealed, problems };
}
