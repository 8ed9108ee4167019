import { connect } from "node:net";

/** A protocol in which a node can be asked something that it answers at once and without a login. */
export type Question = "kafka" | "postgres" | "http" | "zookeeper";

/** ApiVersions, version 0, request header version 1. Kafka protocol guide: "Common Request and Response Structure", "ApiVersions API". */
function apiVersionsRequest(): Buffer {
  const request = Buffer.alloc(14);
  request.writeInt32BE(10, 0); // bytes that follow
  request.writeInt16BE(18, 4); // api key: ApiVersions
  request.writeInt16BE(0, 6); // api version
  request.writeInt32BE(1, 8); // correlation id
  request.writeInt16BE(-1, 12); // client id: null
  return request;
}

/** PostgreSQL manual, 54.7 "Message Formats": the server answers one byte, S or N. */
function sslRequest(): Buffer {
  const request = Buffer.alloc(8);
  request.writeInt32BE(8, 0); // length, itself included
  request.writeInt32BE(80_877_103, 4); // SSLRequest
  return request;
}

/** The smallest question of each protocol. */
const QUESTIONS: Record<Question, (address: string) => Buffer> = {
  kafka: apiVersionsRequest,
  postgres: sslRequest,
  http: (address) => Buffer.from(`GET / HTTP/1.1\r\nHost: ${address}\r\nConnection: close\r\n\r\n`),
  // ZooKeeper administrator's guide, "The Four Letter Words". A server that does not allow this one says so, which is an answer too.
  zookeeper: () => Buffer.from("ruok"),
};

/**
 * Milliseconds from sending one question to the first byte of its answer, over a new connection; the time to connect is not in it.
 * @param address host:port. @param timeoutMs for connecting and answering together.
 * @returns null when there was no connection, or no answer in time.
 */
export async function roundTripMs(question: Question, address: string, timeoutMs = 5000): Promise<number | null> {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[(.*)]$/, "$1");
  const { promise, resolve } = Promise.withResolvers<number | null>();
  const socket = connect({ host, port: Number(address.slice(colon + 1)), noDelay: true });
  const timer = setTimeout(() => resolve(null), timeoutMs);
  let sentAt = 0;
  socket.once("connect", () => {
    sentAt = performance.now();
    socket.write(QUESTIONS[question](address));
  });
  socket.once("data", () => resolve(Math.round((performance.now() - sentAt) * 100) / 100));
  socket.once("close", () => resolve(null));
  socket.on("error", () => resolve(null));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
