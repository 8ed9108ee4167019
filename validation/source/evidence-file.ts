import { type FileHandle, open } from "node:fs/promises";
import { zstdDecompressSync } from "node:zlib";
import { z } from "zod";
import { FaultlineError } from "../../contract/errors.ts";
import {
  BLOCK_HEADER_BYTES,
  EVIDENCE_HEADER,
  type EvidenceBlock,
  type EvidenceIndex,
  evidenceIndexSchema,
  evidenceRoot,
  type EvidenceSection,
  FOOTER_BYTES,
  footerOf,
  isSealed,
  readFooter,
} from "../../contract/evidence.ts";
import { merkleRoot } from "../../contract/merkle.ts";
import { parseJsonFile } from "../../contract/parse-file.ts";
import { UnreadableError } from "../read/unreadable-error.ts";

const REMEDY = "get the file again; `./faultline evidence` printed its root";

/** A block with its place in the file, as the index has it. */
type Placed = { section: EvidenceSection; number: number; sequence: number; block: EvidenceBlock };

/** An evidence file, opened. Its index is whole; its blocks are checked when they are read. */
export class EvidenceFile {
  readonly path: string;
  /** Bytes of the file. */
  readonly bytes: number;
  readonly #handle: FileHandle;
  readonly #index: EvidenceIndex;
  readonly #numbers: ReadonlyMap<string, number>;

  private constructor(path: string, bytes: number, handle: FileHandle, index: EvidenceIndex) {
    this.path = path;
    this.bytes = bytes;
    this.#handle = handle;
    this.#index = index;
    this.#numbers = new Map(index.sections.map(({ name }, number) => [name, number]));
  }

  /** @throws FaultlineError FL_EVIDENCE_DAMAGED if there is no file, it is cut off, or its header, index or footer has another byte. */
  static async open(path: string): Promise<EvidenceFile> {
    const handle = await open(path).catch((error: Error) => {
      throw damaged(`${path} can't be read: ${error.message}`);
    });
    try {
      const { size } = await handle.stat();
      return new EvidenceFile(path, size, handle, await readIndex(path, handle, size));
    } catch (error) {
      await handle.close();
      throw (error as NodeJS.ErrnoException).code === "EISDIR" ? damaged(`${path} is a directory`) : error;
    }
  }

  get root(): string {
    return this.#index.root;
  }

  get sections(): readonly EvidenceSection[] {
    return this.#index.sections;
  }

  has(name: string): boolean {
    return this.#numbers.has(name);
  }

  /**
   * Gives the content of a section, block by block. @throws UnreadableError: there is no such section, or a block has another byte.
   */
  async *read(name: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
    const number = this.#numbers.get(name);
    const section = this.#index.sections[number ?? -1];
    if (number === undefined || section === undefined) throw new UnreadableError(`the evidence has no section ${name}`);
    for (const [sequence, block] of section.blocks.entries()) {
      signal?.throwIfAborted();
      const placed = { section, number, sequence, block };
      const bytes = await this.#bytesOf(placed);
      if (bytes === undefined) throw new UnreadableError(problemOf(placed));
      yield unpacked(bytes.subarray(BLOCK_HEADER_BYTES), placed);
    }
  }

