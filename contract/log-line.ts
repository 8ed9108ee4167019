import { crc32 } from "node:zlib";

/**
 * A durable log (ledger, fault journal) has one JSON object per line, whose last member is `crc`: the CRC-32 (zlib's, 8 hex digits) of all
 * bytes before `,"crc"`, continued from the `crc` of the line before; the first line begins with 0. So a line fits only behind the very lines
 * that it was written behind. A line ends with "\n"; a last line without it is torn and counts as never written.
 */
const TAIL = /^,"crc":"([0-9a-f]{8})"}$/;
const TAIL_LENGTH = ',"crc":"00000000"}'.length;
const NONE = -1;

/** Writes the lines of one log, each chained to the one before. */
export class LogWriter<T extends object = object> {
  #crc: number;

  /** @param crc of the last whole line that the log has. Default 0: it has none. */
  constructor(crc = 0) {
    this.#crc = crc;
  }

  /** Of the last line. */
  get crc(): number {
    return this.#crc;
  }

  /** @returns the line with its "\n". The next one is chained to it. */
  encode(record: T): string {
    const body = JSON.stringify(record).slice(0, -1);
    this.#crc = crc32(body, this.#crc);
    return `${body},"crc":"${crcText(this.#crc)}"}\n`;
  }
}

/** @returns a whole log. */
export function encodeLog(records: readonly object[]): string {
  const writer = new LogWriter();
  return records.map((record) => writer.encode(record)).join("");
}

/**
 * Reads the lines of one log, from the first or from one whose predecessor is known. After a line that does not fit, it goes on from that line's own `crc`: one line that was changed
 * is one problem, and so is a gap.
 */
export class LogReader<T extends object> {
  readonly #version: number;
  readonly #parse: (value: unknown) => T | undefined;
  #crc: number;
  /** After a line that does not fit: what its `crc` would be, if only its `crc` was damaged. */
  #otherCrc = NONE;

  /**
   * @param version the version of the log that this build reads; its `open` lines have one.
   * @param parse returns undefined for a record that this version does not have.
   * @param crc of the line before the first that is read. Default 0: there is none.
   */
  constructor(version: number, parse: (value: unknown) => T | undefined, crc = 0) {
    this.#version = version;
    this.#parse = parse;
    this.#crc = crc;
  }

  /** Of the last line that was read: the next line is chained to it. */
  get crc(): number {
    return this.#crc;
  }

  /** @param line without its "\n". @returns the record; or why the line can't be read, as a sentence about it. */
  read(line: string): T | string {
    const body = line.slice(0, -TAIL_LENGTH);
    const digits = TAIL.exec(line.slice(-TAIL_LENGTH))?.[1];
    const stored = digits === undefined ? NONE : Number.parseInt(digits, 16);
    const expected = crc32(body, this.#crc);
    const fits = stored === expected || (this.#otherCrc !== NONE && stored === crc32(body, this.#otherCrc));
    this.#crc = stored === NONE ? expected : stored;
    this.#otherCrc = fits || stored === NONE ? NONE : expected;
    if (!fits) return "its checksum does not fit: it was changed, or lines before it were removed, added or exchanged";
    const content = parseJson(`${body}}`);
    return this.#parse(content) ?? this.#unknown(content);
  }

  #unknown(content: unknown): string {
    const { t, version } = (content ?? {}) as Partial<{ t: unknown; version: unknown }>;
    return t === "open" && version !== this.#version
      ? `version ${JSON.stringify(version)} is not known to this build (it reads version ${this.#version})`
      : "its checksum fits, but this build does not know such a record";
  }
}

/** As a log has it: 8 hex digits. */
export function crcText(crc: number): string {
  return crc.toString(16).padStart(8, "0");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
