import { type Slo, SLO_BOUNDS } from "../../contract/slo.ts";

/** @returns the bounds that count: a flag wins over the pipeline file. */
export function boundsOf(ofPipeline: Slo = {}, flags: Slo = {}): Slo {
  return { ...ofPipeline, ...flags };
}

/** @returns what the flags take away from the pipeline file's bounds, one phrase each. */
export function loosened(ofPipeline: Slo = {}, flags: Slo = {}): string[] {
  return SLO_BOUNDS.flatMap((bound) => {
    const [given, wanted] = [flags[bound], ofPipeline[bound]];
    if (given === undefined || wanted === undefined || given <= wanted) return [];
    return [`the bound ${bound} was raised from ${wanted} to ${given}`];
  });
}
