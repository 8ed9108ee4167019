import type { Sample } from "../../contract/sample.ts";

/** A sample as it is sent: without `nodes`, if they are those of the one before in the same message. They are more than half of its bytes. */
export type PackedSample = Omit<Sample, "nodes"> & Partial<Pick<Sample, "nodes">>;

export function packed(samples: readonly Sample[]): PackedSample[] {
  let before = "";
  return samples.map((sample) => {
    const nodes = JSON.stringify(sample.nodes);
    if (nodes !== before) {
      before = nodes;
      return sample;
    }
    const { nodes: _, ...rest } = sample;
    return rest;
  });
}

export function unpacked(samples: readonly PackedSample[]): Sample[] {
  let nodes: Sample["nodes"] = [];
  return samples.map((sample) => {
    nodes = sample.nodes ?? nodes;
    return { ...sample, nodes };
  });
}
