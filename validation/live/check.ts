import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Client } from "pg";
import { parsePipeline } from "../../contract/pipeline.ts";
import type { AnomalyKind, VerdictFile } from "../../contract/verdict.ts";
import { ANOMALIES } from "../../contract/verdict.ts";
import { resolveOptions } from "../options.ts";
import { printVerdict } from "../print-verdict.ts";
import { validate } from "../validate.ts";
import { fill } from "./fill.ts";

/**
 * Against a real Kafka and PostgreSQL: fills topic and tables, expects VALID; then breaks the tables by SQL, one way after another,
 * and expects exactly the right anomaly. See README.md for how to run it.
 */
const text = { type: "string" } as const;
const { values } = parseArgs({
  options: {
    brokers: text,
    "db-host": { ...text, default: "127.0.0.1" },
    "db-port": text,
    "db-name": { ...text, default: "postgres" },
    "db-user": text,
    "db-password": text,
    pipeline: { ...text, default: "pipelines/payments.yaml" },
    events: { ...text, default: "100000" },
    batch: { ...text, default: "1000" },
    malformed: { ...text, default: "2000" },
    directory: text,
    "no-fill": { type: "boolean", default: false },
    "no-mutations": { type: "boolean", default: false },
  },
});
if (values.directory === undefined) throw new Error("--directory: where to make the run directory");

const options = await resolveOptions(
  {
    run: values.directory,
    ...(values.brokers !== undefined && { brokers: values.brokers }),
    dbHost: values["db-host"],
    dbPort: Number(values["db-port"]),
    dbName: values["db-name"],
    ...(values["db-user"] !== undefined && { dbUser: values["db-user"] }),
    ...(values["db-password"] !== undefined && { dbPassword: values["db-password"] }),
    quietTimeoutMs: 3000,
  },
  { environment: process.env },
);
const pipeline = parsePipeline(readFileSync(values.pipeline, "utf8"), values.pipeline);
const client = new Client(options.postgres);
await client.connect();

if (!values["no-fill"]) {
  const schema = execFileSync(process.execPath, ["cli/main.ts", "schema", "--pipeline", values.pipeline], {
    encoding: "utf8",
  });
  await client.query(schema);
  const begin = performance.now();
  await fill({
    brokers: options.brokers,
    postgres: options.postgres,
    pipelineFile: values.pipeline,
    events: Number(values.events),
    directory: values.directory,
    malformedPpm: Number(values.malformed),
    batch: Number(values.batch),
  });
  console.log(`filled in ${((performance.now() - begin) / 1000).toFixed(1)} s`);
}

const valid = await validate({
  ...options,
  onProgress: (line) => console.log(`  ${line} (${Math.round(process.memoryUsage.rss() / 1e6)} MB)`),
});
console.log(printVerdict(valid));
if (valid.verdict !== "VALID") process.exitCode = 1;

const { table } = pipeline;
const { run: runColumn, event } = pipeline.identity;
const columns = [runColumn, event, ...pipeline.fields.map(({ name }) => name)];
const aggregate = pipeline.aggregates[0];
const [first] = (await client.query(`SELECT ${runColumn}, ${event} FROM ${table} ORDER BY 1, 2 OFFSET 100 LIMIT 1`))
  .rows as Record<string, string>[];
const row = `${runColumn} = ${first?.[runColumn]} AND ${event} = ${first?.[event]}`;
const field = pipeline.fields.find(({ type }) => type === "bigint" || type === "int")?.name as string;
const letter = `(partition, "offset") = (SELECT partition, "offset" FROM dead_letters WHERE target = '${table}' ORDER BY 1, 2 LIMIT 1)`;
const group = aggregate && `ctid = (SELECT min(ctid) FROM ${aggregate.table})`;

