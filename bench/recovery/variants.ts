import { FaultlineError } from "../../contract/errors.ts";
import type { NodeKind } from "../../contract/node.ts";
import type { PlannedNode, UpRequest } from "../../platform/runtime.ts";

export type StackRequest = UpRequest & { standby?: boolean; postgresStandby?: boolean };

/** A stack that rounds run on. `has`: how many nodes of these kinds it must have. */
type Variant = { title: string; request: StackRequest; has: Partial<Record<NodeKind, number>> };

export const VARIANTS = {
  standby: { title: "with a standby driver", request: { standby: true }, has: { driver: 2 } },
  "no-standby": { title: "without a standby", request: { standby: false }, has: { driver: 1 } },
  defaults: {
    title: "without a standby, Kafka's and Spark's defaults for time",
    request: { standby: false, fieldDefaults: true },
    has: { driver: 1 },
  },
  "postgres-standby": {
    title: "with a standby driver and a standby of PostgreSQL",
    request: { standby: true, postgresStandby: true },
    has: { driver: 2, postgres: 2 },
  },
} as const satisfies Record<string, Variant>;
export type VariantId = keyof typeof VARIANTS;
export const VARIANT_IDS = Object.keys(VARIANTS) as VariantId[];

/** Measured when none is named, as far as the stack can be them. */
const DEFAULT_VARIANTS: readonly VariantId[] = ["standby", "no-standby", "defaults"];

/** The nodes of a stack that is started with this request. */
export type PlannedNodes = (request: StackRequest) => readonly PlannedNode[];

/** @throws FaultlineError FL_USAGE for an unknown variant, and for one that this build's stack can't be, with the reason. */
export function chooseVariants(names: readonly string[] | undefined, plannedNodes: PlannedNodes): VariantId[] {
  const possible = VARIANT_IDS.filter((id) => whyImpossible(id, plannedNodes) === undefined);
  if (names === undefined) return DEFAULT_VARIANTS.filter((id) => possible.includes(id));
  return names.map((name) => {
    const id = VARIANT_IDS.find((each) => each === name);
    const why = id === undefined ? "there is no such variant" : whyImpossible(id, plannedNodes);
    if (id !== undefined && why === undefined) return id;
    throw new FaultlineError("FL_USAGE", `--variants: ${JSON.stringify(name)} can't be measured: ${why}`, {
      remedy: `use some of ${possible.join(", ")}`,
    });
  });
}

function whyImpossible(id: VariantId, plannedNodes: PlannedNodes): string | undefined {
  const { request, has } = VARIANTS[id];
  const nodes = plannedNodes(request);
  for (const [kind, wanted] of Object.entries(has)) {
    const found = nodes.filter((node) => node.kind === kind).length;
    if (found !== wanted) return `it needs ${wanted} of the kind ${kind}, and this stack has ${found}`;
  }
  return undefined;
}
