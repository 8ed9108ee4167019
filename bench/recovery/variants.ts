import { FaultlineError } from "../../contract/errors.ts";
import type { PlannedNode, UpRequest } from "../../platform/runtime.ts";

/** A stack that rounds run on. `drivers`: how many it must have. */
export type Variant = { title: string; request: UpRequest; drivers: number };

export const VARIANTS = {
  standby: { title: "with a standby driver", request: {}, drivers: 2 },
  "no-standby": { title: "without a standby", request: {}, drivers: 1 },
  defaults: {
    title: "without a standby, Kafka's and Spark's defaults for time",
    request: { fieldDefaults: true },
    drivers: 1,
  },
} as const satisfies Record<string, Variant>;
export type VariantId = keyof typeof VARIANTS;
export const VARIANT_IDS = Object.keys(VARIANTS) as VariantId[];

type PlannedNodes = (request: UpRequest) => readonly PlannedNode[];

/** @returns the variants that this build's stack can be. */
export function possibleVariants(plannedNodes: PlannedNodes): VariantId[] {
  return VARIANT_IDS.filter((id) => whyImpossible(id, plannedNodes) === undefined);
}

/** @throws FaultlineError FL_USAGE for an unknown variant, and for one that this build's stack can't be, with the reason. */
export function chooseVariants(names: readonly string[] | undefined, plannedNodes: PlannedNodes): VariantId[] {
  if (names === undefined) return possibleVariants(plannedNodes);
  return names.map((name) => {
    const id = VARIANT_IDS.find((each) => each === name);
    if (id === undefined)
      throw new FaultlineError("FL_USAGE", `--variants: no variant ${JSON.stringify(name)}`, {
        remedy: `use some of ${VARIANT_IDS.join(", ")}`,
      });
    const why = whyImpossible(id, plannedNodes);
    if (why !== undefined)
      throw new FaultlineError("FL_USAGE", `--variants: ${id} can't be measured: ${why}`, {
        remedy: `use some of ${possibleVariants(plannedNodes).join(", ")}`,
      });
    return id;
  });
}

function whyImpossible(id: VariantId, plannedNodes: PlannedNodes): string | undefined {
  const { request, drivers } = VARIANTS[id];
  const found = plannedNodes(request).filter(({ kind }) => kind === "driver").length;
  return found === drivers
    ? undefined
    : `it needs ${drivers} driver${drivers === 1 ? "" : "s"}, and this stack has ${found}`;
}
