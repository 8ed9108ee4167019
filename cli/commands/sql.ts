import { buildCommand } from "@stricli/core";
import type { QueryResult } from "pg";
import { FaultlineError } from "../../contract/errors.ts";
import type { RuntimeName } from "../../contract/stack.ts";
import type { CommandContext } from "../context.ts";
import { relayed } from "../relayed.ts";
import { runtimeFlag } from "../shared-flags.ts";
import { requireStack } from "../stack-access.ts";

type Flags = { json: boolean; runtime?: RuntimeName };

export const sql = buildCommand<Flags, [string], CommandContext>({
  docs: {
    brief: "Run one SQL statement in the stack's PostgreSQL",
    fullDescription: `Runs one SQL statement in the stack's PostgreSQL and prints its rows. Several statements, separated by semicolons, are one transaction.\n\nExamples:\n  ./faultline sql "SELECT * FROM sink_offsets ORDER BY partition"\n  ./faultline sql "SELECT count(*) FROM payments" --json`,
  },
  parameters: {
    flags: {
      json: { kind: "boolean", brief: "Print the rows as a JSON array", default: false },
      runtime: runtimeFlag,
    },
    positional: { kind: "tuple", parameters: [{ brief: "The statement", parse: String, placeholder: "statement" }] },
  },
  async func(flags, statement) {
    if (statement.trim() === "")
      throw new FaultlineError("FL_USAGE", "the statement is empty", { remedy: './faultline sql "SELECT 1"' });
    const runtime = await this.runtime(flags.runtime);
    if (await relayed(this, runtime)) return;
    const [{ connectPostgres, connectProblem, loginOf }, { plainTable }] = await Promise.all([
      import("../../platform/protocol/postgres-client.ts"),
      import("../../report/render/text-table.ts"),
    ]);
    const login = loginOf(requireStack(runtime).postgres);
    const onRivals = (chosen: string, rivals: readonly string[]): void => {
      this.process.stderr.write(`several servers take writes: asking ${chosen}, not ${rivals.join(", ")}\n`);
    };
    const session = { application: "faultline", connectTimeoutMs: 5_000, onRivals };
    const client = await connectPostgres(login, session).catch((error: unknown) => {
      throw connectProblem(error, login);
    });
    try {
      const results: unknown = await client.query({ text: statement, rowMode: flags.json ? undefined : "array" } as {
        text: string;
      });
      // Several statements, separated by semicolons, are one transaction; the last one's result is shown.
      const result = (Array.isArray(results) ? results.at(-1) : results) as QueryResult;
      if (flags.json) this.process.stdout.write(`${JSON.stringify(result.rows)}\n`);
      else {
        const names = result.fields.map((field) => field.name);
        const rows = (result.rows as unknown[][]).map((row) => row.map(cellText));
        const rule = names.map((name, column) =>
          "-".repeat(Math.max(name.length, ...rows.map((row) => (row[column] ?? "").length))),
        );
        if (names.length > 0) this.process.stdout.write(`${plainTable(names, [rule, ...rows])}\n`);
        this.process.stderr.write(`${result.command} ${result.rowCount ?? 0}\n`);
      }
    } catch (error) {
      if (!(error instanceof Error && "severity" in error)) throw error;
      throw new FaultlineError("FL_USAGE", `PostgreSQL refused the statement: ${error.message}`, {
        remedy: "correct the statement; ./faultline schema prints the tables",
        cause: error,
      });
    } finally {
      await client.end();
    }
  },
});

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "(null)";
  if (value instanceof Date) return value.toISOString();
  if (Buffer.isBuffer(value)) return `\\x${value.toString("hex")}`;
  return typeof value === "string" ? value : JSON.stringify(value);
}
