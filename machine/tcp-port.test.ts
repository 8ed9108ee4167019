import { createServer, type AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { isFree, portOwner } from "./tcp-port.ts";

it("says whether a port is free, and who listens on it", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  expect(await isFree(port)).toBe(false);
  expect(portOwner(port)).toMatch(new RegExp(`^pid ${process.pid} \\(.+\\)$`));
  await new Promise((resolve) => {
    server.close(resolve);
  });
  expect(await isFree(port)).toBe(true);
  expect(portOwner(port)).toBeUndefined();
});
