import { writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { systemClock } from "../machine/clock.ts";
import { PROGRAMS, startTestStack } from "./fixture/stack.ts";
import { driversOfPair, waitForStandby } from "./standby.ts";

const driver = (name: string) => ({ name, kind: "driver" as const, argv: PROGRAMS.plain });

it("waits for both of two drivers, as long as it may, and never for a lone one", async () => {
  await using pair = await startTestStack([driver("driver"), driver("driver-2")]);
  const signal = new AbortController().signal;
  const recovery = { control: pair.control, clock: systemClock, signal, recoveryTimeoutMs: 500 };
  const drivers = await driversOfPair(pair.control);
  expect(await waitForStandby(recovery, drivers, 0)).toBeUndefined();
  const unready = join(pair.directory, "driver-2.unready");
  writeFileSync(unready, "");
  expect(await waitForStandby(recovery, drivers, 0)).toBe("of driver, driver-2 not all are ready");
  const waiting = waitForStandby({ ...recovery, recoveryTimeoutMs: 10_000 }, drivers, 0);
  await rm(unready);
  expect(await waiting).toBeUndefined();

  await using lone = await startTestStack([driver("driver")]);
  writeFileSync(join(lone.directory, "driver.unready"), "");
  expect(await waitForStandby(recovery, await driversOfPair(lone.control), 0)).toBeUndefined();
});
