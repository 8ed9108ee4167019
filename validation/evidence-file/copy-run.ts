import { createReadStream } from "node:fs";
import type { EvidenceWriter } from "./evidence-writer.ts";
import { SECTIONS } from "../../contract/evidence.ts";
import type { Pipeline } from "../../contract/pipeline.ts";
import { FaultlineError } from "../../contract/errors.ts";
import { batchesOf } from "../read/batch-bytes.ts";
import type { LogRange } from "../read/kafka-log.ts";
import { partSection } from "../source/evidence-facts.ts";
import type { PartitionSource, TablePart } from "../source/run-source.ts";

/** Copies a file as it is now. One that is missing has no section. @returns the bytes that were copied; undefined: there is no file. */
export async function copyFile(writer: EvidenceWriter, file: string, name: string): Promise<number | undefined> {
  const chunks = createReadStream(file, { highWaterMark: 1024 * 1024 })[Symbol.asyncIterator]();
  const first = await chunks.next().catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (first === undefined) return undefined;
  const section = writer.section(name, "file");
  let bytes = 0;
  for (let chunk = first; chunk.done !== true; chunk = await chunks.next()) {
    section.push(chunk.value as Buffer);
    bytes += (chunk.value as Buffer).length;
  }
  section.end();
  return bytes;
}

/** `sink_offsets`, and everything that belongs to no partition. */
export function restParts(pipeline: Pipeline): TablePart[] {
  return [{ of: "offsets" }, ...partsOf(pipeline, "rest")];
}

/** Copies the tables and the log of one partition, side by side. @param onRead called with the content's bytes. */
export async function copyPartition(
  writer: EvidenceWriter,
  source: PartitionSource,
  pipeline: Pipeline,
  range: LogRange,
  onRead: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all([
    copyParts(writer, source, partsOf(pipeline, range.partition), onRead, signal),
    copyLog(writer, source, range, onRead, signal),
  ]);
}

export async function copyParts(
  writer: EvidenceWriter,
  source: PartitionSource,
  parts: readonly TablePart[],
  onRead: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const part of parts) {
    const section = writer.section(partSection(part), "table");
    await source.copy(part, signal, (chunk) => {
      section.push(chunk);
      onRead(chunk.length);
    });
    section.end();
  }
}

/** Writes whole batches, each once, as a broker sent them. */
async function copyLog(
  writer: EvidenceWriter,
  source: PartitionSource,
  range: LogRange,
  onRead: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const section = writer.section(SECTIONS.log(range.partition), "log");
  let next = range.start;
  await source.log(range, signal, (bytes, position) => {
    next = position;
    for (const batch of batchesOf(bytes)) {
      const end = batch.base + batch.count;
      if (end <= next || next >= range.end) continue;
      section.push(batch.bytes);
      onRead(batch.bytes.length);
      next = Math.min(end, range.end);
    }
    return next;
  });
  section.end();
  if (next < range.end)
    throw new FaultlineError(
      "FL_EVIDENCE_INCOMPLETE",
      `partition ${range.partition}: Kafka gave its log up to offset ${next} of ${range.end}`,
      { remedy: "run `./faultline evidence` again" },
    );
}

function partsOf(pipeline: Pipeline, partition: number | "rest"): TablePart[] {
  return [
    { of: "letters", partition },
    ...pipeline.aggregates.map((_, aggregate): TablePart => ({ of: "groups", aggregate, partition })),
    { of: "rows", partition },
  ];
}
