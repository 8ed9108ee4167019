import { connect } from "node:net";

const TIMEOUT_MS = 500;

/** @param address host:port. @returns what a TCP connection attempt met with, as a verb: "refuses", "accepts", "does not answer", ... */
export async function answerOf(address: string): Promise<string> {
  const colon = address.lastIndexOf(":");
  const socket = connect({
    host: address.slice(0, colon),
    port: Number(address.slice(colon + 1)),
    timeout: TIMEOUT_MS,
  });
  try {
    return await new Promise<string>((resolve) => {
      socket.once("connect", () => resolve("accepts"));
      socket.once("timeout", () => resolve("does not answer"));
      socket.once("error", ({ code }: NodeJS.ErrnoException) =>
        resolve(code === "ECONNREFUSED" ? "refuses" : `fails (${code})`),
      );
    });
  } finally {
    socket.destroy();
  }
}
