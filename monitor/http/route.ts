import type { IncomingMessage, ServerResponse } from "node:http";

/** What the server answers below one path. GET and HEAD only: nothing here changes anything. */
export type Route = {
  /** Exact path, or a prefix that ends with "/". */
  path: string;
  /** Needs no token: for machines that scrape. */
  open?: boolean;
  handle(request: IncomingMessage, response: ServerResponse, url: URL): void | Promise<void>;
};
