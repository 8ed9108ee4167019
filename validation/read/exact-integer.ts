const ZERO = 0x30;
const MINUS = 0x2d;

/**
 * Reads an integer as PostgreSQL spells it, exactly: no other text has the same value.
 * @returns undefined for any other spelling, and for an integer that a number can't hold exactly (2^53 and beyond).
 */
export function exactInteger(text: string): number | undefined {
  const isNegative = text.charCodeAt(0) === MINUS;
  const from = isNegative ? 1 : 0;
  const digits = text.length - from;
  if (digits < 1) return undefined;
  if (text.charCodeAt(from) === ZERO && (digits > 1 || isNegative)) return undefined;
  let value = 0;
  for (let at = from; at < text.length; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  if (value > Number.MAX_SAFE_INTEGER) return undefined;
  return isNegative ? -value : value;
}
