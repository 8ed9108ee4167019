import { FaultlineError } from "../../../contract/errors.ts";
import { NODE_KINDS, type NodeKind } from "../../../contract/node.ts";

/** A node that the monitor asks. `address`: host:port of what it is asked by; undefined: it is known by a file, or not at all. */
export type MonitoredNode = { name: string; kind: NodeKind; address: string | undefined };

const ENTRY = /^([\w.-]+)=([\w-]+)(?:@([^@]+:\d+))?$/;

/**
 * Reads a list of nodes: name=kind[@host:port], separated by commas or blanks. The address is that of Kafka's clients, of SQL, of a Spark master's or
 * worker's web page, or of ZooKeeper's clients.
 * @param source names the flag or variable in errors. @throws FaultlineError FL_USAGE with source and entry.
 */
export function parseNodes(text: string, source: string): MonitoredNode[] {
  const nodes = text
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .map((entry) => {
      const [, name = "", kindName, address] = ENTRY.exec(entry) ?? [];
      const kind = NODE_KINDS.find((known) => known === kindName);
      if (kind !== undefined) return { name, kind, address };
      throw new FaultlineError("FL_USAGE", `${source}: ${JSON.stringify(entry)} is no node`, {
        remedy: `write name=kind or name=kind@host:port; kinds: ${NODE_KINDS.join(", ")}`,
      });
    });
  const twice = nodes.find(({ name }, index) => nodes.findIndex((other) => other.name === name) !== index);
  if (twice === undefined) return nodes;
  throw new FaultlineError("FL_USAGE", `${source}: ${JSON.stringify(twice.name)} is there twice`, {
    remedy: "name each node once",
  });
}
