import { expect, it } from "vitest";
import type { PlannedNode } from "../../platform/runtime.ts";
import { chooseVariants, type PlannedNodes } from "./variants.ts";

const nodesOf = (drivers: number): PlannedNode[] =>
  Array.from({ length: drivers }, (_, index) => ({ name: `driver-${index}`, kind: "driver", unavailable: {} }));
/** A stack that never has a standby, and one that has a standby driver when it is asked for. */
const without: PlannedNodes = () => nodesOf(1);
const withStandby: PlannedNodes = ({ standby }) => nodesOf(standby === true ? 2 : 1);

it("without names: the usual variants that the stack can be", () => {
  expect(chooseVariants(undefined, without)).toEqual(["no-standby", "defaults"]);
  expect(chooseVariants(undefined, withStandby)).toEqual(["standby", "no-standby", "defaults"]);
});

it("refuses a standby where the stack has none, with the reason, and a name that is none", () => {
  expect(() => chooseVariants(["standby"], without)).toThrow("it needs 2 of the kind driver, and this stack has 1");
  expect(() => chooseVariants(["postgres-standby"], withStandby)).toThrow("it needs 2 of the kind postgres");
  expect(() => chooseVariants(["nosuch"], without)).toThrow('"nosuch" can\'t be measured: there is no such variant');
  expect(chooseVariants(["defaults"], without)).toEqual(["defaults"]);
});
