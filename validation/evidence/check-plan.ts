import { isDeepStrictEqual } from "node:util";
import type { JournalOpen, JournalRecord } from "../../contract/journal.ts";
import type { Plan, PlannedFault } from "../../contract/plan.ts";
import { RUN_FILES } from "../../contract/run.ts";

/** A fault may seem to come so much before its time, because the engine's clock was corrected meanwhile. */
const CLOCK_SLACK_MS = 2000;

type FaultLine = Extract<JournalRecord, { id: number }>;

/** One engine's lines. */
type Session = {
  open: JournalOpen;
  /** What the engine added to the ids of its plan. */
  firstId: number;
  lines: FaultLine[];
};

/**
 * Holds `plan.json` against the journal. Each `chaos` of a run replaces that file, so it is the plan of the last engine; an engine that died
 * before it could write the file has no line of any fault.
 * @returns sentences; without a plan file, only those about times.
 */
export function planProblems(
  file: { plan: Plan; sha256: string } | undefined,
  journal: readonly JournalRecord[],
): string[] {
  const sessions = sessionsOf(journal);
  const problems = sessions.flatMap(earlyFaults);
  if (file === undefined) return problems;
  const { plan, sha256 } = file;
  const lastStruck = sessions.findLastIndex(({ lines }) => lines.length > 0);
  const session = sessions.slice(Math.max(0, lastStruck)).find(({ open }) => open.plan_sha256 === sha256);
  if (session === undefined)
    return [
      ...problems,
      `${RUN_FILES.plan} is not the plan of the fault journal's last engine: its SHA-256 is ${sha256}`,
    ];
  return [...problems, ...[...headProblems(session, plan), ...faultProblems(session, plan)].map(of)];
}

function of(problem: string): string {
  return `the fault journal contradicts ${RUN_FILES.plan}: ${problem}`;
}

function sessionsOf(journal: readonly JournalRecord[]): Session[] {
  const sessions: Session[] = [];
  let nextId = 0;
  for (const record of journal) {
    if (record.t === "open") sessions.push({ open: record, firstId: nextId, lines: [] });
    if (!("id" in record)) continue;
    nextId = Math.max(nextId, record.id + 1);
    sessions.at(-1)?.lines.push(record);
  }
  return sessions;
}

function headProblems({ open }: Session, plan: Plan): string[] {
  return [
    ...(open.seed === plan.seed ? [] : [`seed ${open.seed}, in the plan ${plan.seed}`]),
    ...(open.faults === plan.faults.length ? [] : [`${open.faults} faults, in the plan ${plan.faults.length}`]),
  ];
}

function faultProblems({ firstId, lines }: Session, plan: Plan): string[] {
  const byId = new Map(plan.faults.map((fault) => [fault.id, fault]));
  const begun = new Set(lines.filter(({ t }) => t === "planned").map(({ id }) => id));
  return lines.flatMap((line) => {
    if (line.t === "planned") {
      const fault = byId.get(line.fault.id);
      if (!isDeepStrictEqual(fault, line.fault)) return [`fault ${line.id} is not fault ${line.fault.id} of the plan`];
      const node = namedNode(line.fault);
      return node === undefined || node === line.node ? [] : [`fault ${line.id} struck ${line.node}, not ${node}`];
    }
    return begun.has(line.id) || byId.has(line.id - firstId) ? [] : [`fault ${line.id} is not in the plan`];
  });
}

/** Undefined for a role: only the run knows who had it. */
function namedNode({ target }: PlannedFault): string | undefined {
  if ("node" in target) return target.node;
  return "executor_of" in target ? target.executor_of : undefined;
}

function earlyFaults({ open, lines }: Session): string[] {
  return lines.flatMap((line) => {
    if (line.t !== "planned") return [];
    const earlyMs = open.at_ms + line.fault.at_ms - line.at_ms;
    return earlyMs <= CLOCK_SLACK_MS
      ? []
      : [`the fault journal has fault ${line.id} ${earlyMs} ms before its plan's time`];
  });
}
