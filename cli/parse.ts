/** Parsers of flag values. Each throws an Error whose message says what would do; the argument scanner adds flag and value. */

const UNIT_MS: Record<string, number> = { "": 1_000, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** "150" and "150s" are seconds; also "500ms", "2m", "1h". @returns milliseconds */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const unitMs = UNIT_MS[match?.[2] ?? ""];
  if (match === null || unitMs === undefined) throw new Error('a duration is a number with ms, s, m or h, as in "150s" (without a unit: seconds)');
  return Math.round(Number(match[1]) * unitMs);
}

/** "0.1%", or a fraction such as "0.001". @returns parts per million, 0 to 1,000,000 */
export function parsePartsPerMillion(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text);
  const ppm = match === null ? Number.NaN : Math.round(Number(match[1]) * (match[2] === "%" ? 10_000 : 1_000_000));
  if (!(ppm >= 0 && ppm <= 1_000_000)) throw new Error('a share is a percentage such as "0.1%", or a fraction from 0 to 1');
  return ppm;
}

/** A whole number of at least `min`; "2k" and "3M" are thousands and millions. */
export function parseCount(min: number): (text: string) => number {
  return (text) => {
    const match = /^(\d+(?:\.\d+)?)([kM]?)$/.exec(text);
    const count = match === null ? Number.NaN : Number(match[1]) * (match[2] === "k" ? 1e3 : match[2] === "M" ? 1e6 : 1);
    if (!Number.isSafeInteger(count) || count < min) throw new Error(`must be a whole number of at least ${min}, as in "2000", "2k" or "3M"`);
    return count;
  };
}

/** A seed: any whole number from 0 to 2^31 - 1. */
export function parseSeed(text: string): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) > 2 ** 31 - 1) throw new Error("a seed is a whole number from 0 to 2147483647");
  return Number(text);
}

/** "postgres=5432". Which names there are is checked by the platform. */
export function parsePort(text: string): readonly [string, number] {
  const match = /^([a-z0-9-]+)=(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match?.[1] === undefined || port < 1 || port > 65535) throw new Error('a port is a name and a number from 1 to 65535, as in "postgres=5432"');
  return [match[1], port];
}
