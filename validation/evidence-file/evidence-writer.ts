import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { constants, zstdCompressSync } from "node:zlib";
import {
  BLOCK_BYTES,
  EVIDENCE_HEADER,
  EVIDENCE_VERSION,
  evidenceRoot,
  type EvidenceIndex,
  type EvidenceSection,
  footerOf,
  sealBlock,
} from "../../contract/evidence.ts";
import { merkleRoot } from "../../contract/merkle.ts";

/** See docs/decisions/011-evidence-file.md: higher levels cost three times the time for a tenth of the bytes. */
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/**
 * Writes an evidence file under another name, and gives it its own name when it is whole. Everything here is synchronous, so a reader of servers can
 * never be ahead of the disk: memory is bounded by one block per open section.
 */
export class EvidenceWriter {
  readonly #file: string;
  readonly #partial: string;
  readonly #descriptor: number;
  readonly #sections: EvidenceSection[] = [];
  #bytes = 0;
  #isOpen = true;

  /** @throws the file system's error. */
  constructor(file: string) {
    this.#file = file;
    this.#partial = `${file}.${randomBytes(4).toString("hex")}.partial`;
    this.#descriptor = openSync(this.#partial, "wx");
    this.#append(EVIDENCE_HEADER);
  }

  /** Bytes so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Begins a section. Its name must be a new one. */
  section(name: string, kind: EvidenceSection["kind"]): SectionWriter {
    const section: EvidenceSection = { name, kind, raw_bytes: 0, root: merkleRoot([]), blocks: [] };
    const number = this.#sections.push(section) - 1;
    return new SectionWriter((raw) => {
      const content = zstdCompressSync(raw, ZSTD);
      const [offset, sequence, raw_bytes, bytes] = [this.#bytes, section.blocks.length, raw.length, content.length];
      const { header, sha256 } = sealBlock({ section: number, sequence, rawBytes: raw_bytes, bytes }, content);
      this.#append(header);
      this.#append(content);
      section.blocks.push({ offset, bytes, raw_bytes, sha256 });
      section.raw_bytes += raw_bytes;
    });
  }

  /** A section whose content is there. */
  whole(name: string, kind: EvidenceSection["kind"], content: string): void {
    const section = this.section(name, kind);
    section.push(Buffer.from(content));
    section.end();
  }

  /** Call it when all sections are ended. Afterwards the file is on disk under its name. @returns its root (hex) and size. */
  finish(): { root: string; bytes: number } {
    for (const section of this.#sections) section.root = merkleRoot(section.blocks.map(({ sha256 }) => sha256));
    const root = evidenceRoot(this.#sections);
    const index: EvidenceIndex = { version: EVIDENCE_VERSION, root, sections: this.#sections };
    const [offset, text] = [this.#bytes, Buffer.from(JSON.stringify(index))];
    this.#append(text);
    this.#append(footerOf(offset, text));
    fsyncSync(this.#descriptor);
    this.#isOpen = false;
    closeSync(this.#descriptor);
    renameSync(this.#partial, this.#file);
    return { root, bytes: this.#bytes };
  }

  /** Removes what was written, unless the file is whole. Idempotent. */
  abandon(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#descriptor);
    rmSync(this.#partial, { force: true });
  }

  #append(bytes: Uint8Array): void {
    // Another reader may still run after one has failed: its bytes must not land in whatever has the descriptor's number now.
    if (!this.#isOpen) throw new Error("the evidence file was given up");
    for (let at = 0; at < bytes.length;) at += writeSync(this.#descriptor, bytes, at);
    this.#bytes += bytes.length;
  }
}

/** Takes the content of one section in chunks of any size. */
class SectionWriter {
  readonly #block: (raw: Uint8Array) => void;
  readonly #parts: Buffer[] = [];
  #length = 0;

  constructor(block: (raw: Uint8Array) => void) {
    this.#block = block;
  }

  push(chunk: Buffer): void {
    for (let from = 0; from < chunk.length;) {
      const part = chunk.subarray(from, from + BLOCK_BYTES - this.#length);
      // A copy, because the caller may use the chunk again.
      this.#parts.push(Buffer.from(part));
      this.#length += part.length;
      from += part.length;
      if (this.#length === BLOCK_BYTES) this.end();
    }
  }

  /** Writes what is left. A section without content has no block. */
  end(): void {
    if (this.#length === 0) return;
    this.#block(Buffer.concat(this.#parts));
    this.#parts.length = 0;
    this.#length = 0;
  }
}
