import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import { FAULT_KINDS, type FaultKind } from "../contract/plan.ts";

/** Parsers of flag values. Each throws an Error that says which values are accepted; the argument scanner adds flag and value. */

const UNIT_MS: Record<string, number> = { "": 1_000, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** "150" and "150s" are seconds; also "500ms", "2m", "1h". @returns milliseconds, from `minMs` to a week */
export function parseDuration(minMs: number): (text: string) => number {
  return (text) => {
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
    const unitMs = UNIT_MS[match?.[2] ?? ""];
    if (match === null || unitMs === undefined)
      throw new Error('a duration is a number with ms, s, m or h, as in "150s" (without a unit: seconds)');
    const ms = Math.round(Number(match[1]) * unitMs);
    if (ms < minMs) throw new Error(`must be at least ${minMs < 1_000 ? `${minMs}ms` : `${minMs / 1_000}s`}`);
    if (ms > MAX_DURATION_MS) throw new Error(`must be at most ${MAX_DURATION_MS / UNIT_MS["h"]!}h`);
    return ms;
  };
}

/** Of time: a timer of Node.js holds no more than 24.8 days. Of events: a run's sequence numbers and their sums stay exact. Of a rate: per second. */
const MAX_DURATION_MS = 7 * 24 * 3_600_000;
const MAX_COUNT = 1_000_000_000_000;
export const MAX_RATE = 10_000_000;

/** "0.1%", or a fraction such as "0.001". @returns parts per million, 0 to 1,000,000 */
export function parsePartsPerMillion(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text);
  const ppm = match === null ? Number.NaN : Math.round(Number(match[1]) * (match[2] === "%" ? 10_000 : 1_000_000));
  if (!(ppm >= 0 && ppm <= 1_000_000))
    throw new Error('a share is a percentage such as "0.1%", or a fraction from 0 to 1');
  return ppm;
}

/** A whole number from `min` to `max`; "2k" and "3M" are thousands and millions. */
export function parseCount(min: number, max = MAX_COUNT): (text: string) => number {
  return (text) => {
    const match = /^(\d+(?:\.\d+)?)([kM]?)$/.exec(text);
    const count =
      match === null ? Number.NaN : Number(match[1]) * (match[2] === "k" ? 1e3 : match[2] === "M" ? 1e6 : 1);
    if (!Number.isSafeInteger(count) || count < min)
      throw new Error(`must be a whole number of at least ${min}, as in "2000", "2k" or "3M"`);
    if (count > max) throw new Error(`must be at most ${max}`);
    return count;
  };
}

/** A name or path. */
export function parseText(text: string): string {
  if (text.trim() === "") throw new Error("must not be empty");
  return text;
}

/** A file to write: its directory exists. */
export function parseOutputFile(text: string): string {
  const file = resolve(parseText(text));
  const directory = dirname(file);
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory())
    throw new Error(`there is no directory ${directory}: make it, or name a file elsewhere`);
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory())
    throw new Error(`${file} is a directory: name a file in it`);
  return file;
}

/** A seed: any whole number from 0 to 2^31 - 1. */
export function parseSeed(text: string): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) > 2 ** 31 - 1)
    throw new Error("a seed is a whole number from 0 to 2147483647");
  return Number(text);
}

/** A port, from 1 to 65535. */
export function parsePortNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) throw new Error("a port is a whole number from 1 to 65535");
  return port;
}

/** Ports by name. @throws FaultlineError FL_USAGE for a name that is given twice. */
export function portsOf(pairs: readonly (readonly [string, number])[]): Record<string, number> {
  const ports = new Map<string, number>();
  for (const [name, port] of pairs) {
    if (ports.has(name))
      throw new FaultlineError("FL_USAGE", `--port: ${name} is given twice: ${ports.get(name)} and ${port}`, {
        remedy: `give --port ${name}=n once`,
      });
    ports.set(name, port);
  }
  return Object.fromEntries(ports);
}

/** "postgres=5432". The runtime checks the name. */
export function parsePort(text: string): readonly [string, number] {
  const [, name, port] = /^([a-z0-9-]+)=(\d+)$/.exec(text) ?? [];
  if (name === undefined || port === undefined) throw new Error('give a name and a port, as in "postgres=5432"');
  return [name, parsePortNumber(port)];
}

/** "kafka-2,spark". */
export function parseList(text: string): string[] {
  const items = text.split(",").map((item) => item.trim());
  if (items.includes("")) throw new Error('must be names separated by commas, as in "kafka-2,spark"');
  return items;
}

/** "delay,isolate". */
export function parseFaults(text: string): FaultKind[] {
  return parseList(text).map((name) => {
    const kind = FAULT_KINDS.find((item) => item === name);
    if (kind === undefined)
      throw new Error(`${JSON.stringify(name)} is not a fault; use some of ${FAULT_KINDS.join(", ")}`);
    return kind;
  });
}
