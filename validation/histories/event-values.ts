import { EventBytes } from "../../contract/event.ts";
import { scaledInteger } from "../read/exact-sum.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
/** An integer of so many digits is exact as a number. */
const SURE_DIGITS = 15;

/** The value of a field as text: without the quotes and escapes of its JSON text. */
export function plainText(event: EventBytes, index: number): string {
  const { buffer } = event;
  const [from, to] = [event.from[index] as number, event.to[index] as number];
  if (buffer[from] !== QUOTE) return buffer.toString("utf8", from, to);
  const isEscaped = buffer.subarray(from, to).includes(BACKSLASH);
  return isEscaped ? (JSON.parse(event.textOf(index)) as string) : buffer.toString("utf8", from + 1, to - 1);
}

/** @returns an integer field, or a decimal one times 10^scale; undefined for null, and for what no number has as its text. */
export function scaledValue(event: EventBytes, index: number, scale: number): number | undefined {
  const { buffer } = event;
  let at = event.from[index] as number;
  let to = event.to[index] as number;
  if (buffer[at] === QUOTE) {
    at += 1;
    to -= 1;
  }
  const isNegative = buffer[at] === MINUS;
  if (isNegative) at += 1;
  const begin = at;
  let value = 0;
  let fraction = -1;
  for (; at < to; at++) {
    const digit = (buffer[at] as number) - ZERO;
    if (digit >= 0 && digit <= 9) value = value * 10 + digit;
    else if (buffer[at] === POINT && fraction < 0) fraction = to - at - 1;
    else return undefined;
  }
  const wholeDigits = at - begin - (fraction + 1);
  const isPlain = wholeDigits > 0 && at - begin <= SURE_DIGITS && Math.max(fraction, 0) === scale;
  if (isPlain) return isNegative ? -value : value;
  const exact = scaledInteger(plainText(event, index), scale);
  return exact === undefined ? undefined : Number(exact);
}

/** An event of the JSON texts of its fields alone: what a record says that is not the attempted event. */
export function eventOf(texts: readonly string[]): EventBytes {
  const event = new EventBytes();
  for (const [index, text] of texts.entries()) {
    event.from[index] = event.length;
    event.text(text);
    event.to[index] = event.length;
  }
  return event;
}
