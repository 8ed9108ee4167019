import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeLedger, encodeLedger } from "./ledger.ts";
import { decodeLine, encodeLine } from "./log-line.ts";

const record = fc.dictionary(
  fc.string().filter((key) => key !== "__proto__" && key !== "crc"),
  fc.jsonValue(),
  { minKeys: 1 },
);

it("a line gives its record back", () => {
  fc.assert(
    fc.property(record, (value) => {
      expect(decodeLine(encodeLine(value).slice(0, -1))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

it("a line with any byte changed, or cut anywhere, is damaged", () => {
  const line = encodeLine({ t: "ack", p: 3, s: 12, n: 100, o: 4711, at_ms: 1 }).slice(0, -1);
  for (let index = 0; index < line.length; index++) {
    const changed = line.slice(0, index) + String.fromCharCode(line.charCodeAt(index) ^ 1) + line.slice(index + 1);
    expect(decodeLine(changed), changed).toBeUndefined();
    expect(decodeLine(line.slice(0, index))).toBeUndefined();
  }
});

it("an unknown kind of ledger line is damaged, not skipped", () => {
  expect(decodeLedger(encodeLine({ t: "other" }).trimEnd())).toBeUndefined();
  expect(decodeLedger(encodeLedger({ t: "close", at_ms: 1 }).trimEnd())).toEqual({ t: "close", at_ms: 1 });
});
