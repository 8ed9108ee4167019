import type { Anomaly } from "../../contract/verdict.ts";
import { CHECKS } from "./all.ts";
import type { Histories } from "../histories/histories.ts";

/** Runs every check whose sources were read. */
export function findAnomalies(histories: Histories): Anomaly[] {
  const isRead = { log: histories.logRead, sink: histories.sinkRead };
  return CHECKS.filter((check) => check.needs.every((source) => isRead[source])).flatMap((check) =>
    check.find(histories),
  );
}
