import { z } from "zod";
import type { Pipeline } from "../../contract/pipeline.ts";
import type { Premise } from "../../contract/verdict.ts";
import type { PostgresReader } from "../sinks/postgres.ts";
import { DEAD_LETTERS, relationsOf } from "../sinks/relations.ts";
import type { Ask } from "../source/question.ts";
import { CHANGES_QUERY, changePremises, changeRow } from "./postgres-changes.ts";
import { tableRow, TABLES_QUERY } from "./postgres-catalog.ts";
import * as settings from "./postgres-settings.ts";
import { tablePremises } from "./postgres-tables.ts";
import {
  OUTSIDE_QUERY,
  outsidePremises,
  outsideRow,
  writerPremises,
  writerRow,
  WRITERS_QUERY,
} from "./postgres-writers.ts";
import { recorded, unknown } from "./premise.ts";

/** One thing to ask PostgreSQL, and what follows from its rows. */
type Inquiry<Rows> = {
  name: string;
  /** The claim depends on the answer: without it the verdict is UNKNOWN. */
  isNeeded: boolean;
  schema: z.ZodType<Rows>;
  read: (postgres: PostgresReader) => Promise<Rows>;
  judge: (rows: Rows) => Premise[];
};

/** Asks for the premises of PostgreSQL. Call it within the snapshot that is judged, before its rows are read. */
export async function postgresPremises(ask: Ask, pipeline: Pipeline): Promise<Premise[]> {
  const relations = relationsOf(pipeline);
  const names = relations.map(({ name }) => name);
  const rowsOf = async <Rows>(inquiry: Inquiry<Rows>): Promise<Premise[]> => {
    const { name, isNeeded, schema, read, judge } = inquiry;
    const answer = await ask({
      name,
      schema: z.union([z.strictObject({ value: schema }), z.strictObject({ problem: z.string() })]),
      ask: async (live) => {
        const postgres = await live.postgres();
        return postgres.tryQuery(() => read(postgres));
      },
    });
    if ("value" in answer) return judge(answer.value);
    const value = `not readable (${answer.problem})`;
    return [isNeeded ? unknown(name, value, "the claim depends on it") : recorded(name, value)];
  };
  return [
    // First, because it must be as close to the snapshot as can be.
    ...(await rowsOf({
      name: "postgres.open_transactions",
      isNeeded: true,
      schema: z.array(writerRow),
      read: (postgres) => postgres.query(WRITERS_QUERY, [names]),
      judge: writerPremises,
    })),
    ...(await rowsOf({
      name: "postgres.server",
      isNeeded: true,
      schema: z.array(settings.serverRow),
      read: (postgres) => postgres.query(settings.SERVER_QUERY),
      judge: (rows) => rows.flatMap(settings.serverPremises),
    })),
    ...(await rowsOf({
      name: "postgres.system_identifier",
      isNeeded: false,
      schema: z.array(settings.controlRow),
      read: (postgres) => postgres.query(settings.CONTROL_QUERY),
      judge: (rows) => rows.flatMap(settings.controlPremises),
    })),
    ...(await rowsOf({
      name: "postgres.settings",
      isNeeded: true,
      schema: z.strictObject({ overrides: z.array(settings.overrideRow), rows: z.array(settings.settingRow) }),
      read: async (postgres) => ({
        overrides: await postgres.query<settings.OverrideRow>(settings.OVERRIDES_QUERY),
        rows: await postgres.query<settings.SettingRow>(settings.SETTINGS_QUERY, [settings.SETTING_NAMES]),
      }),
      judge: ({ overrides, rows }) => [
        ...settings.settingPremises(rows, overrides),
        ...settings.overridePremises(overrides),
      ],
    })),
    ...(await rowsOf({
      name: "postgres.tables",
      isNeeded: true,
      schema: z.array(tableRow),
      read: (postgres) => postgres.query(TABLES_QUERY, [names]),
      judge: (rows) => tablePremises(relations, rows),
    })),
    ...(await rowsOf({
      name: "postgres.changes",
      isNeeded: false,
      schema: z.array(changeRow),
      read: (postgres) => postgres.query(CHANGES_QUERY, [[pipeline.table, DEAD_LETTERS.name]]),
      judge: changePremises,
    })),
    ...(await rowsOf({
      name: "postgres.replication",
      isNeeded: false,
      schema: z.array(outsideRow),
      read: (postgres) => postgres.query(OUTSIDE_QUERY, [names]),
      judge: (rows) => rows.flatMap(outsidePremises),
    })),
  ];
}
