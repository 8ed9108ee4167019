import { expect, test } from "vitest";
import { type GroupCause, GroupDifferences } from "./group-differences.ts";

const OTHER: GroupCause = "groups with other figures";
const MISSING: GroupCause = "groups that are not stored";

function found(cause: GroupCause, count: number): GroupDifferences {
  const differences = new GroupDifferences();
  for (let number = 0; number < count; number++) differences.add(cause, () => `${cause} ${number}`);
  differences.compared = count * 10;
  return differences;
}

test("all are counted by cause, and twenty told", () => {
  const differences = found(OTHER, 25);
  differences.add(MISSING, () => "one more");
  expect([...differences.counts]).toEqual([
    [OTHER, 25],
    [MISSING, 1],
  ]);
  expect(differences.examples).toHaveLength(20);
  expect(differences.examples[19]).toEqual({ text: `${OTHER} 19`, cause: OTHER });
});

test("what was found in several places adds up, and twenty are told", () => {
  const differences = found(OTHER, 15);
  differences.merge(structuredClone(found(MISSING, 3)));
  differences.merge(found(OTHER, 4));
  expect(differences.compared).toBe(220);
  expect([...differences.counts]).toEqual([
    [OTHER, 19],
    [MISSING, 3],
  ]);
  expect(differences.examples.map(({ cause }) => cause)).toEqual([
    ...Array.from({ length: 15 }, () => OTHER),
    ...Array.from({ length: 3 }, () => MISSING),
    ...Array.from({ length: 2 }, () => OTHER),
  ]);
});
