import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FaultlineError } from "../../contract/errors.ts";
import { hostNames, TokenCheck } from "./access.ts";
import type { Route } from "./route.ts";

export type ServerOptions = {
  host: string;
  /** 0: a free one. */
  port: number;
  /** Besides the loopback names: "name", or "name:port" if clients know the server by another port. */
  allowedHosts: readonly string[];
  token: string;
  routes: readonly Route[];
  /** A route failed, as one sentence. */
  onProblem?: (problem: string) => void;
};
/** `close` ends every connection, also streams. */
export type HttpServer = { port: number; close(): Promise<void> };

/** A browser has six per host. Prometheus and a second window have room beside it. */
const MOST_CONNECTIONS = 64;
/** A request is a few hundred bytes. Who takes longer to send it holds a connection for nothing. */
const REQUEST_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 60_000;
const MAXIMUM_HEADER_BYTES = 8 << 10;

/** Scripts, styles and events of this server, and nothing else: no frame, no form, no other address. */
const SECURITY_HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
};

/**
 * Serves routes over HTTP to this machine, read-only.
 * @throws FaultlineError FL_PORT_IN_USE; the other errors of listening.
 */
export async function startServer(options: ServerOptions): Promise<HttpServer> {
  const server = createServer({
    maxHeaderSize: MAXIMUM_HEADER_BYTES,
    headersTimeout: REQUEST_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: 1_000,
    keepAliveTimeout: REQUEST_TIMEOUT_MS,
  });
  server.maxConnections = MOST_CONNECTIONS;
  // A stream sends something every 2 s; who does not read it is cut off there.
  server.setTimeout(IDLE_TIMEOUT_MS);
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  const hosts = hostNames(port, options.allowedHosts);
  const tokens = new TokenCheck(options.token, port);
  server.on("request", (request, response) => {
    answer(request, response, { ...options, hosts, tokens }).catch((error: unknown) => {
      options.onProblem?.(`${request.url}: ${error instanceof Error ? error.message : String(error)}`);
      if (response.headersSent) response.destroy();
      else refuse(response, 500, "this failed; the server's log says why");
    });
  });
  return {
    port,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listen(server: Server, { host, port }: ServerOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "EADDRINUSE"
          ? new FaultlineError("FL_PORT_IN_USE", `port ${port} on ${host} is taken`, {
              remedy: "choose another port; 0 is a free one",
            })
          : error,
      ),
    );
    server.listen(port, host, resolve);
  });
}

type Checks = ServerOptions & { hosts: ReadonlySet<string>; tokens: TokenCheck };

async function answer(request: IncomingMessage, response: ServerResponse, checks: Checks): Promise<void> {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
  const { method, headers, url: path = "" } = request;
  if (!checks.hosts.has((headers.host ?? "").toLowerCase()))
    return refuse(response, 421, `this server is not ${headers.host ?? "there without a name"}`);
  if (method !== "GET" && method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    return refuse(response, 405, "only GET and HEAD");
  }
  const url = path.startsWith("/") ? URL.parse(`http://${headers.host}${path}`) : null;
  if (url === null) return refuse(response, 400, "no path");
  const route = checks.routes.find((one) =>
    one.path !== "/" && one.path.endsWith("/") ? url.pathname.startsWith(one.path) : url.pathname === one.path,
  );
  // Whether a path exists is nobody's business without the token.
  if (route?.open !== true && !checks.tokens.admits(request, response, url))
    return refuse(response, 401, "the address needs its token: ./faultline watch prints it");
  if (route === undefined) return refuse(response, 404, "nothing is here");
  await route.handle(request, response, url);
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}
