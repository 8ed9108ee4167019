import { expect, test } from "vitest";
import { emptyHistories, soundPartition } from "../fixture/histories.ts";
import { reorder } from "./order.ts";

test("names those that came too late", () => {
  const histories = emptyHistories();
  const history = soundPartition(histories, 5, 100);
  expect(reorder.find(histories)).toEqual([]);
  history.late.setRange(10, 13);
  expect(reorder.find(histories)).toMatchObject([{ count: 3, ranges: ["p5 #10-12"] }]);
});
