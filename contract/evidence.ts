import { createHash } from "node:crypto";
import { z } from "zod";
import { merkleRoot } from "./merkle.ts";
import { RUN_FILES } from "./run.ts";

/**
 * The evidence file of a run: everything that a verdict reads, so that it can be judged again without a server. docs/formats.md has a table.
 *
 *   file     = header block* index footer
 *   header   = "FAULTLINE-EVID\n" version(1 byte)
 *   block    = section(u32) sequence(u32) raw bytes(u32) stored bytes(u32) checksum(32 bytes) content(zstd)
 *   index    = JSON, see indexSchema
 *   footer   = offset of the index(u64) bytes of the index(u32) SHA-256 of the index(32 bytes) "FAULTLINE-END.\n" version(1 byte)
 *
 * Numbers are big-endian. `section` is the section's place in the index. Blocks of several sections may stand in any order, those of one section
 * stand in the order of `sequence`, from 0. There is no byte between two parts, so every byte of a file belongs to exactly one of them.
 */
export const EVIDENCE_VERSION = 1;

/** Content of a block before compression, at most: a reader holds one block per thread. */
export const BLOCK_BYTES = 1024 * 1024;

const named = (text: string) => Buffer.concat([Buffer.from(text, "latin1"), Buffer.of(EVIDENCE_VERSION)]);
export const EVIDENCE_HEADER = named("FAULTLINE-EVID\n");
const FOOTER_END = named("FAULTLINE-END.\n");
export const FOOTER_BYTES = 8 + 4 + 32 + FOOTER_END.length;
const BLOCK_NUMBERS_BYTES = 16;
export const BLOCK_HEADER_BYTES = BLOCK_NUMBERS_BYTES + 32;

/** The files of a run directory that a verdict reads, in the order in which they are taken: ledger and journal may be further than the others. */
export const EVIDENCE_FILES = [
  "run",
  "plan",
  "pipeline",
  "producerStatus",
  "samples",
  "witness",
  "journal",
  "ledger",
] as const;

/** Names of sections. `FACTS`: answers of the servers; `TIMES`: commit times of rows; `TAKEN`: which run, and when. */
export const SECTIONS = {
  TAKEN: "facts/taken",
  FACTS: "facts/answers",
  TIMES: "facts/commit-times",
  file: (name: (typeof EVIDENCE_FILES)[number]) => `file/${RUN_FILES[name]}`,
  log: (partition: number) => `log/${partition}`,
} as const;

const count = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const block = z.strictObject({
  /** Of the block's header in the file. */
  offset: count,
  /** Of the compressed content, without the header. */
  bytes: count,
  raw_bytes: count.max(BLOCK_BYTES),
  /** Of the header's four numbers and the compressed content. */
  sha256,
});
export type EvidenceBlock = z.infer<typeof block>;

const section = z.strictObject({
  name: z.string(),
  /** "file": as in the run directory; "facts": JSON; "table": COPY text; "log": record batches. */
  kind: z.enum(["file", "facts", "table", "log"]),
  raw_bytes: count,
  /** Merkle root over the blocks' checksums. */
  root: sha256,
  blocks: z.array(block),
});
export type EvidenceSection = z.infer<typeof section>;

export const evidenceIndexSchema = z.strictObject({
  version: z.literal(EVIDENCE_VERSION),
  /** Merkle root over the sections: `evidenceRoot`. */
  root: sha256,
  sections: z.array(section),
});
export type EvidenceIndex = z.infer<typeof evidenceIndexSchema>;

/** The section `facts/taken`. */
export const takenSchema = z.strictObject({
  version: z.literal(1),
  /** The run directory's name, which is no path. */
  run_id: z
    .string()
    .regex(/^[^/\\\0]+$/)
    .refine((name) => name !== "." && name !== ".."),
  topic: z.string(),
  /** When the servers were asked, by the clock of the machine that asked them. */
  taken_ms: z.int(),
  /** Records in the log. */
  events: count,
});
export type Taken = z.infer<typeof takenSchema>;

/** The numbers in a block's header. */
export type BlockNumbers = { section: number; sequence: number; rawBytes: number; bytes: number };

/** @returns the block's header with its checksum, and the checksum as hex. */
export function sealBlock(numbers: BlockNumbers, content: Uint8Array): { header: Buffer; sha256: string } {
  const header = Buffer.alloc(BLOCK_HEADER_BYTES);
  header.writeUInt32BE(numbers.section, 0);
  header.writeUInt32BE(numbers.sequence, 4);
  header.writeUInt32BE(numbers.rawBytes, 8);
  header.writeUInt32BE(numbers.bytes, 12);
  const digest = createHash("sha256").update(header.subarray(0, BLOCK_NUMBERS_BYTES)).update(content).digest();
  digest.copy(header, BLOCK_NUMBERS_BYTES);
  return { header, sha256: digest.toString("hex") };
}

/** Whether a block, header and content, is the very one that the index names. */
export function isSealed(bytes: Buffer, numbers: BlockNumbers, sha256: string): boolean {
  const content = bytes.subarray(BLOCK_HEADER_BYTES);
  const sealed = sealBlock(numbers, content);
  return sealed.sha256 === sha256 && sealed.header.equals(bytes.subarray(0, BLOCK_HEADER_BYTES));
}

/** The root of a whole file. It commits to every section's name, kind, length and content; so a file with any other byte has another root. */
export function evidenceRoot(sections: readonly Omit<EvidenceSection, "blocks">[]): string {
  return merkleRoot(
    sections.map(({ name, kind, raw_bytes, root }) =>
      createHash("sha256")
        .update("\u0002")
        .update(JSON.stringify([name, kind, raw_bytes, root]))
        .digest("hex"),
    ),
  );
}

/** The end of the file, for an index that begins at `offset`. */
export function footerOf(offset: number, index: Uint8Array): Buffer {
  const numbers = Buffer.alloc(12);
  numbers.writeBigUInt64BE(BigInt(offset), 0);
  numbers.writeUInt32BE(index.length, 8);
  return Buffer.concat([numbers, createHash("sha256").update(index).digest(), FOOTER_END]);
}

/** @param footer the last FOOTER_BYTES of a file. @returns undefined: this is no footer, so the file is cut off or changed there. */
export function readFooter(footer: Buffer): { offset: number; bytes: number } | undefined {
  const end = footer.subarray(FOOTER_BYTES - FOOTER_END.length);
  if (footer.length !== FOOTER_BYTES || !end.equals(FOOTER_END)) return undefined;
  const offset = footer.readBigUInt64BE(0);
  return offset > BigInt(Number.MAX_SAFE_INTEGER)
    ? undefined
    : { offset: Number(offset), bytes: footer.readUInt32BE(8) };
}
