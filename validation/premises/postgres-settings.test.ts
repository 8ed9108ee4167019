import { describe, expect, test } from "vitest";
import {
  controlPremises,
  type OverrideRow,
  overridePremises,
  serverPremises,
  SETTING_NAMES,
  settingPremises,
} from "./postgres-settings.ts";

const GOOD: Record<string, string> = {
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  zero_damaged_pages: "off",
  ignore_checksum_failure: "off",
  wal_level: "replica",
  wal_sync_method: "fdatasync",
  data_checksums: "on",
  default_transaction_isolation: "read committed",
  session_replication_role: "origin",
  synchronous_standby_names: "",
  track_commit_timestamp: "on",
};
/** What is said of these settings. */
function told(changed: Record<string, string | undefined>, overrides: OverrideRow[] = []): string[] {
  const rows = Object.entries({ ...GOOD, ...changed }).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, value }],
  );
  return settingPremises(rows, overrides).map(({ verdict, name, value }) => `${verdict}: ${name} is ${value}`);
}
const of = (settings: string[], role = "", database = ""): OverrideRow => ({ role, database, settings });

test("the settings of Faultline's own PostgreSQL hold, and the others are recorded", () => {
  expect(told({})).toEqual([
    "holds: postgres.fsync is on",
    "holds: postgres.synchronous_commit is on",
    "holds: postgres.full_page_writes is on",
    "holds: postgres.zero_damaged_pages is off",
    "holds: postgres.ignore_checksum_failure is off",
    "recorded: postgres.wal_level is replica",
    "recorded: postgres.wal_sync_method is fdatasync",
    "recorded: postgres.data_checksums is on",
    "recorded: postgres.default_transaction_isolation is read committed",
    "recorded: postgres.session_replication_role is origin",
    "recorded: postgres.synchronous_standby_names is ",
    "recorded: postgres.track_commit_timestamp is on",
  ]);
  expect(SETTING_NAMES).toEqual(Object.keys(GOOD));
});

test.each([
  ["fsync", "off", "unknown"],
  ["synchronous_commit", "off", "unknown"],
  ["full_page_writes", "off", "not-proved"],
  ["zero_damaged_pages", "on", "not-proved"],
  ["ignore_checksum_failure", "on", "not-proved"],
])("%s = %s is %s", (name, value, verdict) => {
  expect(told({ [name]: value })).toContain(`${verdict}: postgres.${name} is ${value}`);
});

test("a server that waits for its WAL in another way commits all the same", () => {
  for (const value of ["local", "remote_write", "remote_apply"])
    expect(told({ synchronous_commit: value })).toContain(`holds: postgres.synchronous_commit is ${value}`);
});

test("a setting that can't be read proves nothing; one that is only recorded is left out", () => {
  expect(told({ fsync: undefined })).toContain("unknown: postgres.fsync is not readable");
  expect(told({ full_page_writes: undefined })).toContain("not-proved: postgres.full_page_writes is not readable");
  const found = told({ wal_level: undefined });
  expect(found).toHaveLength(11);
  expect(found.join()).not.toContain("wal_level");
});

describe("what ALTER ROLE and ALTER DATABASE set", () => {
  test.each<[string, OverrideRow[], string]>([
    [
      "a role",
      [of(["synchronous_commit=off"], "writer")],
      "unknown: postgres.synchronous_commit is on; off for role writer",
    ],
    [
      "a database",
      [of(["synchronous_commit=off"], "", "shop")],
      "unknown: postgres.synchronous_commit is on; off in database shop",
    ],
    [
      "a role in a database",
      [of(["synchronous_commit=off"], "writer", "shop")],
      "unknown: postgres.synchronous_commit is on; off for role writer in database shop",
    ],
    [
      "a role, and it is harmless",
      [of(["synchronous_commit=local"], "writer")],
      "holds: postgres.synchronous_commit is on; local for role writer",
    ],
    [
      "several roles, and one is bad",
      [of(["synchronous_commit=local"], "a"), of(["work_mem=1GB", "synchronous_commit=off"], "b")],
      "unknown: postgres.synchronous_commit is on; local for role a; off for role b",
    ],
    [
      "a role, and the entry only begins like the name",
      [of(["synchronous_commit_not=off", "fsync=off"], "a")],
      "holds: postgres.synchronous_commit is on",
    ],
  ])("for %s", (_, overrides, expected) => {
    expect(told({}, overrides)).toContain(expected);
  });

  test.each(["0", "f", "fa", "fal", "fals", "false", "n", "no", "of", "off", "OFF", "False"])(
    "%s, as it was typed, is off",
    (typed) => {
      expect(told({}, [of([`synchronous_commit=${typed}`], "r")])).toContain(
        "unknown: postgres.synchronous_commit is on; off for role r",
      );
    },
  );
  test.each(["1", "t", "tr", "tru", "true", "y", "ye", "yes", "on", "ON", "True"])(
    "%s, as it was typed, is on",
    (typed) => {
      expect(told({}, [of([`zero_damaged_pages=${typed}`], "r")])).toContain(
        "not-proved: postgres.zero_damaged_pages is off; on for role r",
      );
    },
  );

  test("all of it is recorded, whatever it sets", () => {
    const rows = [of(["work_mem=1GB", "jit=off"], "a", "shop"), of(["jit=on"]), of(["x=1"], "b")];
    expect(overridePremises(rows)).toEqual([
      {
        name: "postgres.role_settings",
        value: "role a in shop: work_mem=1GB, jit=off, every role: jit=on, role b: x=1",
        verdict: "recorded",
        why: "",
      },
    ]);
    expect(overridePremises([])[0]?.value).toBe("none");
  });
});

test("a standby proves nothing of its primary", () => {
  const server = { version: "18.1", in_recovery: false, started: "2026-06-30", database: "d", snapshot: "7:9:" };
  const told = (in_recovery: boolean) =>
    serverPremises({ ...server, in_recovery }).map(({ verdict, name, value }) => `${verdict}: ${name} is ${value}`);
  expect(told(false)).toEqual([
    "recorded: postgres.version is 18.1",
    "recorded: postgres.started is 2026-06-30",
    "recorded: postgres.database is d",
    "recorded: postgres.snapshot is 7:9:",
    "holds: postgres.is_in_recovery is false",
  ]);
  expect(told(true)).toContain("unknown: postgres.is_in_recovery is true");
});

test("which cluster it was is recorded", () => {
  const premises = controlPremises({ system_identifier: "7", timeline: "2" });
  expect(premises.map(({ verdict, name, value }) => `${verdict}: ${name} is ${value}`)).toEqual([
    "recorded: postgres.system_identifier is 7",
    "recorded: postgres.timeline is 2",
  ]);
});
