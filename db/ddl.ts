import type { Aggregate, Field, Pipeline } from "../contract/pipeline.ts";

const POSTGRES_TYPES = {
  int: "integer",
  bigint: "bigint",
  float: "double precision",
  boolean: "boolean",
  text: "text",
  timestamp: "timestamptz",
  date: "date",
  binary: "bytea",
  json: "jsonb",
} as const satisfies Partial<Record<Field["type"], string>>;

function columnType(field: Field): string {
  return field.type === "decimal" ? `numeric(${field.precision},${field.scale})` : POSTGRES_TYPES[field.type];
}

/** Reserved words and the like are legal field names, so every name goes through here. Plain ones stay plain. */
function quote(name: string): string {
  return RESERVED.has(name) ? `"${name}"` : name;
}

/** PostgreSQL 18, appendix C: the key words that can't be a column's or table's name without quotes (reserved, and those for functions or types only). */
const RESERVED = new Set(
  `all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column concurrently constraint create
cross current_catalog current_date current_role current_schema current_time current_timestamp current_user default deferrable desc distinct do else end
except false fetch for foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit
localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references returning right select session_user
similar some symmetric system_user table tablesample then to trailing true union unique user using variadic verbose when where window with`.split(
    /\s+/,
  ),
);

function table(name: string, columns: string[], key: string[], storage = ""): string {
  return `CREATE TABLE IF NOT EXISTS ${quote(name)} (\n${columns.map((column) => `  ${column},\n`).join("")}  PRIMARY KEY (${key.join(", ")})\n)${storage};\n`;
}

/**
 * A total is updated again and again: room in its page keeps the new version beside the old one, and the index as it is (a HOT update). Dead versions are removed
 * sooner than by default, by count and not by share.
 */
const TOTALS_STORAGE =
  " WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000)";

function eventsTable(pipeline: Pipeline): string {
  const identity = [quote(pipeline.identity.run), quote(pipeline.identity.event)] as const;
  const columns = [
    `${identity[0]} integer NOT NULL`,
    `${identity[1]} bigint NOT NULL`,
    ...pipeline.fields.map((field) => `${quote(field.name)} ${columnType(field)}${field.nullable ? "" : " NOT NULL"}`),
  ];
  return table(pipeline.table, columns, [...identity]);
}

function aggregateTable(pipeline: Pipeline, aggregate: Aggregate): string {
  const typeOf = (name: string): string => columnType(pipeline.fields.find((field) => field.name === name) as Field);
  const groups = [
    ...(aggregate.window === undefined ? [] : [{ name: quote(aggregate.window.column), type: "timestamptz" }]),
    ...aggregate.groupBy.map((name) => ({ name: quote(name), type: typeOf(name) })),
  ];
  const sums = Object.entries(aggregate.sums).map(([field, column]) => ({
    name: quote(column),
    type: typeOf(field).startsWith("numeric") ? "numeric" : "bigint",
  }));
  const count = quote(aggregate.count);
  const groupNames = groups.map((group) => group.name);
  const columns = [
    ...groups.map((group) => `${group.name} ${group.type} NOT NULL`),
    "shard integer NOT NULL",
    `${count} bigint NOT NULL`,
    ...sums.map((sum) => `${sum.name} ${sum.type} NOT NULL`),
  ];
  const selected = [
    ...groupNames,
    `sum(${count})::bigint AS ${count}`,
    ...sums.map((sum) => `sum(${sum.name}) AS ${sum.name}`),
  ];
  // Without groups there is one row per shard; HAVING keeps the view empty while there is none.
  const grouping = groupNames.length > 0 ? `GROUP BY ${groupNames.join(", ")}` : "HAVING count(*) > 0";
  return `${table(aggregate.table, columns, ["shard", ...groupNames], TOTALS_STORAGE)}CREATE OR REPLACE VIEW ${quote(`${aggregate.table}_total`)} AS
  SELECT ${selected.join(", ")}
  FROM ${quote(aggregate.table)} ${grouping};
`;
}

const SHARED_TABLES = `-- The only truth about progress: next_offset is the next Kafka offset to apply, moved in the transaction that stores the rows.
-- Always next_offset - start_offset = rows + duplicates + dead_letters.
CREATE TABLE IF NOT EXISTS sink_offsets (
  target text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  start_offset bigint NOT NULL,
  next_offset bigint NOT NULL,
  generation bigint NOT NULL,
  writer_pid integer,
  rows bigint NOT NULL DEFAULT 0,
  duplicates bigint NOT NULL DEFAULT 0,
  dead_letters bigint NOT NULL DEFAULT 0,
  updated_at timestamptz NOT NULL DEFAULT now(),
  holder text,
  cluster_id text,
  topic_id text,
  PRIMARY KEY (target, topic, partition)
);
-- holder: who claimed this generation, a random id that is new for each query. cluster_id, topic_id: which topic the offsets belong to, beyond
-- its name; NULL if nobody has told yet. Tables from before these columns get them here.
ALTER TABLE sink_offsets ADD COLUMN IF NOT EXISTS holder text;
ALTER TABLE sink_offsets ADD COLUMN IF NOT EXISTS cluster_id text, ADD COLUMN IF NOT EXISTS topic_id text;

-- Which driver has the right to write, where several share a table: its sign of life. The right itself is an advisory lock.
CREATE TABLE IF NOT EXISTS sink_leases (
  target text NOT NULL,
  topic text NOT NULL,
  holder text NOT NULL,
  driver text NOT NULL,
  lock_pid integer NOT NULL,
  renewed_at timestamptz NOT NULL,
  PRIMARY KEY (target, topic)
);

-- Records that can't become a row, with their bytes and the reason.
CREATE TABLE IF NOT EXISTS dead_letters (
  target text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  "offset" bigint NOT NULL,
  key bytea,
  value bytea,
  reason text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (target, topic, partition, "offset")
);
`;

/**
 * @returns the SQL that creates a pipeline's tables: events, aggregates with a view that adds up their shards, progress, dead letters. It may
 *   be run again. For the default pipeline it is db/init.sql, byte for byte.
 */
export function renderSchema(pipeline: Pipeline): string {
  const aggregates = pipeline.aggregates.map((aggregate) => aggregateTable(pipeline, aggregate));
  const first =
    aggregates.length === 0
      ? []
      : [
          `-- One row per group and Kafka partition (shard), so that writers of different partitions never wait for one row.\n${aggregates[0]}`,
        ];
  return [
    `-- Made by \`./faultline schema --pipeline pipelines/${pipeline.name}.yaml\`; a test holds it to that. May be run again.\n${eventsTable(pipeline)}`,
    ...first,
    ...aggregates.slice(1),
    SHARED_TABLES,
  ].join("\n");
}
