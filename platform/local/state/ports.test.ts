import { createServer, type AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { choosePorts, PORT_NAMES } from "./ports.ts";

async function listener(): Promise<{ port: number; close(): void }> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

it("chooses a different free port for every name, the same for the same state directory", async () => {
  const ports = await choosePorts("/some/state");
  expect(Object.keys(ports)).toEqual([...PORT_NAMES]);
  expect(new Set(Object.values(ports)).size).toBe(PORT_NAMES.length);
  expect(await choosePorts("/some/state")).toEqual(ports);
  expect(await choosePorts("/another/state")).not.toEqual(ports);
});

it("keeps what was asked for, and never gives it twice", async () => {
  const wanted = (await choosePorts("/some/state"))["kafka-1-client"];
  const ports = await choosePorts("/some/state", { postgres: wanted });
  expect(ports.postgres).toBe(wanted);
  expect(new Set(Object.values(ports)).size).toBe(PORT_NAMES.length);
});

it("names who has a port that was asked for", async () => {
  const server = await listener();
  const { port } = server;
  try {
    await expect(choosePorts("/some/state", { postgres: port })).rejects.toMatchObject({
      code: "FL_PORT_IN_USE",
      message: expect.stringContaining(`port ${port} (for postgres) is taken by pid ${process.pid}`) as unknown,
    });
  } finally {
    server.close();
  }
});