/** `back` must restore what `sql` broke. */
const BREAKS: { name: string; sql: string; back: string; kind: AnomalyKind }[] = [
  {
    name: "row deleted",
    sql: `CREATE TABLE faultline_saved AS SELECT * FROM ${table} WHERE ${row}; DELETE FROM ${table} WHERE ${row}`,
    back: `INSERT INTO ${table} SELECT * FROM faultline_saved; DROP TABLE faultline_saved`,
    kind: "lost-sink",
  },
  {
    name: "column changed",
    sql: `UPDATE ${table} SET ${field} = ${field} + 1 WHERE ${row}`,
    back: `UPDATE ${table} SET ${field} = ${field} - 1 WHERE ${row}`,
    kind: "corrupt",
  },
  {
    name: "row copied under a new id",
    sql: `INSERT INTO ${table} (${columns.join(", ")}) SELECT ${columns.map((name) => (name === event ? "999999999" : name)).join(", ")} FROM ${table} WHERE ${row}`,
    back: `DELETE FROM ${table} WHERE ${event} = 999999999`,
    kind: "phantom",
  },
  {
    name: "row copied under an id that is 2^32 higher",
    sql: `INSERT INTO ${table} (${columns.join(", ")}) SELECT ${columns.map((name) => (name === event ? `${event} + 4294967296` : name)).join(", ")} FROM ${table} WHERE ${row}`,
    back: `DELETE FROM ${table} WHERE ${event} = ${first?.[event]} + 4294967296`,
    kind: "phantom",
  },
  {
    name: "row copied into another run",
    sql: `INSERT INTO ${table} (${columns.join(", ")}) SELECT ${columns.map((name) => (name === runColumn ? "7" : name)).join(", ")} FROM ${table} WHERE ${row}`,
    back: `DELETE FROM ${table} WHERE ${runColumn} = 7`,
    kind: "foreign-run",
  },
  {
    name: "row twice, without the primary key",
    sql: `ALTER TABLE ${table} DROP CONSTRAINT ${table}_pkey; INSERT INTO ${table} SELECT * FROM ${table} WHERE ${row}`,
    back: `DELETE FROM ${table} WHERE ctid = (SELECT max(ctid) FROM ${table} WHERE ${row}); ALTER TABLE ${table} ADD PRIMARY KEY (${runColumn}, ${event})`,
    kind: "duplicate-sink",
  },
  ...(aggregate === undefined
    ? []
    : [
        {
          name: "aggregate shifted",
          sql: `UPDATE ${aggregate.table} SET ${aggregate.count} = ${aggregate.count} + 1 WHERE ${group}`,
          back: `UPDATE ${aggregate.table} SET ${aggregate.count} = ${aggregate.count} - 1 WHERE ${aggregate.count} > 0 AND ctid = (SELECT max(ctid) FROM ${aggregate.table})`,
          kind: "aggregate-mismatch" as const,
        },
        {
          name: "view replaced",
          sql: `ALTER VIEW ${aggregate.table}_total RENAME TO faultline_saved; CREATE VIEW ${aggregate.table}_total AS SELECT * FROM faultline_saved OFFSET 1`,
          back: `DROP VIEW ${aggregate.table}_total; ALTER VIEW faultline_saved RENAME TO ${aggregate.table}_total`,
          kind: "aggregate-mismatch" as const,
        },
      ]),
  {
    name: "sink_offsets moved",
    sql: `UPDATE sink_offsets SET next_offset = next_offset + 5 WHERE target = '${table}' AND partition = 2`,
    back: `UPDATE sink_offsets SET next_offset = next_offset - 5 WHERE target = '${table}' AND partition = 2`,
    kind: "offset-gap",
  },
  {
    name: "start_offset lower, rows higher",
    sql: `UPDATE sink_offsets SET start_offset = start_offset - 1000000, rows = rows + 1000000 WHERE partition = 2`,
    back: `UPDATE sink_offsets SET start_offset = start_offset + 1000000, rows = rows - 1000000 WHERE partition = 2`,
    kind: "offset-gap",
  },
  {
    name: "offsets of a partition that does not exist",
    sql: `INSERT INTO sink_offsets (target, topic, partition, start_offset, next_offset, generation) VALUES ('${table}', 'another', 999, 0, 5, 1)`,
    back: `DELETE FROM sink_offsets WHERE partition = 999`,
    kind: "offset-gap",
  },
  {
    name: "dead letter removed",
    sql: `CREATE TABLE faultline_saved AS SELECT * FROM dead_letters WHERE target = '${table}' AND ${letter}; DELETE FROM dead_letters WHERE target = '${table}' AND ${letter}`,
    back: `INSERT INTO dead_letters SELECT * FROM faultline_saved; DROP TABLE faultline_saved`,
    kind: "dead-letter-mismatch",
  },
  {
    name: "dead letter's bytes changed",
    sql: `UPDATE dead_letters SET value = value || '\\x00' WHERE target = '${table}' AND ${letter}`,
    back: `UPDATE dead_letters SET value = substring(value from 1 for length(value) - 1) WHERE target = '${table}' AND ${letter}`,
    kind: "dead-letter-mismatch",
  },
];

if (!values["no-mutations"])
  for (const { name, sql, back, kind } of BREAKS) {
    await client.query(sql);
    const verdict = await validate(options);
    await client.query(back);
    const found = decisive(verdict);
    const isRight = verdict.verdict === "INVALID" && found.length === 1 && found[0]?.kind === kind;
    if (!isRight) process.exitCode = 1;
    console.log(
      `${isRight ? "right" : "WRONG"}: ${name}: ${verdict.verdict}, ${found.map((item) => `${item.count} ${item.kind} (${item.ranges.join(", ")})`).join("; ")}`,
    );
  }
const last = await validate(options);
console.log(`as it was: ${last.verdict} ${last.reasons.join("; ")}`);
if (last.verdict !== "VALID") process.exitCode = 1;
await client.end();

function decisive(verdict: VerdictFile) {
  return verdict.anomalies.filter(({ kind }) => ANOMALIES[kind].verdict !== "info");
}
