import { crc32 } from "node:zlib";

/**
 * One line of a durable log (ledger, fault journal): a JSON object whose last member is `crc`, the CRC-32 (zlib's, 8 hex digits)
 * of all bytes before `,"crc"`. A line ends with "\n"; a last line without it is torn and counts as never written.
 */
export function encodeLine(record: object): string {
  const body = JSON.stringify(record).slice(0, -1);
  return `${body},"crc":"${crc32(body).toString(16).padStart(8, "0")}"}\n`;
}

const TAIL_LENGTH = ',"crc":"00000000"}'.length;

/** @returns the record without its `crc`, or undefined for a line that is damaged. */
export function decodeLine(line: string): unknown {
  const body = line.slice(0, -TAIL_LENGTH);
  const tail = line.slice(-TAIL_LENGTH);
  if (!/^,"crc":"[0-9a-f]{8}"}$/.test(tail) || Number.parseInt(tail.slice(8, 16), 16) !== crc32(body)) return undefined;
  try {
    return JSON.parse(`${body}}`);
  } catch {
    return undefined;
  }
}
