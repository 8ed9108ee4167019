import type { IncomingMessage, ServerResponse } from "node:http";

/** Sends a whole answer; to HEAD, its headers. */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  type: string,
  text: string,
  status = 200,
): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(text) });
  response.end(request.method === "HEAD" ? undefined : text);
}

export function sendJson(request: IncomingMessage, response: ServerResponse, value: unknown, status = 200): void {
  send(request, response, "application/json; charset=utf-8", JSON.stringify(value), status);
}
