import { z } from "zod";
import { LogReader } from "./log-line.ts";
import { lifeSchema, NODE_KINDS } from "./node.ts";
import { FAULT_KINDS, plannedFaultSchema } from "./plan.ts";

/**
 * The fault journal, NDJSON with CRC like the ledger. `planned` (with the undo) is on disk before anything is done;
 * the next `heal` undoes a fault without `healed`, no matter which process runs it. What the lines say together: fault-history.ts.
 */
export const JOURNAL_VERSION = 4;

const at = { at_ms: z.int() };
const id = z.int().nonnegative();
const count = z.int().nonnegative();

const processIdentity = z.strictObject({ pid: z.int(), start_ticks: z.int(), boot_id: z.string() });

/**
 * How to take a fault back, complete by itself. Whatever of the node (or of the struck life) is stopped goes on, always;
 * `release` and `lift` are the tags of a hold and of a condition. `life`: what was struck; absent for a condition.
 */
const undo = z.strictObject({
  node: z.string(),
  life: lifeSchema.optional(),
  release: z.string().optional(),
  lift: z.string().optional(),
});
export type Undo = z.infer<typeof undo>;

/** An engine begins: of which run, with which plan, and how many faults that plan has. */
const open = z.strictObject({
  t: z.literal("open"),
  version: z.literal(JOURNAL_VERSION),
  /** As in `run.json` and in the ledger. */
  run: z.int(),
  seed: z.int(),
  /** Of the bytes of `plan.json`, hex. */
  plan_sha256: z.string(),
  faults: count,
  process: processIdentity,
  ...at,
});

/** Ids are unique in a journal, also when it has several plans. */
const planned = z.strictObject({
  t: z.literal("planned"),
  id,
  fault: plannedFaultSchema,
  node: z.string(),
  node_kind: z.enum(NODE_KINDS),
  /** Of a driver beside another one: what it was just before the injection. A kill of the standby costs nothing. */
  role: z.enum(["active", "standby"]).optional(),
  undo,
  ...at,
});

/** The effect probe's answer. Only a fault with `effective: true` counts. `proof` says what was seen, as one sentence. */
const active = z.strictObject({
  t: z.literal("active"),
  id,
  kind: z.enum(FAULT_KINDS),
  node: z.string(),
  effective: z.boolean(),
  proof: z.string(),
  ...at,
});

/** The undo was done and verified. `by`: the engine, the watchdog that outlived it, or a later `heal`. */
const healed = z.strictObject({
  t: z.literal("healed"),
  id,
  by: z.enum(["engine", "watchdog", "heal"]),
  proof: z.string(),
  ...at,
});

/** The fault could not be injected (target gone, role unheld): nothing was done, or what was done is healed. */
const failed = z.strictObject({ t: z.literal("failed"), id, why: z.string(), ...at });

/** The node answers its protocol again (see Inventory.ready). */
const recovered = z.strictObject({ t: z.literal("recovered"), id, node: z.string(), ...at });

/**
 * All faults of the plan are over. The engine writes it; for an engine that died, whoever healed. With the totals since `open`: lines of
 * each kind, `effective` for `active` lines with an effect, and the time since `open`.
 */
const close = z.strictObject({
  t: z.literal("close"),
  planned: count,
  effective: count,
  healed: count,
  failed: count,
  recovered: count,
  duration_ms: z.int(),
  ...at,
});
export type JournalOpen = z.infer<typeof open>;
export type JournalClose = z.infer<typeof close>;

const record = z.discriminatedUnion("t", [open, planned, active, healed, failed, recovered, close]);
export type JournalRecord = z.infer<typeof record>;

/** @returns a reader of one journal's lines. */
export function journalReader(): LogReader<JournalRecord> {
  return new LogReader(JOURNAL_VERSION, (value) => record.safeParse(value).data);
}
