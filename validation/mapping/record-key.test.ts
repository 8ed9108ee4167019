import { expect, test } from "vitest";
import { eventKey, eventNumber, parseEventKey } from "../../contract/event.ts";
import { RecordKeys } from "./record-key.ts";

const RUN = 1_700_000_123;
const keys = new RecordKeys(RUN);
/** The key as it lies in the middle of a batch. */
function read(key: string) {
  const bytes = Buffer.from(`77${key}77`, "latin1");
  return keys.read(bytes, 2, 2 + key.length);
}

test("the keys of events", () => {
  for (const [partition, sequence] of [
    [0, 0],
    [0, 9],
    [5, 10],
    [7, 123_456],
  ] as const) {
    expect(read(eventKey(RUN, partition, sequence))).toEqual({ run: RUN, partition, sequence });
    expect(read(eventKey(RUN + 1, partition, sequence))).toEqual({ run: RUN + 1, partition, sequence });
  }
  expect(read("9:0")).toEqual({ run: 9, partition: 0, sequence: 0 });
});

test("whatever a key is, it is read as the contract reads it", () => {
  const event = eventNumber(1, 5);
  for (const key of [
    `${RUN}:`,
    `${RUN}`,
    `${RUN}:0`,
    `${RUN}:00`,
    `${RUN}:01`,
    `${RUN}:${event}x`,
    `${RUN}:x${event}`,
    `${RUN}:-1`,
    `${RUN}: 1`,
    `${RUN}:1/`,
    `${RUN}:1:`,
    `${RUN}:${Number.MAX_SAFE_INTEGER}`,
    `${RUN}:9007199254740993`,
    `${RUN}:99999999999999999`,
    `${RUN}:000000000000000005`,
    `${RUN}:99999999999999999999999`,
    `${RUN};${event}`,
    `1${RUN}:${event}`,
    `0${RUN}:${event}`,
    `${RUN + 1}:${event}`,
    "",
    ":",
    "x",
  ])
    expect(read(key), key).toEqual(parseEventKey(key));
});

test("no key is no event", () => expect(keys.read(Buffer.from("9:0"), 0, -1)).toBeUndefined());
