import { expect, test } from "vitest";
import { emptyHistories } from "../fixture/histories.ts";
import type { Aggregate } from "../../contract/pipeline.ts";
import { sinkTables } from "./sink-tables.ts";

const { pipeline } = emptyHistories();
const tables = sinkTables(pipeline, 70);

/** Gives the lines in chunks of one byte, and without the end of the last one. */
function give(take: (chunk: Buffer) => void, lines: readonly string[]): void {
  for (const byte of Buffer.from(`${lines.join("\n")}\nx`)) take(Buffer.of(byte));
}

test("each line of a part is shown as a value", () => {
  const seen: unknown[] = [];
  give(
    tables.offsets(({ partition, nextOffset }) => seen.push([partition, nextOffset])),
    ["payments\tt\t0\t0\t5", "payments\tt\t1\t0\t6"],
  );
  give(
    tables.letters(({ offset, line }) => seen.push([offset, line])),
    ["payments\tt\t0\t7", "payments\tt\t0\t8"],
  );
  give(
    tables.rows(({ run, event, partition, sequence, line }) => seen.push([run, event, partition, sequence, line])),
    ["70\t5\tx", "71\t6"],
  );
  expect(seen).toEqual([
    [0, 5],
    [1, 6],
    [7, "payments\tt\t0\t7"],
    [8, "payments\tt\t0\t8"],
    ["70", "5", 0, 5, "70\t5\tx"],
    ["71", "6", -1, -1, "71\t6"],
  ]);
});

test("groups are those of the aggregate", () => {
  const seen: unknown[] = [];
  const [, perAccount] = pipeline.aggregates as [Aggregate, Aggregate];
  give(
    tables.groups(perAccount, ({ keys, count, sums }) => seen.push([keys, count, sums])),
    ["7\t1\t2\t300", "8\t1\t1\t1"],
  );
  expect(seen).toEqual([
    [["7", "1"], 2n, [300n]],
    [["8", "1"], 1n, [1n]],
  ]);
});
