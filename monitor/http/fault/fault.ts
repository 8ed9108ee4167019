import { stat } from "node:fs/promises";
import { join } from "node:path";
import { journalReader, type JournalRecord } from "../../../contract/journal.ts";
import { RUN_FILES } from "../../../contract/run.ts";
import { LineTail } from "../../../machine/line-tail.ts";
import type { FaultEvidence, LogExcerpt } from "../../../report/page/fault-evidence.ts";
import { gapsOf } from "./fault-gaps.ts";
import { logBetween } from "./node-log.ts";
import { replayOf } from "./replay.ts";
import type { Route } from "../route.ts";
import { sendJson } from "../send.ts";

/** Before and after a moment of the fault, of the node's log. */
const AROUND_MS = 2_000;
const MOST_LINES = 64;

/** `/fault/N`: the evidence of one fault as JSON. */
export function faultRoute(directory: string): Route {
  return {
    path: "/fault/",
    handle: async (request, response, url) => {
      const [, id] = /^\/fault\/(\d{1,9})$/.exec(url.pathname) ?? [];
      const evidence = id === undefined ? undefined : await faultEvidence(directory, Number(id));
      if (evidence === undefined) sendJson(request, response, { error: "the journal has no such fault" }, 404);
      else sendJson(request, response, evidence);
    },
  };
}

/** @returns undefined: the journal has no such fault. @throws the errors of reading a file */
export async function faultEvidence(directory: string, id: number): Promise<FaultEvidence | undefined> {
  const { lines, records } = await journalOf(join(directory, RUN_FILES.journal), id);
  const planned = records.find((record) => record.t === "planned");
  if (planned === undefined) return undefined;
  return {
    id,
    journal: lines,
    records,
    undo: planned.undo,
    gaps: await gapsOf(directory, id),
    log: await logOf(directory, planned.node, records),
    replay: replayOf(planned),
  };
}

async function journalOf(path: string, id: number): Promise<{ lines: string[]; records: JournalRecord[] }> {
  const lines: string[] = [];
  const records: JournalRecord[] = [];
  const reader = journalReader();
  await new LineTail(path).read((line) => {
    const record = reader.read(line);
    if (typeof record === "string" || !("id" in record) || record.id !== id || lines.length === MOST_LINES) return;
    lines.push(line);
    records.push(record);
  });
  return { lines, records };
}

/** Around the injection, and around the undo if that is later. */
async function logOf(
  directory: string,
  node: string,
  records: readonly JournalRecord[],
): Promise<LogExcerpt[] | { problem: string }> {
  // The name comes from a file: it must not lead out of the directory.
  if (!/^[a-z0-9][a-z0-9-]*$/.test(node)) return { problem: "the node's name is no name of a log" };
  const name = `${node}.log`;
  const path = join(directory, RUN_FILES.logs, name);
  const at = (...kinds: JournalRecord["t"][]): number[] =>
    records.filter(({ t }) => kinds.includes(t)).map(({ at_ms }) => at_ms);
  const spans = [at("planned", "active"), at("healed", "recovered")]
    .filter((times) => times.length > 0)
    .map((times): [number, number] => [Math.min(...times) - AROUND_MS, Math.max(...times) + AROUND_MS]);
  const [first, second] = spans;
  const merged =
    first !== undefined && second !== undefined && second[0] <= first[1] ? [[first[0], second[1]] as const] : spans;
  try {
    await stat(path);
    return await Promise.all(merged.map(([fromMs, toMs]) => logBetween(path, name, fromMs, toMs)));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { problem: code === "ENOENT" ? `the run directory has no ${RUN_FILES.logs}/${name}` : `${name}: ${code}` };
  }
}
