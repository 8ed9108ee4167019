import fc from "fast-check";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type DelayProxy, startDelayProxy } from "./delay-proxy.ts";
import type { LinkDelay } from "./delayed-connection.ts";

const HOST = "127.0.0.1";
const proxies: DelayProxy[] = [];
const servers: Server[] = [];
const sockets = new Set<Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await Promise.all([
    ...proxies.splice(0).map(async (proxy) => proxy.close()),
    ...servers.splice(0).map(async (server) => new Promise((resolve) => server.close(resolve))),
  ]);
});

async function target(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    onConnection(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  return (server.address() as AddressInfo).port;
}

async function proxyTo(port: number, delay: () => LinkDelay): Promise<DelayProxy> {
  const proxy = await startDelayProxy({ listen: { host: HOST, port: 0 }, target: { host: HOST, port }, delay });
  proxies.push(proxy);
  return proxy;
}

function client(port: number): Socket {
  const socket = connect({ host: HOST, port, allowHalfOpen: true, noDelay: true });
  sockets.add(socket);
  return socket;
}

const echo = (socket: Socket): void => void socket.on("error", () => {}).pipe(socket);
const NONE: LinkDelay = { delay_ms: 0, jitter_ms: 0 };

describe("whatever the chunks and the jitter", () => {
  const chunk = fc.record({ size: fc.integer({ min: 1, max: 20_000 }), pauseMs: fc.integer({ min: 0, max: 2 }) });
  const delay = fc.record({ delay_ms: fc.integer({ min: 0, max: 12 }), jitter_ms: fc.integer({ min: 0, max: 12 }) });

  it("delivers every byte, in order, both ways, and passes the half-close on", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(chunk, { maxLength: 12 }),
        fc.array(delay, { minLength: 1, maxLength: 4 }),
        async (chunks, delays) => {
          let asked = 0;
          const proxy = await proxyTo(await target(echo), () => delays[asked++ % delays.length] as LinkDelay);
          const socket = client(proxy.port);
          const answer = buffer(socket);
          let next = 0;
          const sent: Buffer[] = [];
          for (const { size, pauseMs } of chunks) {
            const bytes = Buffer.from(Array.from({ length: size }, () => next++ % 251));
            sent.push(bytes);
            socket.write(bytes);
            if (pauseMs > 0) await sleep(pauseMs);
          }
          socket.end();
          expect(Buffer.compare(await answer, Buffer.concat(sent))).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });
});

async function echoMs(socket: Socket): Promise<number> {
  const beganAt = performance.now();
  const answered = new Promise((resolve) => {
    socket.once("data", resolve);
  });
  socket.write("?");
  await answered;
  return performance.now() - beganAt;
}

it("delays one direction only, from the next chunk on when the delay changes", async () => {
  let delay = { delay_ms: 120, jitter_ms: 0 };
  const socket = client((await proxyTo(await target(echo), () => delay)).port);
  const slow = await echoMs(socket);
  expect(slow).toBeGreaterThanOrEqual(119);
  expect(slow).toBeLessThan(230);
  delay = NONE;
  expect(await echoMs(socket)).toBeLessThan(100);
  delay = { delay_ms: 120, jitter_ms: 0 };
  expect(await echoMs(socket)).toBeGreaterThanOrEqual(119);
});

it("lets go of what waits when the delay ends", async () => {
  let delay = { delay_ms: 60_000, jitter_ms: 0 };
  const socket = client((await proxyTo(await target(echo), () => delay)).port);
  const answer = echoMs(socket);
  await sleep(100);
  delay = NONE;
  expect(await answer).toBeLessThan(1_000);
});

it("keeps jitter inside its bounds, and uses them", async () => {
  const socket = client((await proxyTo(await target(echo), () => ({ delay_ms: 20, jitter_ms: 20 }))).port);
  const times: number[] = [];
  for (let i = 0; i < 40; i++) times.push(await echoMs(socket));
  // The chance that 40 uniform draws of 0..40 all stay above 15, or all below 25, is below 1e-8.
  expect(Math.min(...times)).toBeLessThan(15);
  expect(Math.max(...times)).toBeGreaterThan(25);
});

it("reads no more than a bound from a client whose target takes nothing", async () => {
  const port = await target((socket) => socket.pause().on("error", () => {}));
  const socket = client((await proxyTo(port, () => NONE)).port);
  socket.on("error", () => {});
  const chunk = Buffer.alloc(1024 * 1024);
  let taken = 0;
  const pump = (): void => {
    while (socket.write(chunk, () => (taken += chunk.length)) && !socket.destroyed);
  };
  socket.on("drain", pump);
  pump();
  let before = -1;
  // Quiet for half a second: every buffer on the way is full.
  while (before !== taken) {
    before = taken;
    await sleep(500);
  }
  // 4 MiB in the proxy, the rest in the kernel's four socket buffers.
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThan(40 * chunk.length);
});

it("resets the client of a target that refuses", async () => {
  const port = await target(() => {});
  await new Promise((resolve) => servers.pop()?.close(resolve));
  const socket = client((await proxyTo(port, () => NONE)).port);
  await expect(new Promise((_resolve, reject) => socket.once("error", reject))).rejects.toMatchObject({
    code: "ECONNRESET",
  });
});

it.each([0, 30])(
  "passes a target's reset on to the client, and a client's to the target (delay %i ms)",
  async (delay_ms) => {
    let accepted = Promise.withResolvers<Socket>();
    const port = await target((socket) => accepted.resolve(socket.on("error", () => {})));
    const proxy = await proxyTo(port, () => ({ delay_ms, jitter_ms: 0 }));
    for (const side of ["target", "client"]) {
      accepted = Promise.withResolvers();
      const ours = client(proxy.port).on("error", () => {});
      const theirs = await accepted.promise;
      const [from, to] = side === "target" ? [theirs, ours] : [ours, theirs];
      const reset = new Promise((resolve) => to.once("error", resolve));
      to.resume();
      from.resetAndDestroy();
      expect(await reset, side).toMatchObject({ code: "ECONNRESET" });
    }
  },
);

it("says which port is taken, and leaves nothing behind when closed", async () => {
  const proxy = await proxyTo(await target(echo), () => ({ delay_ms: 60_000, jitter_ms: 0 }));
  const again = startDelayProxy({
    listen: { host: HOST, port: proxy.port },
    target: { host: HOST, port: 1 },
    delay: () => NONE,
  });
  await expect(again).rejects.toMatchObject({
    code: "FL_PORT_IN_USE",
    message: expect.stringContaining(String(proxy.port)) as unknown,
  });
  const socket = client(proxy.port).on("error", () => {});
  socket.write("waits for a minute");
  await sleep(50);
  const closed = new Promise((resolve) =>
    socket
      .resume()
      .once("close", resolve)
      .once("end", () => socket.end()),
  );
  await proxies.pop()?.close();
  await closed;
});
