import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { PostgresAddress } from "../../../contract/stack.ts";
import { javaCommand } from "../state/layout.ts";
import { withPostgres } from "../../protocol/postgres-client.ts";

/** Each component's version in its own words: PostgreSQL by SQL, Kafka and Spark by what they log at their start. "unknown" when it did not say. */
export async function componentVersions(
  address: PostgresAddress,
  kafkaLog: string,
  sparkLog: string,
): Promise<Record<string, string>> {
  const postgres = await withPostgres(address, async (client) =>
    client.query<{ server_version: string }>("SHOW server_version"),
  )
    .then((result) => result.rows[0]?.server_version)
    .catch(() => undefined);
  return {
    postgres: postgres ?? "unknown",
    kafka: findIn(kafkaLog, /Kafka version: (\S+)/),
    spark: findIn(sparkLog, /Spark version (\d\S*)/),
    java:
      /version "([^"]+)"/.exec(spawnSync(javaCommand(), ["-version"], { encoding: "utf8" }).stderr ?? "")?.[1] ??
      "unknown",
    node: process.versions.node,
  };
}

function findIn(log: string, pattern: RegExp): string {
  try {
    return pattern.exec(readFileSync(log, "utf8"))?.[1] ?? "unknown";
  } catch {
    return "unknown";
  }
}
