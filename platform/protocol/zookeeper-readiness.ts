import { connect } from "node:net";

/** "Zookeeper version: ...", ten lines of figures, done: longer than this it never is. */
const ANSWER_LIMIT = 4_096;

/**
 * Whether a ZooKeeper server serves clients: its answer to the four letters "srvr" has a line "Mode: ..." then, else it says "This ZooKeeper
 * instance is not currently serving requests" (a server that does not serve answers "ruok" too). ZooKeeper administrator's guide, "The Four Letter Words".
 * @param address host:port. Never throws: no server or no answer in time is a no.
 */
export async function zookeeperServes(address: string, timeoutMs = 2_000): Promise<boolean> {
  const colon = address.lastIndexOf(":");
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) });
  const timer = setTimeout(() => resolve(""), timeoutMs);
  let answer = "";
  socket.once("connect", () => socket.write("srvr"));
  socket.on("data", (chunk) => {
    answer += chunk.toString("latin1");
    if (answer.length > ANSWER_LIMIT) resolve("");
  });
  // The server closes the connection after its answer: only then is it whole.
  socket.once("close", () => resolve(answer));
  socket.on("error", () => resolve(""));
  try {
    return /^Mode: \w+$/m.test(await promise);
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
