import { eventsRoute } from "./events.ts";
import { faultRoute } from "./fault/fault.ts";
import { PAGE_ROUTES } from "./page.ts";
import { pageToken } from "./page-file.ts";
import type { Route } from "./route.ts";
import { type HttpServer, startServer } from "./server.ts";

type RunServerOptions = {
  directory: string;
  host?: string;
  /** 0: a free one. */
  port: number;
  allowedHosts?: readonly string[];
  /** Besides those of the page. */
  routes?: readonly Route[];
  onProblem?: (problem: string) => void;
};

/**
 * Serves the page of one run: as it goes on, and when it is over.
 * @returns the server, and the page's address on this machine, with its token. @throws FaultlineError FL_PORT_IN_USE
 */
export async function serveRun(options: RunServerOptions): Promise<HttpServer & { url: string; token: string }> {
  const { directory, host = "127.0.0.1", port, allowedHosts = [], routes = [], onProblem } = options;
  const token = await pageToken(directory);
  const server = await startServer({
    host,
    port,
    allowedHosts,
    token,
    routes: [...PAGE_ROUTES, eventsRoute(directory), faultRoute(directory), ...routes],
    ...(onProblem !== undefined && { onProblem }),
  });
  return { ...server, token, url: `http://127.0.0.1:${server.port}/?token=${token}` };
}
