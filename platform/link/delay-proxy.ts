import { createServer, type Server, type Socket } from "node:net";
import { FaultlineError } from "../../contract/errors.ts";
import { DelayedConnection, type Endpoint, type LinkDelay } from "./delayed-connection.ts";

export type DelayProxy = {
  /** What it listens on; of use when 0 was asked for. */
  port: number;
  /** Stops listening and ends every connection. */
  close(): Promise<void>;
};

/** More than any stack opens; without a bound, a client that loops would take the machine's memory. */
const MAX_CONNECTIONS = 4096;

/**
 * A TCP proxy that delivers what clients send to the target later, in order within a connection, and passes answers on at once.
 * A target that refuses resets the client. `delay` is asked for each chunk and while chunks wait: a shorter one holds at once for what waits, too.
 * @throws FaultlineError FL_PORT_IN_USE when the port to listen on is taken.
 */
export async function startDelayProxy(options: {
  listen: Endpoint;
  target: Endpoint;
  delay: () => LinkDelay;
}): Promise<DelayProxy> {
  const { listen, target, delay } = options;
  const connections = new Set<DelayedConnection>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client: Socket) => {
    const connection = new DelayedConnection(client, target, delay, () => connections.delete(connection));
    connections.add(connection);
  });
  server.maxConnections = MAX_CONNECTIONS;
  const port = await listenOn(server, listen);
  return {
    port,
    async close(): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      for (const connection of connections) connection.destroy();
      return promise;
    },
  };
}

async function listenOn(server: Server, { host, port }: Endpoint): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const refused = (error: NodeJS.ErrnoException): void => {
    if (error.code !== "EADDRINUSE") return reject(error);
    reject(
      new FaultlineError("FL_PORT_IN_USE", `port ${port} on ${host} (for a link's proxy) is taken`, {
        remedy: "end the process that has it",
        cause: error,
      }),
    );
  };
  server.once("error", refused);
  server.listen({ host, port, exclusive: true }, () => {
    server.off("error", refused);
    const address = server.address();
    resolve(address !== null && typeof address === "object" ? address.port : port);
  });
  return promise;
}
