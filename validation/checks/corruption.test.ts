import { expect, test } from "vitest";
import { emptyHistories, soundPartition } from "../fixture/histories.ts";
import { corrupt } from "./corruption.ts";

test("counts an event once, and says where it is corrupt", () => {
  const histories = emptyHistories();
  const history = soundPartition(histories, 0, 100);
  expect(corrupt.find(histories)).toEqual([]);
  history.corruptRecord.set(70);
  history.corruptRow.set(70);
  history.corruptRow.set(3);
  histories.differ("an example");
  expect(corrupt.find(histories)).toMatchObject([
    { count: 2, ranges: ["p0 #70", "p0 #3"], detail: "1 in the log and the table, 1 in the table; an example" },
  ]);
});

test("tells corrupt records from corrupt rows", () => {
  const histories = emptyHistories();
  const history = soundPartition(histories, 0, 100);
  history.corruptRecord.setRange(40, 43);
  history.corruptRow.setRange(42, 44);
  expect(corrupt.find(histories)).toMatchObject([
    { count: 4, detail: "1 in the log and the table, 2 in the log, 1 in the table" },
  ]);
});
