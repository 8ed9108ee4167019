import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parsePipeline } from "../../contract/pipeline.ts";
import type { Premise } from "../../contract/verdict.ts";
import { renderSchema } from "../../db/ddl.ts";
import { TestServer } from "../fixture/postgres.ts";
import { PostgresReader } from "../sinks/postgres.ts";
import { postgresPremises } from "./postgres-premises.ts";
import { premiseSentence } from "./premise.ts";

const pipeline = parsePipeline(
  readFileSync(new URL("../../pipelines/payments.yaml", import.meta.url), "utf8"),
  "payments",
);
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
  await server.sql(renderSchema(pipeline));
}, 60_000);
afterAll(() => server.remove());

async function read(user = server.login.user): Promise<Premise[]> {
  const reader = await PostgresReader.connect({ ...server.login, user });
  try {
    await reader.resolve(pipeline);
    await reader.beginSnapshot();
    const live = { brokers: [], topic: "", postgres: async () => reader, ranges: async () => [] };
    return await postgresPremises(async (question) => question.schema.parse(await question.ask(live)), pipeline);
  } finally {
    await reader.close();
  }
}
const problems = (premises: Premise[]) =>
  premises
    .filter(({ verdict }) => verdict === "unknown" || verdict === "not-proved")
    .map((premise) => `${premise.verdict}: ${premiseSentence(premise)}`);

test("the tables as Faultline makes them hold", async () => {
  const premises = await read();
  expect(problems(premises)).toEqual([]);
  const holding = premises.filter(({ verdict }) => verdict === "holds").map(({ name, value }) => `${name} ${value}`);
  expect(holding).toEqual(
    expect.arrayContaining([
      "postgres.open_transactions none",
      "postgres.is_in_recovery false",
      "postgres.fsync on",
      "postgres.synchronous_commit on",
      "postgres.full_page_writes on",
      "postgres.payments.persistence permanent",
      "postgres.payments.key payments_pkey",
      "postgres.payments_per_minute.key payments_per_minute_pkey",
      "postgres.sink_offsets.columns 14, all compared but holder, cluster_id, topic_id: no run can know them before",
      "postgres.dead_letters.triggers none",
    ]),
  );
  const evidence = new Map(premises.filter(({ why }) => why === "").map(({ name, value }) => [name, value]));
  expect(evidence.get("postgres.system_identifier")).toMatch(/^\d{15,}$/);
  expect(evidence.get("postgres.timeline")).toBe("1");
  expect(evidence.get("postgres.payments_per_minute_total.definition")).toMatch(/^sha256 [0-9a-f]{64}$/);
});

