const START_BYTES = 1024;
const ZERO = 0x30;
const MINUS = 0x2d;
/** Integers below it are divided without rounding, and quickly. */
const SMALL = 2 ** 31;
const NINE_DIGITS = 1_000_000_000;

/**
 * Bytes that are written one after another into a buffer, which grows as it must. Used over and over (`length = 0` begins anew): millions of
 * events are made, and an object or a text for each would cost more than the event.
 */
export class ByteWriter {
  /** What was written is [0, length). Another buffer may stand here after each write. */
  buffer: Buffer = Buffer.allocUnsafe(START_BYTES);
  length = 0;

  byte(value: number): void {
    if (this.length === this.buffer.length) this.reserve(1);
    this.buffer[this.length++] = value;
  }

  bytes(from: Uint8Array): void {
    this.range(from, 0, from.length);
  }

  /** The bytes [from, to) of another. */
  range(bytes: Uint8Array, from: number, to: number): void {
    this.reserve(to - from);
    const { buffer } = this;
    let { length } = this;
    for (let at = from; at < to; at++) buffer[length++] = bytes[at] as number;
    this.length = length;
  }

  /** In UTF-8. */
  text(text: string): void {
    this.reserve(text.length * 3);
    this.length += this.buffer.write(text, this.length, "utf8");
  }

  /** A number as JSON writes it; fastest for an integer. */
  number(value: number): void {
    if (!Number.isSafeInteger(value)) return this.text(String(value));
    if (value < 0) this.byte(MINUS);
    this.#digits(Math.abs(value), 1);
  }

  /** A non-negative integer below 2^31, filled up with zeros to `least` digits. */
  digits(value: number, least: number): void {
    this.reserve(Math.max(least, 10));
    let digits = 1;
    for (let limit = 10; digits < 10 && value >= limit; limit *= 10) digits += 1;
    if (digits < least) digits = least;
    const { buffer } = this;
    let rest = value | 0;
    for (let at = this.length + digits - 1; at >= this.length; at--) {
      const next = (rest / 10) | 0;
      buffer[at] = ZERO + (rest - next * 10);
      rest = next;
    }
    this.length += digits;
  }

  toString(): string {
    return this.buffer.toString("utf8", 0, this.length);
  }

  #digits(value: number, least: number): void {
    if (value < SMALL && value < NINE_DIGITS) return this.digits(value, least);
    const high = Math.floor(value / NINE_DIGITS);
    this.#digits(high, 1);
    this.digits(value - high * NINE_DIGITS, 9);
  }

  /** Makes room for so many more bytes. */
  reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + bytes));
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }
}
