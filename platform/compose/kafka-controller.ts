import { apiVersionsV3, Connection, metadataV12 } from "@platformatic/kafka";
import type { Socket } from "node:net";
import { activeController } from "../protocol/kafka-cluster.ts";

const TIMEOUT_MS = 2_000;
/** Kafka protocol guide, "Api Keys". A broker in ZooKeeper mode does not offer it (DescribeQuorumRequest.json: listeners broker, controller; no zkBroker). */
const DESCRIBE_QUORUM = 55;

/**
 * The node id of the active controller, as this broker knows it. In KRaft mode from DescribeQuorum; in ZooKeeper mode from the metadata, which
 * names the real controller there (in KRaft mode it names a random broker). Undefined: nobody is. @throws the client's errors
 */
export async function controllerOf(address: string, timeoutMs = TIMEOUT_MS): Promise<number | undefined> {
  const [host, port] = address.split(":") as [string, string];
  const connection = new Connection("faultline-platform", { connectTimeout: timeoutMs, requestTimeout: timeoutMs });
  connection.on("error", () => {});
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  tooLate.catch(() => {});
  const timer = setTimeout(() => reject(new Error(`${address} did not answer within ${timeoutMs} ms`)), timeoutMs);
  const ask = async (): Promise<number | "kraft"> => {
    await (connection.connect(host, Number(port)) as Promise<void>);
    const { apiKeys } = await apiVersionsV3.api.async(connection, "faultline", "1");
    if (apiKeys.some(({ apiKey }) => apiKey === DESCRIBE_QUORUM)) return "kraft";
    return (await metadataV12.api.async(connection, [], false, false)).controllerId;
  };
  try {
    const answer = await Promise.race([ask(), tooLate]);
    if (answer === "kraft") return await activeController(address, timeoutMs);
    return answer >= 0 ? answer : undefined;
  } finally {
    clearTimeout(timer);
    (connection.socket as Socket | undefined)?.destroy();
    connection.close().catch(() => {});
  }
}
