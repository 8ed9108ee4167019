import { buildCommand } from "@stricli/core";
import type { QueryResult } from "pg";
import { FaultlineError } from "../../contract/errors.ts";
import type { CommandContext } from "../context.ts";
import { requireStack, stackLogin } from "../stack-access.ts";

type Flags = { json: boolean };

export const sql = buildCommand<Flags, [string], CommandContext>({
  docs: {
    brief: "Run one SQL statement in the stack's PostgreSQL",
    fullDescription: `Run one SQL statement in the stack's PostgreSQL and print its rows. Several, separated by semicolons, are one transaction.\n\nExamples:\n  ./faultline sql "SELECT * FROM sink_offsets ORDER BY partition"\n  ./faultline sql "SELECT count(*) FROM payments" --json`,
  },
  parameters: {
    flags: { json: { kind: "boolean", brief: "Rows as a JSON array", default: false } },
    positional: { kind: "tuple", parameters: [{ brief: "The statement", parse: String, placeholder: "statement" }] },
  },
  async func(flags, statement) {
    const { connectPostgres } = await import("../postgres-client.ts");
    const client = await connectPostgres(stackLogin(requireStack(this)));
    try {
      const results: unknown = await client.query({ text: statement, rowMode: flags.json ? undefined : "array" } as { text: string });
      // Several statements, separated by semicolons, are one transaction; the last one's result is shown.
      const result = (Array.isArray(results) ? results.at(-1) : results) as QueryResult;
      if (flags.json) this.process.stdout.write(`${JSON.stringify(result.rows)}\n`);
      else {
        const names = result.fields.map((field) => field.name);
        if (names.length > 0) this.process.stdout.write(textTable(names, result.rows));
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

function textTable(names: string[], rows: unknown[][]): string {
  const cells = [names, ...rows.map((row) => row.map(cellText))];
  const widths = names.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => "-".repeat(width)).join("  "));
  return `${lines.join("\n")}\n`;
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "(null)";
  if (value instanceof Date) return value.toISOString();
  if (Buffer.isBuffer(value)) return `\\x${value.toString("hex")}`;
  return typeof value === "string" ? value : JSON.stringify(value);
}
