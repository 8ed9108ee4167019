import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, expect, it } from "vitest";
import { zookeeperServes } from "./zookeeper-readiness.ts";

let server: Server | undefined;
afterEach(() => server?.close());

/** A server that answers what it is asked, as ZooKeeper 3.8.4 does (its words, taken from a real one). */
async function answering(answers: Record<string, string>, close = true): Promise<string> {
  server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (question) => {
      socket.write(
        answers[question.toString()] ?? `${question.toString()} is not executed because it is not in the whitelist.\n`,
      );
      if (close) socket.end();
    });
  });
  await new Promise<void>((resolve) => {
    server?.listen(0, "127.0.0.1", resolve);
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const SRVR = `Zookeeper version: 3.8.4-9316c2a7a97e1666d8f4593f34dd6fc36ecc436c, built on 2024-02-12 22:16 UTC
Latency min/avg/max: 0/0.0/0
Received: 3
Sent: 2
Connections: 1
Outstanding: 0
Zxid: 0x0
Mode: standalone
Node count: 5
`;

it("is a yes when the server says in which mode it serves", async () => {
  expect(await zookeeperServes(await answering({ srvr: SRVR }))).toBe(true);
});

it("is a no when it does not serve, refuses the question, or answers half", async () => {
  expect(
    await zookeeperServes(await answering({ srvr: "This ZooKeeper instance is not currently serving requests\n" })),
  ).toBe(false);
  server?.close();
  expect(await zookeeperServes(await answering({ ruok: "imok" }))).toBe(false);
});

it("is a no, in bounded time, when it hangs or is not there", async () => {
  const address = await answering({ srvr: SRVR }, false);
  expect(await zookeeperServes(address, 100)).toBe(false);
  server?.close();
  server = undefined;
  expect(await zookeeperServes("127.0.0.1:1", 100)).toBe(false);
});
