import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { type Question, roundTripMs } from "./round-trip.ts";

const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map(async (server) => new Promise((resolve) => server.close(resolve))));
});

/** A server that answers a question's bytes, if they are these, after a while. */
async function serverThat(
  onData: (socket: Socket, bytes: Buffer) => void,
): Promise<{ address: string; server: Server }> {
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.on("data", (bytes) => onData(socket, bytes));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

it.each<[Question, string]>([
  // length 10, key 18, version 0, correlation 1, client id null
  ["kafka", "0000000a0012000000000001ffff"],
  // length 8, code 1234 * 65536 + 5679
  ["postgres", "0000000804d2162f"],
  ["zookeeper", Buffer.from("ruok").toString("hex")],
])("asks %s with these bytes, and measures until the first byte of the answer", async (question, hex) => {
  const asked: string[] = [];
  const { address } = await serverThat((socket, bytes) => {
    asked.push(bytes.toString("hex"));
    setTimeout(() => socket.write("S"), 60);
  });
  const ms = await roundTripMs(question, address);
  expect(asked).toEqual([hex]);
  expect(ms).toBeGreaterThanOrEqual(59);
  expect(ms).toBeLessThan(1_000);
});

it("asks http for its root", async () => {
  const asked: string[] = [];
  const { address } = await serverThat((socket, bytes) => {
    asked.push(bytes.toString());
    socket.end("HTTP/1.1 404 Not Found\r\n\r\n");
  });
  expect(await roundTripMs("http", address)).toBeLessThan(1_000);
  expect(asked).toEqual([`GET / HTTP/1.1\r\nHost: ${address}\r\nConnection: close\r\n\r\n`]);
});

it("says null of a server that never answers, when the time is over", async () => {
  const { address } = await serverThat(() => {});
  const beganAt = performance.now();
  expect(await roundTripMs("kafka", address, 150)).toBeNull();
  expect(performance.now() - beganAt).toBeGreaterThanOrEqual(148);
  await expect.poll(() => sockets.every((socket) => socket.destroyed)).toBe(true);
});

it("says null at once of a server that hangs up, and of a closed port", async () => {
  const { address, server } = await serverThat((socket) => socket.end());
  expect(await roundTripMs("postgres", address)).toBeNull();
  await new Promise((resolve) => server.close(resolve));
  const beganAt = performance.now();
  expect(await roundTripMs("postgres", address)).toBeNull();
  expect(performance.now() - beganAt).toBeLessThan(1_000);
});
