import { basename, dirname, join } from "node:path";
import type { StackReport } from "../platform/local/stack.ts";

/** The stack as a person reads it: every node, then how to reach Kafka and PostgreSQL. */
export function statusText({ stack, runDirectory, nodes }: StackReport): string {
  const lines = nodes.map((node) => {
    const state = node.state === "running" ? (node.ready ? "ready" : "running") : node.state;
    const addresses = Object.entries(node.addresses).map(([name, address]) => `${name} ${address}`);
    const error = node.error === null ? "" : `\n    ${node.error}`;
    return `${node.name.padEnd(15)} ${state.padEnd(8)} ${node.supervision.padEnd(8)} pid ${String(node.process?.pid ?? "-").padEnd(8)} ${addresses.join(", ")}\n    ${node.log}${error}`;
  });
  if (nodes.length === 0) return "no stack is here; ./faultline up starts one\n";
  if (stack !== undefined) {
    const { user, database } = stack.postgres;
    const local = stack.runtime === "local";
    const hosts = nodes.flatMap((node) => (node.kind === "kafka" ? [node.addresses["host"] ?? "not published"] : []));
    lines.push(
      "",
      `kafka     ${local ? stack.bootstrapServers.join(",") : `${hosts.join(",")} from here, ${stack.bootstrapServers.join(",")} in the stack's network`}`,
      `postgres  ${local ? postgresUrl(stack) : `docker compose exec postgres psql -U ${user} -d ${database}`}`,
      `trigger   ${stack.trigger}`,
    );
  }
  if (runDirectory !== undefined) lines.push(`run       ${basename(runDirectory)}   (${stack?.runtime === "compose" ? "in the volume runs" : runDirectory})`);
  return `${lines.join("\n")}\n`;
}

/** A URL that psql takes as it is: the password is in the file that it names (mode 0600), not in the URL. */
export function postgresUrl(stack: NonNullable<StackReport["stack"]>): string {
  const { user, host, port, database, passwordFile } = stack.postgres;
  return `postgresql://${user}@${host}:${port}/${database}?passfile=${encodeURIComponent(join(dirname(passwordFile), "pgpass"))}`;
}
