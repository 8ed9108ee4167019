import { closeSync, createReadStream, createWriteStream, fstatSync, openSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { from, to } from "pg-copy-streams";

/**
 * One COPY in a process of its own, so that several don't share a core's time for their client. The login comes in PG* variables.
 *   export FORMAT QUERY FILE      COPY (QUERY) TO STDOUT into the file; FORMAT is text or binary
 *   import FORMAT TABLE FILE...   says "ready PID" (the backend's), waits for a line, then COPY TABLE FROM STDIN with the files' rows, as one COPY
 * Ends with a line of JSON: rows, and milliseconds of this process's own CPU during the COPY.
 */
/** PostgreSQL's manual, COPY, "Binary Format": signature 11, flags 4, extension length 4; the trailer is a 16-bit -1. */
const HEADER_BYTES = 19;
const TRAILER_BYTES = 2;
const READ_BYTES = 1 << 20;

const [mode, format, what = "", ...files] = process.argv.slice(2);
const client = new pg.Client();
await client.connect();
if (mode === "export") {
  const rows = await exportRows(what, files[0] as string);
  process.stdout.write(`${JSON.stringify({ rows })}\n`);
} else {
  const backend = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  process.stdout.write(`ready ${backend.rows[0]?.pid}\n`);
  await new Promise((resolve) => process.stdin.once("data", resolve));
  process.stdin.pause();
  const before = process.cpuUsage();
  const rows = await importRows(what, files);
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(`${JSON.stringify({ rows, cpu_ms: Math.round((user + system) / 1_000) })}\n`);
}
await client.end();

async function exportRows(query: string, file: string): Promise<number> {
  const source = client.query(to(`COPY (${query}) TO STDOUT WITH (FORMAT ${format})`));
  await pipeline(source, createWriteStream(file, { highWaterMark: READ_BYTES }));
  return source.rowCount;
}

async function importRows(table: string, paths: string[]): Promise<number> {
  const target = client.query(from(`COPY ${table} FROM STDIN WITH (FORMAT ${format})`, { highWaterMark: READ_BYTES }));
  await pipeline(rowsOf(paths), target);
  return target.rowCount;
}

/** The bytes of several files as if they were one: text as it stands, binary with one header and one trailer. */
async function* rowsOf(paths: string[]): AsyncGenerator<Buffer> {
  for (const [index, path] of paths.entries()) {
    const descriptor = openSync(path, "r");
    const isBinary = format === "binary";
    const start = isBinary && index > 0 ? HEADER_BYTES : 0;
    const end = fstatSync(descriptor).size - (isBinary && index < paths.length - 1 ? TRAILER_BYTES : 0);
    if (end > start)
      yield* createReadStream(path, {
        fd: descriptor,
        start,
        end: end - 1,
        highWaterMark: READ_BYTES,
      }) as AsyncIterable<Buffer>;
    else closeSync(descriptor);
  }
}
