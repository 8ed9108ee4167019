-- Made by `./faultline schema --pipeline pipelines/payments.yaml`; a test holds it to that. May be run again.
CREATE TABLE IF NOT EXISTS payments (
  run_id integer NOT NULL,
  event_id bigint NOT NULL,
  account_id bigint NOT NULL,
  type text NOT NULL,
  amount_cents bigint NOT NULL,
  currency text NOT NULL,
  created_at timestamptz NOT NULL,
  note text NOT NULL,
  PRIMARY KEY (run_id, event_id)
);

-- One row per group and Kafka partition (shard), so that writers of different partitions never wait for one row.
CREATE TABLE IF NOT EXISTS payments_per_minute (
  minute timestamptz NOT NULL,
  type text NOT NULL,
  shard integer NOT NULL,
  events bigint NOT NULL,
  amount_cents_total bigint NOT NULL,
  PRIMARY KEY (shard, minute, type)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
CREATE OR REPLACE VIEW payments_per_minute_total AS
  SELECT minute, type, sum(events)::bigint AS events, sum(amount_cents_total) AS amount_cents_total
  FROM payments_per_minute GROUP BY minute, type;

CREATE TABLE IF NOT EXISTS payments_per_account (
  account_id bigint NOT NULL,
  shard integer NOT NULL,
  events bigint NOT NULL,
  amount_cents_total bigint NOT NULL,
  PRIMARY KEY (shard, account_id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
CREATE OR REPLACE VIEW payments_per_account_total AS
  SELECT account_id, sum(events)::bigint AS events, sum(amount_cents_total) AS amount_cents_total
  FROM payments_per_account GROUP BY account_id;

-- The only truth about progress: next_offset is the next Kafka offset to apply, moved in the transaction that stores the rows.
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