/** SQL that spoils a premise, SQL that restores it, and the beginning of the sentence that names it. */
test.each<[string, string, string, string]>([
  ["fsync", "ALTER SYSTEM SET fsync = off", "ALTER SYSTEM RESET fsync", "unknown: postgres.fsync is off"],
  [
    "synchronous_commit",
    "ALTER SYSTEM SET synchronous_commit = off",
    "ALTER SYSTEM RESET synchronous_commit",
    "unknown: postgres.synchronous_commit is off",
  ],
  [
    "synchronous_commit of another role",
    "CREATE ROLE writer; ALTER ROLE writer SET synchronous_commit = 'false'",
    "DROP ROLE writer",
    "unknown: postgres.synchronous_commit is on; off for role writer",
  ],
  [
    "synchronous_commit of the database",
    "ALTER DATABASE postgres SET synchronous_commit = off",
    "ALTER DATABASE postgres RESET synchronous_commit",
    "unknown: postgres.synchronous_commit is off; off in database postgres",
  ],
  [
    "full_page_writes",
    "ALTER SYSTEM SET full_page_writes = off",
    "ALTER SYSTEM RESET full_page_writes",
    "not-proved: postgres.full_page_writes is off",
  ],
  [
    "an unlogged table",
    "ALTER TABLE payments SET UNLOGGED",
    "ALTER TABLE payments SET LOGGED",
    "unknown: postgres.payments.persistence is unlogged",
  ],
  [
    "an unlogged sink_offsets",
    "ALTER TABLE sink_offsets SET UNLOGGED",
    "ALTER TABLE sink_offsets SET LOGGED",
    "unknown: postgres.sink_offsets.persistence is unlogged",
  ],
  [
    "no primary key",
    "ALTER TABLE payments DROP CONSTRAINT payments_pkey",
    "ALTER TABLE payments ADD PRIMARY KEY (run_id, event_id)",
    "unknown: postgres.payments.key is none: the sink relies on a unique key over (run_id, event_id)",
  ],
  [
    "a partial key",
    'ALTER TABLE dead_letters DROP CONSTRAINT dead_letters_pkey; CREATE UNIQUE INDEX part ON dead_letters (target, topic, partition, "offset") WHERE "offset" < 5',
    'DROP INDEX part; ALTER TABLE dead_letters ADD PRIMARY KEY (target, topic, partition, "offset")',
    "unknown: postgres.dead_letters.key is part, which is partial",
  ],
  [
    "a deferrable key",
    "ALTER TABLE sink_offsets DROP CONSTRAINT sink_offsets_pkey, ADD CONSTRAINT late PRIMARY KEY (target, topic, partition) DEFERRABLE",
    "ALTER TABLE sink_offsets DROP CONSTRAINT late, ADD CONSTRAINT sink_offsets_pkey PRIMARY KEY (target, topic, partition)",
    "unknown: postgres.sink_offsets.key is late, which is deferrable",
  ],
  [
    "an invalid key",
    "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'payments_pkey'::regclass",
    "UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'payments_pkey'::regclass",
    "unknown: postgres.payments.key is payments_pkey, which is not valid",
  ],
  [
    "a key of other columns",
    "ALTER TABLE payments_per_account DROP CONSTRAINT payments_per_account_pkey; CREATE UNIQUE INDEX wider ON payments_per_account (account_id, shard, events)",
    "DROP INDEX wider; ALTER TABLE payments_per_account ADD PRIMARY KEY (account_id, shard)",
    "unknown: postgres.payments_per_account.key is none",
  ],
  [
    "a trigger",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW;END'; CREATE TRIGGER t BEFORE INSERT ON payments FOR EACH ROW EXECUTE FUNCTION f()",
    "DROP TRIGGER t ON payments; DROP FUNCTION f",
    "unknown: postgres.payments.triggers is t (public.f)",
  ],
  [
    "a trigger of replicas",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW;END'; CREATE TRIGGER t BEFORE INSERT ON dead_letters FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE dead_letters ENABLE REPLICA TRIGGER t",
    "DROP TRIGGER t ON dead_letters; DROP FUNCTION f",
    "unknown: postgres.dead_letters.triggers is t (public.f)",
  ],
  [
    "a disabled trigger",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW;END'; CREATE TRIGGER t BEFORE INSERT ON payments FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE payments DISABLE TRIGGER t",
    "DROP TRIGGER t ON payments; DROP FUNCTION f",
    "not-proved: postgres.payments.triggers is t (public.f), disabled",
  ],
  [
    "a rule",
    "CREATE RULE r AS ON DELETE TO payments DO INSTEAD NOTHING",
    "DROP RULE r ON payments",
    "unknown: postgres.payments.rules is r",
  ],
  [
    "a rule on a view",
    "CREATE RULE r AS ON INSERT TO payments_per_minute_total DO INSTEAD NOTHING",
    "DROP RULE r ON payments_per_minute_total",
    "unknown: postgres.payments_per_minute_total.rules is r",
  ],
  [
    "a view with its result as constants",
    "CREATE OR REPLACE VIEW payments_per_account_total AS SELECT 1::bigint AS account_id, 1::bigint AS events, 1::numeric AS amount_cents_total",
    "CREATE OR REPLACE VIEW payments_per_account_total AS SELECT account_id, sum(events)::bigint AS events, sum(amount_cents_total) AS amount_cents_total FROM payments_per_account GROUP BY account_id",
    "unknown: postgres.payments_per_account_total.reads is none: it must return the sums over payments_per_account",
  ],
  [
    "a view that reads another table, too",
    "CREATE OR REPLACE VIEW payments_per_account_total AS SELECT account_id, sum(events)::bigint AS events, sum(amount_cents_total) AS amount_cents_total FROM payments_per_account WHERE NOT EXISTS (SELECT FROM dead_letters WHERE partition < 0) GROUP BY account_id",
    "CREATE OR REPLACE VIEW payments_per_account_total AS SELECT account_id, sum(events)::bigint AS events, sum(amount_cents_total) AS amount_cents_total FROM payments_per_account GROUP BY account_id",
    "unknown: postgres.payments_per_account_total.reads is dead_letters, payments_per_account: ",
  ],
  [
    "another column of a view",
    "CREATE OR REPLACE VIEW payments_per_account_total AS SELECT account_id, sum(events)::bigint AS events, sum(amount_cents_total) AS amount_cents_total, 1 AS more FROM payments_per_account GROUP BY account_id",
    "DROP VIEW payments_per_account_total; CREATE VIEW payments_per_account_total AS SELECT account_id, sum(events)::bigint AS events, sum(amount_cents_total) AS amount_cents_total FROM payments_per_account GROUP BY account_id",
    "unknown: postgres.payments_per_account_total.columns is more: more",
  ],
  [
    "another column",
    "ALTER TABLE payments ADD more integer DEFAULT 7",
    "ALTER TABLE payments DROP more",
    "unknown: postgres.payments.columns is more: more",
  ],
  [
    "another column of sink_offsets",
    "ALTER TABLE sink_offsets ADD note text",
    "ALTER TABLE sink_offsets DROP note",
    "unknown: postgres.sink_offsets.columns is more: note",
  ],
  [
    "a computed column",
    "ALTER TABLE payments DROP currency; ALTER TABLE payments ADD currency text GENERATED ALWAYS AS ('EUR') STORED NOT NULL",
    "ALTER TABLE payments DROP currency; ALTER TABLE payments ADD currency text NOT NULL",
    "unknown: postgres.payments.columns is computed: currency",
  ],
  [
    "nulls allowed",
    "ALTER TABLE payments ALTER currency DROP NOT NULL",
    "ALTER TABLE payments ALTER currency SET NOT NULL",
    "not-proved: postgres.payments.columns.not_null is missing for currency",
  ],
  [
    "a check",
    "ALTER TABLE payments ADD CONSTRAINT small CHECK (amount_cents < 1)",
    "ALTER TABLE payments DROP CONSTRAINT small",
    "not-proved: postgres.payments.constraints is small CHECK",
  ],
  [
    "a foreign key",
    "CREATE TABLE known (id bigint PRIMARY KEY); ALTER TABLE payments ADD CONSTRAINT of FOREIGN KEY (event_id) REFERENCES known ON DELETE CASCADE",
    "ALTER TABLE payments DROP CONSTRAINT of; DROP TABLE known",
    "not-proved: postgres.payments.constraints is of FOREIGN KEY",
  ],
  [
    "another unique index",
    "CREATE UNIQUE INDEX one ON payments (event_id)",
    "DROP INDEX one",
    "not-proved: postgres.payments.constraints is unique one (event_id)",
  ],
  [
    "row security",
    "ALTER TABLE payments ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE payments DISABLE ROW LEVEL SECURITY",
    "not-proved: postgres.payments.row_security is on",
  ],
  [
    "an event trigger",
    "CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER t ON ddl_command_end EXECUTE FUNCTION e()",
    "DROP EVENT TRIGGER t; DROP FUNCTION e",
    "not-proved: postgres.event_triggers is t (ddl_command_end)",
  ],
  [
    "a prepared transaction that has written",
    "BEGIN; INSERT INTO payments_per_account SELECT 1, 99, 1, 1; PREPARE TRANSACTION 'late'",
    "ROLLBACK PREPARED 'late'",
    "unknown: postgres.open_transactions is a prepared transaction on payments_per_account",
  ],
  [
    "a subscription",
    "CREATE SUBSCRIPTION s CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false); INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate) SELECT s.oid, 'payments'::regclass, 'r' FROM pg_subscription s",
    "DELETE FROM pg_subscription_rel; ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s",
    "unknown: postgres.subscriptions is payments (subscription ",
  ],
  [
    "a row that was changed and changed back",
    "INSERT INTO payments (run_id, event_id, account_id, type, amount_cents, currency, created_at, note) VALUES (1, 1, 1, 'sale', 1, 'EUR', now(), ''); UPDATE payments SET amount_cents = 2; UPDATE payments SET amount_cents = 1",
    "TRUNCATE payments; SELECT pg_stat_reset_single_table_counters('payments'::regclass)",
    "unknown: postgres.payments.changes is 2 updates, 0 deletions: ",
  ],
  [
    "a dead letter that was deleted",
    "INSERT INTO dead_letters (target, topic, partition, \"offset\", reason) VALUES ('a', 'b', 1, 1, 'c'); DELETE FROM dead_letters",
    "SELECT pg_stat_reset_single_table_counters('dead_letters'::regclass)",
    "not-proved: postgres.dead_letters.changes is 0 updates, 1 deletions: ",
  ],
])("%s is named", async (_name, spoil, restore, sentence) => {
  await run(spoil);
  try {
    const found = problems(await read());
    expect(
      found.filter((problem) => problem.startsWith(sentence)),
      found.join("\n"),
    ).toHaveLength(1);
  } finally {
    await run(restore);
  }
  expect(problems(await read())).toEqual([]);
});

