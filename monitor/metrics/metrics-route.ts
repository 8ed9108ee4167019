import type { IncomingMessage, ServerResponse } from "node:http";
import { acceptedFormat } from "./accept.ts";
import { CONTENT_TYPES, exposition } from "./exposition.ts";
import { type Facts, fresh, type Observed, RunningTotals } from "./facts.ts";
import { VerdictFile } from "./verdict-file.ts";

/** What the monitor's server is given: it calls `handle` for each GET and HEAD of the path. `open`: without a token. */
type MetricsRoute = {
  path: string;
  open: boolean;
  handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void>;
};

/** Serves `/metrics` for Prometheus: how the run is now. It asks no server, so a scrape costs no more than its text. */
export function metricsRoute(observe: () => Observed, now: () => number = Date.now): MetricsRoute {
  const totals = new RunningTotals();
  const verdicts = new VerdictFile();
  const factsNow = async (): Promise<Facts> => {
    const observed = observe();
    const atMs = now();
    const sample = fresh(observed.sample, atMs);
    return {
      atMs,
      observed,
      sample,
      health: fresh(observed.health, atMs),
      totals: totals.of(observed.directory, sample),
      verdict: await verdicts.read(observed.directory),
    };
  };
  return {
    path: "/metrics",
    open: true,
    handle: async (request, response) => {
      const format = acceptedFormat(request.headers.accept);
      const text = await exposition(await factsNow(), format);
      response.writeHead(200, {
        "content-type": CONTENT_TYPES[format],
        "content-length": Buffer.byteLength(text),
        "cache-control": "no-store",
        vary: "accept",
      });
      response.end(request.method === "HEAD" ? undefined : text);
    },
  };
}
