import { z } from "zod";
import type { Premise } from "../../contract/verdict.ts";
import { holds, listText, notProved, recorded, unknown } from "./premise.ts";

/** `value` is what a new session of the validator's role gets, whatever the validator's own session has set. */
export const settingRow = z.strictObject({ name: z.string(), value: z.string() });
export type SettingRow = z.infer<typeof settingRow>;
export const SETTINGS_QUERY = `SELECT name, coalesce(reset_val, setting) AS value FROM pg_settings WHERE name = ANY ($1)`;

/** What ALTER ROLE and ALTER DATABASE have set for sessions in this database; "" is every role, or every database. */
export const overrideRow = z.strictObject({ role: z.string(), database: z.string(), settings: z.array(z.string()) });
export type OverrideRow = z.infer<typeof overrideRow>;
export const OVERRIDES_QUERY = `
  SELECT coalesce(r.rolname, '') AS role, coalesce(d.datname, '') AS database, s.setconfig AS settings
  FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase
  WHERE s.setdatabase = 0 OR d.datname = current_database() ORDER BY 1, 2`;

export const serverRow = z.strictObject({
  version: z.string(),
  in_recovery: z.boolean(),
  started: z.string(),
  database: z.string(),
  snapshot: z.string(),
});
export type ServerRow = z.infer<typeof serverRow>;
export const SERVER_QUERY = `
  SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS in_recovery,
    pg_postmaster_start_time()::text AS started, current_database()::text AS database, pg_current_snapshot()::text AS snapshot`;

export const controlRow = z.strictObject({ system_identifier: z.string(), timeline: z.string() });
export type ControlRow = z.infer<typeof controlRow>;
export const CONTROL_QUERY = `
  SELECT s.system_identifier::text, c.timeline_id::text AS timeline FROM pg_control_system() s, pg_control_checkpoint() c`;

/** `otherwise` judges a bad value. */
type Rule = { bad: readonly string[]; otherwise: typeof unknown; why: string };

/** Judged with what roles and databases override. */
const RULES: Record<string, Rule> = {
  fsync: {
    bad: ["off"],
    otherwise: unknown,
    why: "without it PostgreSQL never waits for the disk, so a committed row is only in memory",
  },
  synchronous_commit: {
    bad: ["off"],
    otherwise: unknown,
    why: "without it PostgreSQL reports a commit before its WAL is written, so a killed server loses committed rows",
  },
  full_page_writes: {
    bad: ["off"],
    otherwise: notProved,
    why: "without it a crash of the machine may tear pages, unless the file system prevents that",
  },
  zero_damaged_pages: {
    bad: ["on"],
    otherwise: notProved,
    why: "with it PostgreSQL empties a damaged page instead of reporting it",
  },
  ignore_checksum_failure: {
    bad: ["on"],
    otherwise: notProved,
    why: "with it PostgreSQL reads on past a damaged page",
  },
};
const RECORDED = [
  "wal_level",
  "wal_sync_method",
  "data_checksums",
  "default_transaction_isolation",
  "session_replication_role",
  "synchronous_standby_names",
  "track_commit_timestamp",
];
export const SETTING_NAMES = [...Object.keys(RULES), ...RECORDED];

export function settingPremises(settings: readonly SettingRow[], overrides: readonly OverrideRow[]): Premise[] {
  const values = new Map(settings.map(({ name, value }) => [name, value]));
  return SETTING_NAMES.flatMap((name): Premise[] => {
    const own = values.get(name);
    const others = overrides.flatMap((row) => overriddenValues(row, name));
    const text = [own ?? "not readable", ...others.map(({ value, who }) => `${value} ${who}`)].join("; ");
    const rule = RULES[name];
    const full = `postgres.${name}`;
    if (rule === undefined) return own === undefined ? [] : [recorded(full, text)];
    const isBad =
      own === undefined || [own, ...others.map(({ value }) => value)].some((item) => rule.bad.includes(item));
    return [(isBad ? rule.otherwise : holds)(full, text, rule.why)];
  });
}

/** The value in an entry "name=value", with whose sessions get it. */
function overriddenValues({ role, database, settings }: OverrideRow, name: string): { value: string; who: string }[] {
  const who = [role === "" ? "" : `for role ${role}`, database === "" ? "" : `in database ${database}`];
  return settings
    .filter((entry) => entry.startsWith(`${name}=`))
    .map((entry) => ({ value: switchText(entry.slice(name.length + 1)), who: who.filter(Boolean).join(" ") }));
}

/** ALTER ROLE keeps a boolean as it was typed. */
function switchText(value: string): string {
  const text = value.toLowerCase();
  if (["0", "f", "fa", "fal", "fals", "false", "n", "no", "of"].includes(text)) return "off";
  return ["1", "t", "tr", "tru", "true", "y", "ye", "yes"].includes(text) ? "on" : text;
}

export function serverPremises({ version, in_recovery, started, database, snapshot }: ServerRow): Premise[] {
  const recovery = "postgres.is_in_recovery";
  const why = "a standby shows what it has replayed, not what its primary has committed";
  return [
    recorded("postgres.version", version),
    recorded("postgres.started", started),
    recorded("postgres.database", database),
    recorded("postgres.snapshot", snapshot),
    in_recovery ? unknown(recovery, "true", why) : holds(recovery, "false", why),
  ];
}

export function controlPremises({ system_identifier, timeline }: ControlRow): Premise[] {
  return [recorded("postgres.system_identifier", system_identifier), recorded("postgres.timeline", timeline)];
}

export function overridePremises(overrides: readonly OverrideRow[]): Premise[] {
  const texts = overrides.map(({ role, database, settings }) =>
    [
      role === "" ? "every role" : `role ${role}`,
      database === "" ? "" : ` in ${database}`,
      `: ${settings.join(", ")}`,
    ].join(""),
  );
  return [recorded("postgres.role_settings", listText(texts))];
}