  /** A small section as JSON. @throws UnreadableError as read does, or if it does not have this shape. */
  async json<T>(name: string, schema: z.ZodType<T>): Promise<T> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.read(name)) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString("utf8");
    try {
      return parseJsonFile(schema, text, `section ${name}`, { code: "FL_EVIDENCE_DAMAGED", remedy: REMEDY });
    } catch (error) {
      throw error instanceof FaultlineError ? new UnreadableError(error.message) : error;
    }
  }

  /**
   * Compares every block with its checksum, in the order of the file.
   * @param onRead called with the bytes that were compared so far.
   * @returns the blocks that do not fit, as sentences: at most `most`, and how many there are.
   */
  async check(
    most: number,
    onRead: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<{ problems: string[]; count: number }> {
    const found = { problems: [] as string[], count: 0 };
    for (const placed of placedBlocks(this.#index)) {
      signal.throwIfAborted();
      if ((await this.#bytesOf(placed)) === undefined) {
        found.count += 1;
        if (found.problems.length < most) found.problems.push(problemOf(placed));
      }
      onRead(placed.block.offset + BLOCK_HEADER_BYTES + placed.block.bytes);
    }
    return found;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  /** Header and content of a block; undefined: they are not those that the index names. */
  async #bytesOf({ number, sequence, block }: Placed): Promise<Buffer | undefined> {
    const bytes = Buffer.allocUnsafe(BLOCK_HEADER_BYTES + block.bytes);
    const { bytesRead } = await this.#handle.read(bytes, 0, bytes.length, block.offset);
    const numbers = { section: number, sequence, rawBytes: block.raw_bytes, bytes: block.bytes };
    return bytesRead === bytes.length && isSealed(bytes, numbers, block.sha256) ? bytes : undefined;
  }
}

function problemOf({ section, sequence, block }: Placed): string {
  const end = block.offset + BLOCK_HEADER_BYTES + block.bytes - 1;
  return `evidence: section ${section.name}, block ${sequence} (bytes ${block.offset}–${end}): its checksum does not fit`;
}

/** The checksum fits, so whoever wrote the file has written this; it may still be no zstd. */
function unpacked(content: Buffer, { section, sequence, block }: Placed): Buffer {
  const wrong = new UnreadableError(
    `evidence: section ${section.name}, block ${sequence}: its content can't be unpacked`,
  );
  let raw: Buffer;
  try {
    raw = zstdDecompressSync(content, { maxOutputLength: Math.max(1, block.raw_bytes) });
  } catch {
    throw wrong;
  }
  if (raw.length !== block.raw_bytes) throw wrong;
  return raw;
}

function placedBlocks({ sections }: EvidenceIndex): Placed[] {
  return sections
    .flatMap((section, number) => section.blocks.map((block, sequence) => ({ section, number, sequence, block })))
    .toSorted((a, b) => a.block.offset - b.block.offset);
}

async function readIndex(path: string, handle: FileHandle, size: number): Promise<EvidenceIndex> {
  const at = async (offset: number, length: number) => {
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await handle.read(bytes, 0, length, offset);
    return bytes.subarray(0, bytesRead);
  };
  const header = await at(0, EVIDENCE_HEADER.length);
  const version = EVIDENCE_HEADER.length - 1;
  if (header.length < EVIDENCE_HEADER.length) throw damaged(`${path} has ${size} bytes: it was cut off`);
  if (!header.subarray(0, version).equals(EVIDENCE_HEADER.subarray(0, version)))
    throw damaged(`${path} is no evidence file: it does not begin with its header (bytes 0–${version})`);
  if (!header.equals(EVIDENCE_HEADER))
    throw damaged(
      `${path} has version ${header[version]} of the format (byte ${version}), which is not known to this build (it reads version ${EVIDENCE_HEADER[version]})`,
    );
  const footerAt = Math.max(0, size - FOOTER_BYTES);
  const footer = await at(footerAt, FOOTER_BYTES);
  const place = readFooter(footer);
  if (place === undefined || place.offset + place.bytes !== footerAt || place.offset < EVIDENCE_HEADER.length)
    throw damaged(`${path} ends without its footer (bytes ${footerAt}–${size - 1}): it was cut off or changed there`);
  const text = await at(place.offset, place.bytes);
  if (!footerOf(place.offset, text).equals(footer))
    throw damaged(
      `${path}: the index or its footer was changed (bytes ${place.offset}–${size - 1}): its checksum does not fit`,
    );
  const index = parseJsonFile(evidenceIndexSchema, text.toString("utf8"), `${path}: index`, {
    code: "FL_EVIDENCE_DAMAGED",
    remedy: REMEDY,
  });
  checkIndex(path, index, place.offset);
  return index;
}

/** The index must fit itself: whoever forges one must forge all of it, and that gives another root. */
function checkIndex(path: string, index: EvidenceIndex, indexAt: number): void {
  let next = EVIDENCE_HEADER.length;
  for (const { section, sequence, block } of placedBlocks(index)) {
    if (block.offset !== next) throw damaged(`${path}: bytes ${next}–${block.offset - 1} belong to no block`);
    if (sequence > 0 && block.offset < (section.blocks[sequence - 1]?.offset ?? 0))
      throw damaged(`${path}: section ${section.name}: its blocks are not in order`);
    next = block.offset + BLOCK_HEADER_BYTES + block.bytes;
  }
  if (next !== indexAt) throw damaged(`${path}: bytes ${next}–${indexAt - 1} belong to no block`);
  for (const { name, root, raw_bytes, blocks } of index.sections) {
    const raw = blocks.reduce((sum, block) => sum + block.raw_bytes, 0);
    if (merkleRoot(blocks.map(({ sha256 }) => sha256)) !== root || raw !== raw_bytes)
      throw damaged(`${path}: section ${name}: its root or length does not fit its blocks`);
  }
  if (new Set(index.sections.map(({ name }) => name)).size < index.sections.length)
    throw damaged(`${path}: two sections have one name`);
  if (evidenceRoot(index.sections) !== index.root) throw damaged(`${path}: its root does not fit its sections`);
}

function damaged(message: string): FaultlineError {
  return new FaultlineError("FL_EVIDENCE_DAMAGED", message, { remedy: REMEDY });
}
