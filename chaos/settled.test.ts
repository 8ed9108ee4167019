import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type Health, partitionHealth } from "../contract/health.ts";
import { type ProducerStatus, RUN_FILES } from "../contract/run.ts";
import { systemClock } from "../machine/clock.ts";
import { SettleWatch, waitSettled } from "./settled.ts";

const SINCE_MS = 100_000;

/** Partitions as [next_offset, log end]. */
function health(atMs: number, ...places: (readonly [number | null, number | null])[]): Health {
  const partitions = places.map(([nextOffset, logEnd], partition) =>
    partitionHealth({ partition, nextOffset, logEnd, unstoredAgeMs: null, movedMs: atMs }, atMs),
  );
  return { version: 1, at_ms: atMs, partitions };
}

function producer(atMs: number, state: ProducerStatus["state"], ...ackedMs: number[]): ProducerStatus {
  const partitions = ackedMs.map((last_ack_ms, partition) => ({ partition, last_ack_ms, next_sequence: 1 }));
  const counts = { attempted: 1, acknowledged: 1, indeterminate: 0, backlog: 0, throttled: 0, last_ack_ms: 0 };
  return { version: 2, pid: 1, state, at_ms: atMs, ledger: { lines: 1, crc: "" }, ...counts, partitions, error: null };
}

test("settled: an acknowledgement on every partition, then what was in the log is stored", () => {
  const watch = new SettleWatch(SINCE_MS);
  const at = (ms: number): number => SINCE_MS + ms;
  const early = { health: health(at(0), [5, 5], [7, 7]), producer: producer(at(1), "producing", at(1), at(1)) };
  expect(watch.missing(early, at(10))).toBe("the monitor has not looked since");
  const dumb = { health: health(at(500), [5, 5], [7, 7]), producer: producer(at(0), "producing", at(-9), at(-9)) };
  expect(watch.missing(dumb, at(510))).toBe("the producer has said nothing since");
  const silent = { health: health(at(500), [5, 5], [7, 7]), producer: producer(at(400), "producing", at(300), at(-9)) };
  expect(watch.missing(silent, at(510))).toBe("partition 1: no acknowledgement since");
  const acked = {
    health: health(at(1500), [5, 9], [7, 8]),
    producer: producer(at(1400), "producing", at(300), at(900)),
  };
  expect(watch.missing(acked, at(1510))).toBe("partition 0 is at offset 5 of 9");
  // The log goes on, and the goal stays; the producer may be slow again.
  const one = {
    health: health(at(2500), [9, 20], [7, 30]),
    producer: producer(at(1400), "producing", at(300), at(900)),
  };
  expect(watch.missing(one, at(2510))).toBe("partition 1 is at offset 7 of 8");
  expect(watch.missing({ ...one, health: health(at(3500), [9, 40], [8, 40]) }, at(3510))).toBeUndefined();
});

test("a producer that has ended, or never was, owes nothing", () => {
  const seen = health(SINCE_MS + 1, [5, 5]);
  for (const state of ["done", "failed", "draining", "quiesced"] as const)
    expect(new SettleWatch(SINCE_MS).missing({ health: seen, producer: producer(1, state, 0) }, SINCE_MS + 2)).toBe(
      undefined,
    );
  expect(new SettleWatch(SINCE_MS).missing({ health: seen, producer: undefined }, SINCE_MS + 2)).toBeUndefined();
});

test("what is unknown, or old, is not settled", () => {
  const watch = new SettleWatch(SINCE_MS);
  const unknown = health(SINCE_MS + 1, [5, 5], [null, 4]);
  expect(watch.missing({ health: unknown, producer: undefined }, SINCE_MS + 2)).toMatch(/^partition 1: .*answer/);
  const old = { health: health(SINCE_MS + 1, [5, 5]), producer: undefined };
  expect(watch.missing(old, SINCE_MS + 5_001)).toBeUndefined();
  expect(new SettleWatch(SINCE_MS).missing(old, SINCE_MS + 5_002)).toBe("the monitor has not looked since");
});

test("reads the run's files; without a monitor it does not wait", async () => {
  const directory = mkdtempSync(join(tmpdir(), "faultline-settled-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const wait = (timeoutMs: number) =>
    waitSettled(directory, SINCE_MS, timeoutMs, { clock: systemClock, signal: new AbortController().signal });
  expect(await wait(60_000)).toBeUndefined();
  const write = (nextOffset: number): void =>
    writeFileSync(join(directory, RUN_FILES.health), JSON.stringify(health(Date.now(), [nextOffset, 3])));
  write(2);
  expect(await wait(1)).toBe("partition 0 is at offset 2 of 3");
  const waiting = wait(60_000);
  setTimeout(() => write(3), 50);
  expect(await waiting).toBeUndefined();
});
