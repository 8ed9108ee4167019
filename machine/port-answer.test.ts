import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { answerOf } from "./port-answer.ts";

it("tells a port that accepts from one that refuses", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await answerOf(address)).toBe("accepts");
  server.close();
  await once(server, "close");
  expect(await answerOf(address)).toBe("refuses");
});
