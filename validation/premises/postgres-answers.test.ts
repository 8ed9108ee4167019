import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parsePipeline } from "../../contract/pipeline.ts";
import type { Premise } from "../../contract/verdict.ts";
import { catalogOf } from "../fixture/catalog.ts";
import { DEAD_LETTERS, relationsOf } from "../sinks/relations.ts";
import type { PostgresReader } from "../sinks/postgres.ts";
import { postgresPremises } from "./postgres-premises.ts";
import { SETTING_NAMES } from "./postgres-settings.ts";

const pipeline = parsePipeline(
  readFileSync(new URL("../../pipelines/payments.yaml", import.meta.url), "utf8"),
  "payments.yaml",
);
const relations = relationsOf(pipeline);
const TABLES = relations.map(({ name }) => name);

/** What Faultline's own tables do not have. */
const MORE = {
  rules: ["r"],
  partitions: [{ name: "part", kind: "r", persistence: "u" }],
  triggers: [{ name: "t", table: "part", enabled: "O", runs: "public.f" }],
  constraints: [{ name: "small", type: "c", definition: "CHECK (false)" }],
};

/** A part of the catalog, by a name that only the query for it has; with the values that it must be asked for. */
const PARTS = {
  pg_locks: { values: [TABLES], rows: [{ pid: 7, application: "psql", tables: ["payments"] }] },
  pg_is_in_recovery: {
    values: undefined,
    rows: [{ version: "18.1", in_recovery: true, started: "2026", database: "d", snapshot: "1:1:" }],
  },
  pg_control_system: { values: undefined, rows: [{ system_identifier: "7", timeline: "3" }] },
  pg_db_role_setting: {
    values: undefined,
    rows: [{ role: "writer", database: "", settings: ["synchronous_commit=off"] }],
  },
  pg_settings: { values: [SETTING_NAMES], rows: SETTING_NAMES.map((name) => ({ name, value: "on" })) },
  pg_attribute: { values: [TABLES], rows: relations.map((of) => ({ ...catalogOf(of), ...MORE })) },
  pg_stat_get_tuples_updated: {
    values: [[pipeline.table, DEAD_LETTERS.name]],
    rows: [{ name: "payments", updated: 2, deleted: 1 }],
  },
  pg_replication_slots: {
    values: [TABLES],
    rows: [{ prepared: [], subscriptions: ["s"], publications: [], slots: ["slot"], event_triggers: [] }],
  },
};

/** The premises of a PostgreSQL that answers so, but refuses to tell one part. */
async function premises(refused?: string): Promise<{ found: Premise[]; asked: string[] }> {
  const asked: string[] = [];
  const postgres = {
    tryQuery: async (read: () => Promise<unknown>) =>
      read().then(
        (value) => ({ value }),
        (error: Error) => ({ problem: error.message }),
      ),
    query: async (text: string, values?: unknown[]) => {
      const parts = Object.entries(PARTS).filter(([name]) => new RegExp(`\\b${name}\\b`).test(text));
      expect(parts).toHaveLength(1);
      const [name, part] = parts[0]!;
      asked.push(name);
      expect(values, name).toEqual(part.values);
      if (name === refused) throw new Error("permission denied");
      return part.rows;
    },
  };
  const live = {
    brokers: [],
    topic: "",
    postgres: async () => postgres as unknown as PostgresReader,
    ranges: async () => [],
  };
  const found = await postgresPremises(async (question) => question.schema.parse(await question.ask(live)), pipeline);
  return { found, asked };
}
const texts = (found: Premise[]) => found.map(({ verdict, name, value }) => `${verdict}: ${name} is ${value}`);

test("every part of the catalog is judged", async () => {
  const { found } = await premises();
  expect(texts(found)).toEqual(
    expect.arrayContaining([
      "unknown: postgres.open_transactions is session 7 (psql) on payments",
      "unknown: postgres.is_in_recovery is true",
      "recorded: postgres.timeline is 3",
      "unknown: postgres.synchronous_commit is on; off for role writer",
      "recorded: postgres.role_settings is role writer: synchronous_commit=off",
      "recorded: postgres.wal_level is on",
      "unknown: postgres.payments.rules is r",
      "unknown: postgres.payments.persistence is permanent, but not its partitions part",
      "unknown: postgres.payments.triggers is t on part (public.f)",
      "not-proved: postgres.payments.constraints is small CHECK (false)",
      "unknown: postgres.payments_per_account_total.rules is r",
      "unknown: postgres.payments.changes is 2 updates, 1 deletions",
      "unknown: postgres.subscriptions is s",
      "recorded: postgres.replication_slots is slot",
    ]),
  );
});

test("sessions that write are asked for first: what they commit a moment later is not in the snapshot", async () => {
  expect((await premises()).asked[0]).toBe("pg_locks");
});

test.each([
  ["pg_locks", "unknown: postgres.open_transactions"],
  ["pg_is_in_recovery", "unknown: postgres.server"],
  ["pg_control_system", "recorded: postgres.system_identifier"],
  ["pg_db_role_setting", "unknown: postgres.settings"],
  ["pg_settings", "unknown: postgres.settings"],
  ["pg_attribute", "unknown: postgres.tables"],
  ["pg_stat_get_tuples_updated", "recorded: postgres.changes"],
  ["pg_replication_slots", "recorded: postgres.replication"],
])("if %s can't be read: %s", async (part, expected) => {
  const { found } = await premises(part);
  expect(texts(found)).toContain(`${expected} is not readable (permission denied)`);
  // The other parts are judged all the same.
  expect(new Set(found.map(({ name }) => name.split(".")[1]))).toContain(
    part === "pg_locks" ? "is_in_recovery" : "open_transactions",
  );
});

test("a row of another form than was asked for is refused", async () => {
  const odd = { ...PARTS.pg_locks.rows[0]!, more: 1 };
  PARTS.pg_locks.rows.push(odd);
  try {
    await expect(premises()).rejects.toThrow("more");
  } finally {
    PARTS.pg_locks.rows.pop();
  }
});
