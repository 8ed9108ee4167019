import fc from "fast-check";
import { expect, it } from "vitest";
import { OutputDecoder } from "./engine-stream.ts";

function frame(stream: number, text: string): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.alloc(8);
  head[0] = stream;
  head.writeUInt32BE(body.length, 4);
  return Buffer.concat([head, body]);
}

it("takes the two streams apart, however the frames are cut", () => {
  const frames = fc.array(fc.record({ stream: fc.constantFrom(1, 2), text: fc.string({ maxLength: 20 }) }), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }), (items, cuts) => {
      const decoder = new OutputDecoder();
      let rest = Buffer.concat(items.map(({ stream, text }) => frame(stream, text)));
      for (let i = 0; rest.length > 0; i++) {
        const size = cuts[i % cuts.length] as number;
        decoder.push(rest.subarray(0, size));
        rest = rest.subarray(size);
      }
      const of = (stream: number): string =>
        Buffer.from(items.flatMap((item) => (item.stream === stream ? [item.text] : [])).join("")).toString();
      expect([decoder.stdout, decoder.stderr]).toEqual([of(1), of(2)]);
    }),
  );
});

it("keeps a bounded part of an endless output", () => {
  const decoder = new OutputDecoder();
  for (let i = 0; i < 30; i++) decoder.push(frame(1, "x".repeat(100_000)));
  expect(decoder.stdout.length).toBeLessThanOrEqual(1_200_000);
});
