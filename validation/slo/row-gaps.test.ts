import { expect, test } from "vitest";
import type { CommittedRow, LookUpRows } from "../read/commit-times.ts";
import { longestRowGap } from "./row-gaps.ts";

const partition = (ms: number[], from = 0): CommittedRow[] =>
  ms.map((committedMs, index) => ({ event: from + index, committedMs }));
const counted = (rows: CommittedRow[]) => {
  const asked = { count: 0 };
  const lookUp: LookUpRows = (lookUps) => {
    asked.count += lookUps.length;
    return Promise.resolve(
      lookUps.map(({ low, high, pick }) => {
        const found = rows.filter(({ event }) => event >= low && event <= high);
        return pick === "first" ? found[0] : found.at(-1);
      }),
    );
  };
  return { asked, lookUp };
};
const one = (to: number, startMs = 0) => [{ partition: 0, from: 0, to, startMs }];

test("the longest gap is found among many rows with few look-ups, and is exact", async () => {
  // A row each 10 ms, but for one gap of 777 ms.
  const rows = partition(Array.from({ length: 2000 }, (_, index) => index * 10 + (index > 1234 ? 767 : 0)));
  const { asked, lookUp } = counted(rows);
  const found = await longestRowGap(lookUp, one(2000), 50);
  expect(found).toEqual({ gap: { partition: 0, fromMs: 12_340, toMs: 13_117, isFirst: false }, upToMs: 777 });
  expect(asked.count).toBeLessThan(300);
});

test("holes in the numbers are no gap in time, and what is too fine is at most the fineness", async () => {
  const rows = partition([0, 5, 10, 15, 20]).filter(({ event }) => event !== 2);
  expect(await longestRowGap(counted(rows).lookUp, one(5), 0)).toMatchObject({ gap: { fromMs: 5, toMs: 15 } });
  const fine = await longestRowGap(counted(rows).lookUp, one(5), 100);
  expect(fine?.upToMs).toBe(20);
});

test("a gap that is only a little longer than the longest so far is found", async () => {
  const found = await longestRowGap(counted(partition([0, 120])).lookUp, one(2, -100), 50);
  expect(found).toEqual({ gap: { partition: 0, fromMs: 0, toMs: 120, isFirst: false }, upToMs: 120 });
});

test("before the first row, a row was due since the first attempt; between two sessions nothing was", async () => {
  const rows = partition([3000, 3010, 60_050, 60_060]);
  const sessions = [
    { partition: 0, from: 0, to: 2, startMs: 500 },
    { partition: 0, from: 2, to: 4, startMs: 60_000 },
  ];
  expect(await longestRowGap(counted(rows).lookUp, sessions, 1)).toMatchObject({
    gap: { fromMs: 500, toMs: 3000, isFirst: true },
  });
  const late = sessions.map((session) => ({ ...session, startMs: session.startMs === 500 ? 2999 : 2990 }));
  expect(await longestRowGap(counted(rows).lookUp, late, 1)).toMatchObject({ gap: { fromMs: 3010, toMs: 60_050 } });
  expect(await longestRowGap(counted([]).lookUp, sessions, 1)).toBeUndefined();
});

test("commit times that go back tell nothing", async () => {
  const { lookUp } = counted(partition([0, 900, 100, 1000]));
  await expect(longestRowGap(lookUp, one(4), 1)).rejects.toThrow("in another order than their events");
});

test("commit times are in order to a millisecond: they are rounded", async () => {
  expect(await longestRowGap(counted(partition([0, 30, 29, 60])).lookUp, one(4), 1)).toMatchObject({ upToMs: 31 });
  const { lookUp } = counted(partition([0, 30, 28.9, 60]));
  await expect(longestRowGap(lookUp, one(4), 1)).rejects.toThrow("in another order than their events");
});

test("a stretch of exactly the fineness is not told apart", async () => {
  const found = await longestRowGap(counted(partition([0, 50, 100])).lookUp, one(3), 100);
  expect(found).toMatchObject({ gap: { isFirst: true }, upToMs: 100 });
});

test("a single row that was there at once is no gap", async () => {
  expect(await longestRowGap(counted(partition([7])).lookUp, one(1, 7), 0)).toMatchObject({ upToMs: 0 });
});

/** Look-ups that find nothing after so many calls. */
function losing(rows: CommittedRow[], isLost: (call: number) => boolean): LookUpRows {
  const { lookUp } = counted(rows);
  let call = 0;
  return async (lookUps) => {
    call += 1;
    return isLost(call) ? lookUps.map(() => undefined) : lookUp(lookUps);
  };
}

test.each([3, 4])("a row that is gone when it is looked for again is an error: look-up %i", async (lost) => {
  const lookUp = losing(partition([0, 50, 100, 150]), (call) => call === lost);
  await expect(longestRowGap(lookUp, one(4), 1)).rejects.toThrow("a row that was read before is gone");
});

test.each([1, 2])("a session whose first or last row is not found has no rows: look-up %i", async (lost) => {
  expect(
    await longestRowGap(
      losing(partition([0, 50]), (call) => call === lost),
      one(2),
      1,
    ),
  ).toBeUndefined();
});
