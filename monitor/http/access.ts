import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

/** Who may ask: the address under which the server was asked for, and the token. */

const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];

const hasPort = (name: string): boolean => /:\d+$/.test(name.replace(/^\[.*\]/, "x"));

/**
 * Names that the Host header may have, with their ports: a page of somebody else whose name leads to 127.0.0.1 (DNS rebinding) has another one.
 * @param allowed "name" (with the server's own port) or "name:port".
 */
export function hostNames(port: number, allowed: readonly string[]): ReadonlySet<string> {
  return new Set([...LOOPBACK, ...allowed].map((name) => (hasPort(name) ? name : `${name}:${port}`).toLowerCase()));
}

/** How a request shows that it may read, by a token in the URL, or in the cookie that the first answer sets. */
export class TokenCheck {
  readonly #digest: Buffer;
  readonly #cookie: string;
  readonly #token: string;

  /** @param port names the cookie: browsers share cookies between the ports of a host. */
  constructor(token: string, port: number) {
    this.#token = token;
    this.#digest = digestOf(token);
    this.#cookie = `faultline-${port}`;
  }

  /** @returns whether the request may be answered. A token in the URL is also put into the cookie, for what the page asks for next. */
  admits(request: IncomingMessage, response: ServerResponse, url: URL): boolean {
    const inUrl = url.searchParams.get("token");
    if (inUrl !== null && this.#fits(inUrl)) {
      response.setHeader("set-cookie", `${this.#cookie}=${this.#token}; Path=/; HttpOnly; SameSite=Strict`);
      return true;
    }
    const cookies = (request.headers.cookie ?? "").split(";").map((text) => text.trim());
    return cookies.some(
      (text) => text.startsWith(`${this.#cookie}=`) && this.#fits(text.slice(this.#cookie.length + 1)),
    );
  }

  /** In constant time: digests have one length. */
  #fits(text: string): boolean {
    return timingSafeEqual(digestOf(text), this.#digest);
  }
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
