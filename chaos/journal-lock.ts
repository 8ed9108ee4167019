import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { createServer } from "node:net";
import { basename, dirname, join } from "node:path";

/**
 * Takes the right to write a journal: an engine has it for its whole run, a `heal` while it works. It is a listening socket in
 * Linux's abstract namespace (unix(7)), which the kernel takes down with the process, however it dies: there is no stale lock.
 * @returns how to give it back, or undefined when another process has it.
 */
export async function lockJournal(file: string): Promise<(() => Promise<void>) | undefined> {
  const path = join(await realpath(dirname(file)), basename(file));
  const name = `\0faultline-journal-${createHash("sha256").update(path).digest("hex").slice(0, 32)}`;
  const server = createServer((socket) => socket.destroy());
  server.unref();
  const taken = await new Promise<boolean>((resolve, reject) => {
    server.once("listening", () => resolve(true));
    server.once("error", (error: NodeJS.ErrnoException) => (error.code === "EADDRINUSE" ? resolve(false) : reject(error)));
    server.listen({ path: name });
  });
  if (!taken) return undefined;
  return () => new Promise((resolve) => server.close(() => resolve()));
}
