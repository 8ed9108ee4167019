import { Admin } from "@platformatic/kafka";

/** A client that asks brokers for what they know, twice again after a failure. It never makes a topic. Close it. @param timeoutMs of a request. */
export function openAdmin(brokers: string[], timeoutMs: number): Admin {
  return new Admin({
    clientId: "faultline-validation",
    bootstrapBrokers: brokers,
    retries: 2,
    connectTimeout: timeoutMs,
    requestTimeout: timeoutMs,
    autocreateTopics: false,
  });
}
