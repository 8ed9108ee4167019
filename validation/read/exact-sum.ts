/** An exact sum of safe integers that costs no bigint per addition. */
export class ExactSum {
  #low = 0;
  #high = 0n;

  add(value: number): void {
    const sum = this.#low + value;
    // A sum that a double can't hold exactly is rounded to one that is not safe either.
    if (Number.isSafeInteger(sum)) this.#low = sum;
    else {
      this.#high += BigInt(this.#low) + BigInt(value);
      this.#low = 0;
    }
  }

  get value(): bigint {
    return this.#high + BigInt(this.#low);
  }
}

/**
 * Reads a decimal number's text exactly.
 * @returns the value times 10^scale, or undefined when the text is no number or has more digits than `scale` after the point.
 */
export function scaledInteger(text: string, scale: number): bigint | undefined {
  const match = /^(-?)(\d+)(?:\.(\d*))?$/.exec(text);
  if (match === null) return undefined;
  const fraction = (match[3] ?? "").replace(/0+$/, "");
  if (fraction.length > scale) return undefined;
  const value = BigInt((match[2] as string) + fraction.padEnd(scale, "0"));
  return match[1] === "-" ? -value : value;
}

/** The inverse of scaledInteger, with exactly `scale` digits after the point. */
export function decimalText(value: bigint, scale: number): string {
  const digits = String(value)
    .replace("-", "")
    .padStart(scale + 1, "0");
  const point = digits.length - scale;
  return `${value < 0n ? "-" : ""}${digits.slice(0, point)}${scale > 0 ? `.${digits.slice(point)}` : ""}`;
}
