import type { SampledNode } from "../../../contract/sample.ts";

/** What a node showed: see SampledNode. */
export type Shown = Pick<SampledNode, "answers" | "role">;

/** Asks one node, again and again. `ask` may hang or throw: then the node did not answer. */
export type Probe = { ask(): Promise<Shown>; close(): Promise<void> };

export const NOTHING_TO_CLOSE = { close: () => Promise.resolve() };

/** A node that nobody here can ask. */
export const UNASKED: Shown = { answers: null, role: null };
