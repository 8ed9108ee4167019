import { expect, test } from "vitest";
import { EventSample } from "./event-sample.ts";

test("the sample stays bounded, is evenly spread, and has each event once", () => {
  const sample = new EventSample();
  for (let batch = 0; batch < 5000; batch++)
    sample.add({ t: "attempt", p: 0, s: batch * 7, n: 7, first_ms: 0, last_ms: 6, a: 1, at_ms: 0 });
  sample.add({ t: "attempt", p: 0, s: 0, n: 7, first_ms: 0, last_ms: 6, a: 2, at_ms: 0 });
  const sequences = sample.events.map(({ sequence }) => sequence);
  expect(sequences.length).toBeGreaterThan(4000);
  expect(sequences.length).toBeLessThanOrEqual(8192);
  const strides = new Set(sequences.slice(1).map((sequence, index) => sequence - (sequences[index] as number)));
  expect([...strides]).toEqual([8]);
  expect(sample.events[1]).toEqual({ partition: 0, sequence: 8, createdMs: 1 });
});
