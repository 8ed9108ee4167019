import { createHash } from "node:crypto";
import type { Premise } from "../../contract/verdict.ts";
import type { Relation } from "../sinks/relations.ts";
import type { TableRow, UniqueIndexRow } from "./postgres-catalog.ts";
import { holds, listText, notProved, recorded, unknown } from "./premise.ts";

/** Judges each relation of the pipeline as the catalog has it. */
export function tablePremises(relations: readonly Relation[], rows: readonly TableRow[]): Premise[] {
  return relations.flatMap((relation) => {
    const row = rows.find(({ name }) => name === relation.name);
    if (row === undefined) return [unknown(`postgres.${relation.name}`, "missing", "it was there a moment ago")];
    const writing = writingPremises(row);
    return relation.kind === "view"
      ? [...view(relation, row), ...writing]
      : [
          persistence(row),
          key(relation, row),
          ...columns(relation, row),
          ...constraints(relation, row),
          ...writing,
          kindOf(row),
        ];
  });
}

/** Its result is compared with its table's sums; so it must be of its table, and have no other column. */
function view({ name, types }: Relation, { columns: all, view_reads, view_definition }: TableRow): Premise[] {
  const full = `postgres.${name}`;
  const table = name.slice(0, -"_total".length);
  const reads = listText(view_reads);
  const why = `it must return the sums over ${table} at any time, not only now`;
  const extra = all.filter((column) => !Object.hasOwn(types, column.name)).map((column) => column.name);
  const isOfTable = view_reads.length === 1 && view_reads[0] === table;
  return [
    isOfTable ? holds(`${full}.reads`, reads, why) : unknown(`${full}.reads`, reads, why),
    ...(extra.length > 0 ? [unknown(`${full}.columns`, `more: ${extra.join(", ")}`, NOT_COMPARED)] : []),
    recorded(`${full}.definition`, sha256(view_definition ?? "")),
  ];
}

const NOT_COMPARED = "the pipeline has no such column, so nothing was compared with its values";

function persistence({ name, persistence: own, partitions }: TableRow): Premise {
  const full = `postgres.${name}.persistence`;
  const why = "a crash of the server empties a table that is not logged";
  const odd = partitions.filter(({ persistence: other, kind }) => (other !== "p" && kind !== "p") || kind === "f");
  if (own !== "p") return unknown(full, own === "u" ? "unlogged" : "temporary", why);
  if (odd.length === 0) return holds(full, "permanent", why);
  return unknown(full, `permanent, but not its partitions ${listText(odd.map((item) => item.name))}`, why);
}

/** The index by which the sink tells a repeated event, or finds its row again. */
function key({ key: wanted }: Relation, { name, unique_indexes, columns: all }: TableRow): Premise {
  const full = `postgres.${name}.key`;
  const why = `the sink relies on a unique key over (${wanted.join(", ")}): without it nothing keeps a row from being there twice`;
  const found = unique_indexes.filter(({ columns: names }) => isSameSet(names, wanted));
  const nullable = all.filter((column) => wanted.includes(column.name) && !column.not_null);
  const good = found.find((index) => indexProblem(index) === undefined);
  if (good !== undefined && nullable.length === 0) return holds(full, good.name, why);
  if (good !== undefined)
    return unknown(full, `${good.name}, but ${nullable.map((item) => item.name).join(", ")} may be null`, why);
  return unknown(full, listText(found.map((index) => `${index.name}, ${indexProblem(index)}`)), why);
}

function indexProblem({ is_usable, is_immediate, is_whole }: UniqueIndexRow): string | undefined {
  if (!is_usable) return "which is not valid";
  if (!is_whole) return "which is partial or over an expression";
  return is_immediate ? undefined : "which is deferrable";
}

