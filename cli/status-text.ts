import type { StackReport } from "../platform/runtime.ts";

/** The stack as a person reads it: every node, then how to reach Kafka and PostgreSQL. */
export function statusText({ nodes, reach }: StackReport): string {
  if (nodes.length === 0) return "no stack is here; ./faultline up starts one\n";
  const lines = nodes.map((node) => {
    const state = node.state === "running" ? (node.ready ? "ready" : "running") : node.state;
    const addresses = Object.entries(node.addresses).map(([name, address]) => `${name} ${address}`);
    const error = node.error === null ? "" : `\n    ${node.error}`;
    return `${node.name.padEnd(15)} ${state.padEnd(8)} ${node.supervision.padEnd(8)} pid ${String(node.process?.pid ?? "-").padEnd(8)} ${addresses.join(", ")}\n    ${node.log}${error}`;
  });
  const links = Object.entries(reach).map(([name, how]) => `${name.padEnd(9)} ${how}`);
  return `${[...lines, ...(links.length > 0 ? ["", ...links] : [])].join("\n")}\n`;
}
