import { expect, test } from "vitest";
import { changePremises } from "./postgres-changes.ts";

test.each([
  [0, 0, "holds", "0 updates, 0 deletions"],
  [1, 0, "unknown", "1 updates, 0 deletions"],
  [100, 7, "unknown", "100 updates, 7 deletions"],
  [0, 1, "not-proved", "0 updates, 1 deletions"],
])("%i updates and %i deletions of a table to which the sink only adds: %s", (updated, deleted, verdict, value) => {
  expect(changePremises([{ name: "t", updated, deleted }])).toMatchObject([
    { name: "postgres.t.changes", value, verdict },
  ]);
});

test("each table has its own", () => {
  const rows = ["t", "dead_letters"].map((name) => ({ name, updated: 0, deleted: 0 }));
  expect(changePremises(rows).map(({ name }) => name)).toEqual(["postgres.t.changes", "postgres.dead_letters.changes"]);
});
