import { expect, it } from "vitest";
import type { PlannedNode } from "../../platform/runtime.ts";
import { chooseVariants } from "./variants.ts";

const drivers = (count: number) => (): PlannedNode[] =>
  Array.from({ length: count }, (_, index) => ({ name: `driver-${index}`, kind: "driver", unavailable: {} }));

it("without names: the variants that the stack can be", () => {
  expect(chooseVariants(undefined, drivers(1))).toEqual(["no-standby", "defaults"]);
  expect(chooseVariants(undefined, drivers(2))).toEqual(["standby"]);
});

it("refuses a stack that has no standby, with the reason, and a name that is none", () => {
  expect(() => chooseVariants(["standby"], drivers(1))).toThrow("it needs 2 drivers, and this stack has 1");
  expect(() => chooseVariants(["nosuch"], drivers(1))).toThrow('no variant "nosuch"');
  expect(chooseVariants(["defaults"], drivers(1))).toEqual(["defaults"]);
});
