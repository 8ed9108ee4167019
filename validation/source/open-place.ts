import { EvidencePartitions } from "./evidence-source.ts";
import { LiveSource } from "./live-source.ts";
import type { SourcePlace } from "./place.ts";
import type { PartitionSource } from "./run-source.ts";

/** Makes the reader of one thread. */
export function openPlace(place: SourcePlace): PartitionSource {
  return "evidence" in place ? new EvidencePartitions(place) : new LiveSource(place);
}
