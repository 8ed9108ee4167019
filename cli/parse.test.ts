import { describe, expect, it } from "vitest";
import { parseCount, parseDuration, parsePartsPerMillion, parseSeed } from "./parse.ts";

describe("flag values", () => {
  it("reads durations, seconds when bare", () => {
    expect([
      parseDuration(1)("600"),
      parseDuration(1)("150s"),
      parseDuration(1)("2.5m"),
      parseDuration(1)("20ms"),
      parseDuration(1)("1h"),
    ]).toEqual([600_000, 150_000, 150_000, 20, 3_600_000]);
    for (const bad of ["", "-1", "5x", "1e3", "s"]) expect(() => parseDuration(1)(bad), bad).toThrow(/duration/);
  });
  it("reads shares as parts per million", () => {
    expect([
      parsePartsPerMillion("0.1%"),
      parsePartsPerMillion("0.001"),
      parsePartsPerMillion("0"),
      parsePartsPerMillion("100%"),
    ]).toEqual([1000, 1000, 0, 1_000_000]);
    for (const bad of ["101%", "2", "x", ""]) expect(() => parsePartsPerMillion(bad), bad).toThrow(/share/);
  });
  it("reads counts with k and M", () => {
    expect([parseCount(1)("2k"), parseCount(1)("3M"), parseCount(1)("1.5k"), parseCount(0)("0")]).toEqual([
      2000, 3_000_000, 1500, 0,
    ]);
    for (const bad of ["0", "1.5", "-1", "k"]) expect(() => parseCount(1)(bad), bad).toThrow(/whole number/);
  });
  it("reads seeds", () => {
    expect(parseSeed("2147483647")).toBe(2147483647);
    for (const bad of ["2147483648", "-1", "1.5", ""]) expect(() => parseSeed(bad), bad).toThrow(/seed/);
  });
});
