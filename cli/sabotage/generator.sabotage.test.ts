import { afterAll, expect, it } from "vitest";
import { SabotageBench } from "./fixture/bench.ts";

/** The copy's events differ from the ledger's promise in one field: the judge, whose generator is not spoiled, recomputes another text. */
const bench = new SabotageBench([
  { file: "contract/generate.ts", find: "alpha amber azure", replace: "ALPHA amber azure" },
]);
afterAll(() => bench[Symbol.asyncDispose]());

it("a generator that differs in one field: corrupt", async () => {
  await bench.up();
  await bench.produce(3_000, 1_000);
  const { verdict, anomalies } = await bench.judge();
  const spoiled = await bench.figure("SELECT count(*) FROM payments WHERE note LIKE '%ALPHA%'");
  bench.say(`marker: ${spoiled} rows have a word that the generator does not know`);
  expect(spoiled).toBeGreaterThan(0);
  expect(verdict.verdict).toBe("INVALID");
  expect(anomalies.corrupt).toBeGreaterThanOrEqual(spoiled);
});