/** Statement by statement; catalogs and settings too. */
async function run(sql: string): Promise<void> {
  const client = await server.connect();
  try {
    await client.query("SET allow_system_table_mods = on");
    for (const statement of sql.split("; ")) await client.query(statement);
    if (!sql.startsWith("ALTER SYSTEM")) return;
    const [, name] = /(\w+)(?: =.*)?$/.exec(sql) as unknown as [string, string];
    const wanted = sql.includes("= off") ? "off" : "on";
    await client.query("SELECT pg_reload_conf()");
    for (;;) {
      const fresh = await server.connect();
      const { rows } = await fresh.query<{ value: string }>(
        "SELECT reset_val AS value FROM pg_settings WHERE name = $1",
        [name],
      );
      await fresh.end();
      if (rows[0]?.value === wanted) return;
    }
  } finally {
    await client.end();
  }
}

test("an open transaction that has written is named, one that has read is not", async () => {
  const other = await server.connect("somebody");
  try {
    await other.query("BEGIN; SELECT * FROM payments");
    expect(problems(await read())).toEqual([]);
    await other.query("DELETE FROM sink_offsets");
    expect(problems(await read())).toEqual([
      expect.stringMatching(/^unknown: postgres.open_transactions is session \d+ \(somebody\) on sink_offsets: /),
    ]);
  } finally {
    await other.end();
  }
});

test("the sink's own open transaction is no stranger", async () => {
  const sink = await server.connect("faultline-sink 0123abcd p1 g2 payments");
  try {
    await sink.query("BEGIN; UPDATE sink_offsets SET rows = 0");
    expect(problems(await read())).toEqual([
      expect.stringMatching(/^not-proved: postgres.open_transactions.sink is session /),
    ]);
  } finally {
    await sink.end();
  }
});

test("what the role may not read is unknown only if the claim depends on it", async () => {
  await server.sql(`CREATE ROLE reader LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
    REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC; REVOKE SELECT ON pg_locks FROM PUBLIC`);
  try {
    const premises = await read("reader");
    expect(problems(premises)).toEqual([
      expect.stringMatching(
        /^unknown: postgres.open_transactions is not readable \(permission denied for view pg_locks\)/,
      ),
    ]);
    expect(premises.find(({ name }) => name === "postgres.system_identifier")).toMatchObject({
      verdict: "recorded",
      value: expect.stringMatching(/^not readable \(permission denied/),
    });
  } finally {
    await server.sql(`GRANT SELECT ON pg_locks TO PUBLIC; GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC;
      DROP OWNED BY reader; DROP ROLE reader`);
  }
});
