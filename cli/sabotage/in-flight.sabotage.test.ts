import { afterAll, expect, it } from "vitest";
import { SabotageBench } from "./fixture/bench.ts";
import { killOnce, Partition, pause } from "./fixture/partition.ts";
import { MANY_IN_FLIGHT } from "./fixture/producer-edits.ts";

/** Longer than the client waits for an answer (2 s), shorter than the brokers' session (4 s). */
const PAUSE_MS = 2_700;
const MAX_ROUNDS = 5;

const bench = new SabotageBench(MANY_IN_FLIGHT);
afterAll(() => bench[Symbol.asyncDispose]());

/** Events that are in the log more often than they were sent, and first records that stand behind a later event's. */
async function disorder(partition: Partition): Promise<{ repeated: number; disordered: number }> {
  const { leader } = await partition.roles();
  const events = partition.events(leader);
  const times = new Map<number, number>();
  for (const event of events) times.set(event, (times.get(event) ?? 0) + 1);
  const first = [...times.keys()];
  const attempts = partition.attempts();
  return {
    repeated: [...times].filter(([event, count]) => count > 1 && count > (attempts[event] ?? 0)).length,
    disordered: first.filter((event, index) => index > 0 && event < (first[index - 1] ?? event)).length,
  };
}

it("idempotence off with several requests in flight, and a leader disturbed: reorder or duplicate-log", async () => {
  await bench.up();
  await bench.produceOn(1_000);
  const partition = new Partition(bench, 0);
  await bench.until("events are acknowledged", 120_000, () => partition.acknowledgedEnd() > 300);
  let found = { repeated: 0, disordered: 0 };
  for (let round = 1; round <= MAX_ROUNDS && found.repeated + found.disordered === 0; round++) {
    const { leader } = await partition.roles();
    bench.say(`round ${round}: kafka-${leader} is paused, then killed`);
    const resume = await pause(bench, `kafka-${leader}`);
    const untilMs = Date.now() + PAUSE_MS;
    await bench.until("requests are sent again", 60_000, () => Date.now() >= untilMs);
    await resume();
    const resumedMs = Date.now();
    await bench.until("the partition goes on", 120_000, () => partition.acknowledgedSince(resumedMs) > 100);
    await killOnce(bench, `kafka-${leader}`);
    const killedMs = Date.now();
    await bench.until("the partition goes on", 120_000, () => partition.acknowledgedSince(killedMs) > 100);
    await bench.until("all replicas are in sync again", 180_000, async () => partition.allInSync());
    found = await disorder(partition);
  }
  await bench.produce(600, 1_000);
  bench.say(`marker: ${found.repeated} events repeated in the log, ${found.disordered} out of order`);
  expect(found.repeated + found.disordered).toBeGreaterThan(0);
  const { verdict, anomalies } = await bench.judge();
  expect(verdict.verdict).toBe("INVALID");
  if (found.disordered > 0) expect(Object.keys(anomalies)).toContain("reorder");
  if (found.repeated > 0) expect(Object.keys(anomalies)).toContain("duplicate-log");
});
