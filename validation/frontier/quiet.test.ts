import { describe, expect, test } from "vitest";
import { FaultlineError } from "../../contract/errors.ts";
import type { QuietState } from "./quiet.ts";
import { waitUntilQuiet } from "./quiet.ts";

/** Answers one look after another; the last one for ever. */
function wait(
  looks: (QuietState | Error)[],
  limits: Partial<{ timeoutMs: number; noProgressMs: number; unreachableMs: number }> = {},
) {
  let at = 0;
  const look = async () => {
    const answer = looks[Math.min(at++, looks.length - 1)] as QuietState | Error;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return waitUntilQuiet({
    look,
    timeoutMs: 2000,
    noProgressMs: 2000,
    unreachableMs: 2000,
    intervalMs: 1,
    signal: new AbortController().signal,
    ...limits,
  });
}
const state = (end: number, next: number, ledgerBytes = 1): QuietState => ({
  ledgerBytes,
  logEnds: [end, 5],
  nextOffsets: [next, 5],
});
const down = new FaultlineError("FL_KAFKA_UNREACHABLE", "down");

describe("quiet", () => {
  test("only when two looks agree and nothing is left", async () => {
    expect(await wait([state(10, 8), state(10, 10), state(11, 11), state(11, 11, 2), state(11, 11, 2)])).toMatchObject({
      outcome: "quiet",
      behind: 0,
    });
  });
  test("a source that comes back is waited for", async () => {
    expect(await wait([down, down, state(3, 3)])).toMatchObject({ outcome: "quiet" });
  });
  test("a sink that stands still is not waited for until the end of time", async () => {
    expect(await wait([state(10, 8)], { noProgressMs: 20 })).toMatchObject({ outcome: "stuck", behind: 2 });
  });
  test("time runs out while the sink still moves", async () => {
    const looks = Array.from({ length: 1000 }, (_, next) => state(5000, next));
    expect(await wait(looks, { timeoutMs: 30 })).toMatchObject({ outcome: "timeout" });
  });
  test("a source that stays away is an error; a wrong password is one at once", async () => {
    await expect(wait([down], { unreachableMs: 20 })).rejects.toThrow("down");
    await expect(wait([new FaultlineError("FL_POSTGRES_AUTH", "no")])).rejects.toThrow("no");
  });
});