function columns({ types, nullable, random = [] }: Relation, { name, columns: all }: TableRow): Premise[] {
  const full = `postgres.${name}.columns`;
  const extra = all.filter((column) => !Object.hasOwn(types, column.name)).map((column) => column.name);
  const own = all.filter((column) => Object.hasOwn(types, column.name));
  const computed = own.filter((column) => column.is_generated || column.is_identity).map((column) => column.name);
  const loose = own
    .filter((column) => !column.not_null && !nullable.includes(column.name))
    .map((column) => column.name);
  const strict = own.filter((column) => column.not_null && nullable.includes(column.name)).map((column) => column.name);
  const defaults = own.flatMap((column) => (column.default === null ? [] : [`${column.name} ${column.default}`]));
  const premises: Premise[] = [];
  if (extra.length > 0) premises.push(unknown(full, `more: ${extra.join(", ")}`, NOT_COMPARED));
  if (computed.length > 0)
    premises.push(
      unknown(
        full,
        `computed: ${computed.join(", ")}`,
        "PostgreSQL makes these values, so they don't show what the sink wrote",
      ),
    );
  const free = own.filter((column) => random.includes(column.name)).map((column) => column.name);
  const compared =
    free.length === 0 ? "all compared" : `all compared but ${free.join(", ")}: no run can know them before`;
  if (premises.length === 0)
    premises.push(
      holds(full, `${own.length}, ${compared}`, "a column that the pipeline does not name is compared with nothing"),
    );
  if (loose.length > 0)
    premises.push(
      notProved(
        `${full}.not_null`,
        `missing for ${loose.join(", ")}`,
        "the table would take a null that the pipeline excludes",
      ),
    );
  if (strict.length > 0)
    premises.push(
      notProved(
        `${full}.not_null`,
        `added for ${strict.join(", ")}`,
        "the table would refuse a null that the pipeline allows",
      ),
    );
  if (defaults.length > 0) premises.push(recorded(`${full}.defaults`, defaults.join(", ")));
  return premises;
}

/** What could refuse rows: none was refused in this run, because the comparison would show it. */
function constraints({ key: wanted }: Relation, row: TableRow): Premise[] {
  const { name, unique_indexes, constraints: all, referenced_by, row_security } = row;
  const premises: Premise[] = [];
  const unique = unique_indexes.filter((index) => !isSameSet(index.columns, wanted) || !index.is_whole);
  const others = all.filter(({ type }) => type !== "u").map(({ name: own, definition }) => `${own} ${definition}`);
  const found = [...others, ...unique.map((index) => `unique ${index.name} (${index.columns.join(", ")})`)];
  if (found.length > 0)
    premises.push(
      notProved(
        `postgres.${name}.constraints`,
        found.join("; "),
        "it may refuse or remove rows that the pipeline stores; it did not in this run",
      ),
    );
  if (referenced_by.length > 0) premises.push(recorded(`postgres.${name}.referenced_by`, listText(referenced_by)));
  if (row_security)
    premises.push(
      notProved(
        `postgres.${name}.row_security`,
        "on",
        "other roles may see fewer rows than the validator, which reads past no policy",
      ),
    );
  return premises;
}

/** Triggers and rules act on what the sink writes, so equal rows would not prove that the sink wrote them. */
function writingPremises({ name, triggers, rules }: TableRow): Premise[] {
  const full = `postgres.${name}.triggers`;
  const why = "rows may have been made, changed or dropped by it instead of by the sink";
  const text = ({ name: own, table, runs }: TableRow["triggers"][number]) =>
    `${own}${table === name ? "" : ` on ${table}`} (${runs})`;
  const active = triggers.filter(({ enabled }) => enabled !== "D").map(text);
  const disabled = triggers.filter(({ enabled }) => enabled === "D").map((item) => `${text(item)}, disabled`);
  const premises = [active.length > 0 ? unknown(full, active.join(", "), why) : holds(full, "none", why)];
  if (disabled.length > 0)
    premises.push(notProved(full, disabled.join(", "), "nobody knows whether it was disabled during the run"));
  if (rules.length > 0) premises.push(unknown(`postgres.${name}.rules`, rules.join(", "), why));
  return premises;
}

function kindOf({ name, kind, access_method, is_partition, partitions }: TableRow): Premise {
  const words = [
    kind === "p" ? `partitioned into ${listText(partitions.map((item) => item.name))}` : access_method,
    ...(is_partition ? ["itself a partition of another table"] : []),
  ];
  return recorded(`postgres.${name}.kind`, words.join(", "));
}

function isSameSet(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((item) => right.includes(item));
}

function sha256(text: string): string {
  return `sha256 ${createHash("sha256").update(text).digest("hex")}`;
}
