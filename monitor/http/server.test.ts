import { connect } from "node:net";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { send } from "./send.ts";
import { type HttpServer, startServer } from "./server.ts";

const TOKEN = "t".repeat(32);
const told: string[] = [];
let server: HttpServer;
beforeAll(async () => {
  server = await startServer({
    host: "127.0.0.1",
    port: 0,
    allowedHosts: ["monitor", "page.test:81"],
    token: TOKEN,
    onProblem: (problem) => told.push(problem),
    routes: [
      { path: "/", handle: (request, response) => send(request, response, "text/plain", "page") },
      { path: "/open", open: true, handle: (request, response) => send(request, response, "text/plain", "scraped") },
      { path: "/below/", handle: (request, response, url) => send(request, response, "text/plain", url.pathname) },
      { path: "/broken", handle: () => Promise.reject(new Error("it broke")) },
    ],
  });
});
afterAll(() => server.close());

type Answer = { status: number; text: string; headers: Record<string, string | string[] | undefined> };

async function ask(path: string, options: { method?: string; host?: string; cookie?: string } = {}): Promise<Answer> {
  const { method = "GET", host = `127.0.0.1:${server.port}`, cookie } = options;
  return new Promise((resolve, reject) => {
    const headers = { host, ...(cookie !== undefined && { cookie }) };
    const asked = request({ port: server.port, host: "127.0.0.1", path, method, headers }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
    });
    asked.on("error", reject).end();
  });
}

describe("the token", () => {
  test("opens the page; the cookie of the first answer opens what the page asks for", async () => {
    const first = await ask(`/?token=${TOKEN}`);
    expect(first).toMatchObject({ status: 200, text: "page" });
    const [cookie = ""] = first.headers["set-cookie"] as string[];
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict$/);
    const pair = cookie.split(";")[0] ?? "";
    expect(await ask("/below/x", { cookie: `a=b; ${pair}` })).toMatchObject({ status: 200, text: "/below/x" });
  });

  test.each(["/", "/?token=", `/?token=${TOKEN}x`, "/below/x", "/nothing"])(
    "%s without it: 401, and no word more",
    async (path) => {
      const { status, text, headers } = await ask(path, { cookie: `faultline-${server.port}=${"u".repeat(32)}` });
      expect(status).toBe(401);
      expect(text).toContain("./faultline watch");
      expect(headers["set-cookie"]).toBeUndefined();
    },
  );

  test("a machine that scrapes needs none", async () => {
    expect(await ask("/open")).toMatchObject({ status: 200, text: "scraped" });
  });
});

describe("the Host header", () => {
  test.each(["monitor", "localhost", "[::1]"])("%s with the server's port is this server", async (name) => {
    expect((await ask("/open", { host: `${name}:${server.port}` })).status).toBe(200);
  });

  test("a name with a port of its own is taken as it is", async () => {
    expect((await ask("/open", { host: "page.test:81" })).status).toBe(200);
    expect((await ask("/open", { host: `page.test:${server.port}` })).status).toBe(421);
  });

  test.each(["evil.test", "127.0.0.1", "127.0.0.1:1"])("%s is another: DNS rebinding ends here", async (host) => {
    const { status, text } = await ask(`/?token=${TOKEN}`, { host });
    expect(status).toBe(421);
    expect(text).toContain(host);
  });
});

describe("requests", () => {
  test.each(["POST", "PUT", "DELETE", "OPTIONS"])("%s is refused", async (method) => {
    const { status, headers } = await ask(`/?token=${TOKEN}`, { method });
    expect([status, headers["allow"]]).toEqual([405, "GET, HEAD"]);
  });

  test("HEAD has the headers alone", async () => {
    const { status, text, headers } = await ask("/open", { method: "HEAD" });
    expect([status, text, headers["content-length"]]).toEqual([200, "", "7"]);
  });

  test("each answer, also a refusal, keeps scripts, frames and other addresses out", async () => {
    for (const path of ["/open", "/"]) {
      const { headers } = await ask(path);
      expect(headers["content-security-policy"]).toMatch(/^default-src 'none';.*frame-ancestors 'none'$/);
      expect(headers["content-security-policy"]).not.toContain("unsafe");
      expect(headers).toMatchObject({ "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" });
    }
  });

  test("what is not there: 404; a path that is an address: 400; a route that fails: 500, told with its path", async () => {
    expect((await ask(`/nothing?token=${TOKEN}`)).status).toBe(404);
    expect((await ask("http://evil.test/")).status).toBe(400);
    const broken = await ask(`/broken?token=${TOKEN}`);
    expect(broken.status).toBe(500);
    expect(broken.text).not.toContain("it broke");
    expect(told.some((text) => /^\/broken.*it broke$/.test(text))).toBe(true);
  });

  test("a client that does not finish its request is cut off", async () => {
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("GET /open HTTP/1.1\r\nHost: ");
    const begunMs = performance.now();
    await new Promise((resolve) => socket.resume().once("close", resolve));
    expect(performance.now() - begunMs).toBeLessThan(9_000);
  });

  test("a taken port is named", async () => {
    const options = { host: "127.0.0.1", port: server.port, allowedHosts: [], token: TOKEN, routes: [] };
    await expect(startServer(options)).rejects.toMatchObject({ code: "FL_PORT_IN_USE" });
  });
});
