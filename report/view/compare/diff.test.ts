import { describe, expect, test } from "vitest";
import { exactly, faultView, viewOf } from "../../fixture/fault-view.ts";
import type { Measure } from "../../measure/measure.ts";
import { diffText } from "../../render/diff-text.ts";
import { diffOf, type DiffLine } from "./diff.ts";

const runOf = (id: string, measures: Measure[]) =>
  viewOf(
    id,
    measures.map((measure, index) => faultView(index, measure)),
  );
const runs = (a: Measure[], b: Measure[]) => diffOf(runOf("A", a), runOf("B", b));
const visible = (a: Measure[], b: Measure[]): DiffLine => {
  const line = runs(a, b).lines.find(({ figure }) => figure === "visible again");
  if (line === undefined) throw new Error("no line");
  return line;
};
const exact = (...all: number[]) => all.map(exactly);
const within = (lowMs: number, highMs: number): Measure => ({ lowMs, highMs, open: false, by: "samples" });

describe("two runs side by side", () => {
  test("four against four that do not overlap differ, and both ways", () => {
    const [low, high] = [exact(1_000, 1_100, 1_200, 1_300), exact(9_000, 9_100, 9_200, 9_300)];
    expect(visible(low, high)).toMatchObject({ fault: "kill kafka", result: "slower", p: 2 / 70 });
    expect(visible(high, low)).toMatchObject({ result: "faster" });
    expect(visible(low, high).a).toEqual({ n: 4, open: 0, median: { lowMs: 1_100, highMs: 1_100, open: false } });
  });

  test("three against three are too few, whatever they are", () => {
    expect(visible(exact(1, 2, 3), exact(9_000, 9_001, 9_002))).toMatchObject({ result: "too-few", p: null });
    expect(visible(exact(1, 2, 3, 4, 5), [])).toMatchObject({ result: "too-few", b: { n: 0, median: null } });
  });

  test("what overlaps is not told apart", () => {
    expect(visible(exact(1_000, 3_000, 2_000, 4_000), exact(1_500, 2_500, 3_500, 4_500))).toMatchObject({
      result: "same",
    });
  });

  test("a difference within the error of the figures is none", () => {
    const a = [1, 2, 3, 4].map((ms) => within(ms * 10, 2_000 + ms * 10));
    const b = [5, 6, 7, 8].map((ms) => within(ms * 10, 2_000 + ms * 10));
    expect(visible(a, b)).toMatchObject({ result: "same", p: 2 / 70 });
  });

  test("what was not over is longer than anything", () => {
    const open = Array.from({ length: 4 }, (): Measure => ({
      lowMs: 20_000,
      highMs: 20_000,
      open: true,
      by: "samples",
    }));
    expect(visible(exact(1_000, 2_000, 3_000, 4_000), open)).toMatchObject({ result: "slower", b: { open: 4 } });
    // Even if what was seen of it is short: nobody knows how long it was, but it is not said to be shorter.
    const short = open.map((measure) => ({ ...measure, lowMs: 500, highMs: 500 }));
    expect(visible(exact(1_000, 2_000, 3_000, 4_000), short).result).toBe("same");
  });

  test("faults without effect do not count, and kinds are kept apart", () => {
    const a = viewOf("A", [
      faultView(0, exactly(5), { effective: false }),
      faultView(1, exactly(5), { kind: "pause" }),
    ]);
    expect(diffOf(a, a).lines.map(({ fault }) => fault)).toEqual(Array.from({ length: 4 }, () => "pause kafka"));
  });

  test("with many figures, one that is just beyond chance is not told", () => {
    const kinds = ["kill", "stop", "pause"] as const;
    const many = (id: string, from: number) =>
      viewOf(
        id,
        kinds.flatMap((kind, place) =>
          Array.from({ length: 4 }, (_, index) =>
            faultView(place * 4 + index, exactly(1_000 + index + (kind === "kill" ? from : 0)), { kind }),
          ),
        ),
      );
    const { lines } = diffOf(many("A", 0), many("B", 5_000));
    // 2/70 alone is below 5 %, but one of three must be below 1.7 %.
    expect(lines.filter(({ p }) => p !== null).map(({ result }) => result)).toEqual(["same", "same", "same"]);
  });
});

test("as text: both medians with their n, the result, and the rule", () => {
  const text = diffText(runs(exact(1_000, 1_100, 1_200, 1_300), exact(9_000, 9_100, 9_200, 9_300)));
  expect(text).toContain("A  A  no verdict");
  expect(text).toMatch(/kill kafka +visible again +1\.100 s \(4\) +9\.100 s \(4\) +SLOWER +0\.029/);
  expect(text).toMatch(/kill kafka +no ack for +- +- +too few to tell +-/);
  expect(text).toContain("1 of 4 figures differ beyond chance.");
});
