import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Of `ControlFileData` in PostgreSQL 13 to 18 (catalog/pg_control.h): the state, and where the last checkpoint record begins. */
const STATE_AT = 16;
const CHECKPOINT_AT = 32;
/** DB_SHUTDOWNED */
const SHUT_DOWN = 1;

/**
 * Where the last record of a server that has shut down in order begins: its shutdown checkpoint. Undefined: it has not shut down in order.
 * Reads global/pg_control, because the programs at hand have no pg_controldata.
 */
export function shutdownCheckpoint(dataDirectory: string): bigint | undefined {
  const file = readFileSync(join(dataDirectory, "global/pg_control"));
  return file.readUInt32LE(STATE_AT) === SHUT_DOWN ? file.readBigUInt64LE(CHECKPOINT_AT) : undefined;
}
