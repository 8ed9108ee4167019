import type { ServerResponse } from "node:http";
import { systemClock } from "../../machine/clock.ts";
import type { Route } from "./route.ts";
import { parsePosition, RunStream } from "./run-stream.ts";

const LOOK_EVERY_MS = 250;
/** The page calls a connection lost when nothing came for longer. */
const BEAT_EVERY_MS = 2_000;
/** The browser connects again after so long. */
const RETRY_MS = 500;
/** A client that takes nothing for so long is cut off. It comes back where it was. */
const SLOW_MS = 30_000;
const MOST_STREAMS = 16;

/**
 * The run's files as Server-Sent Events. An event's id is its position in the files, so that a client that comes back, to this server or to
 * another one, misses nothing and gets nothing twice.
 */
export function eventsRoute(directory: string, path = "/events"): Route {
  let streams = 0;
  return {
    path,
    handle: async (request, response, url) => {
      if (streams >= MOST_STREAMS) {
        response.writeHead(503, { "retry-after": "5" }).end();
        return;
      }
      response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
      if (request.method === "HEAD") {
        response.end();
        return;
      }
      const from = request.headers["last-event-id"] ?? url.searchParams.get("last");
      streams += 1;
      try {
        await stream(directory, typeof from === "string" ? from : undefined, response);
      } finally {
        streams -= 1;
      }
    },
  };
}

async function stream(directory: string, from: string | undefined, response: ServerResponse): Promise<void> {
  const closed = new AbortController();
  response.on("close", () => closed.abort());
  const { signal } = closed;
  await write(response, `retry: ${RETRY_MS}\n\n`, signal);
  let run = new RunStream(directory, parsePosition(from));
  let beatMs = -Infinity;
  while (!signal.aborted) {
    const messages = await run.next();
    for (const { event, data, ...rest } of messages) {
      const id = "id" in rest ? `id: ${rest.id}\n` : "";
      // JSON has no line break.
      await write(response, `${id}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`, signal);
    }
    if (messages[0]?.event === "reset") run = new RunStream(directory, parsePosition(undefined));
    if (performance.now() - beatMs >= BEAT_EVERY_MS) {
      beatMs = performance.now();
      await write(response, `event: beat\ndata: ${JSON.stringify({ now_ms: Date.now() })}\n\n`, signal);
    }
    if (!messages.some(({ event }) => event === "samples" || event === "reset"))
      await systemClock.sleep(LOOK_EVERY_MS, signal);
  }
  response.end();
}

/** Writes, and waits until the client has taken it: what it does not take is not kept here. */
async function write(response: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
  if (signal.aborted || response.write(text)) return;
  const slow = AbortSignal.timeout(SLOW_MS);
  await new Promise<void>((resolve) => {
    const end = (): void => {
      response.off("drain", end);
      signal.removeEventListener("abort", end);
      slow.removeEventListener("abort", end);
      resolve();
    };
    response.once("drain", end);
    signal.addEventListener("abort", end);
    slow.addEventListener("abort", end);
  });
  if (slow.aborted && !signal.aborted) response.destroy();
}
