import type { Life } from "../../../contract/node.ts";
import type { ProcessIdentity } from "../../../contract/process.ts";
import { identityText, parseIdentity } from "../../../machine/process-identity.ts";

/** The processes of a life, its main process first. */
export function members(life: Life): ProcessIdentity[] {
  return life.members.flatMap((member) => parseIdentity(member) ?? []);
}

export function toLife({ node, part, id }: Pick<Life, "node" | "part" | "id">, processes: ProcessIdentity[]): Life {
  return { node, part, id, members: processes.map(identityText), text: pids(processes) };
}

/** "pid 12, 13 and 4 more" */
function pids(processes: ProcessIdentity[]): string {
  const more = processes.length > 5 ? ` and ${processes.length - 5} more` : "";
  const first = processes.slice(0, 5).map(({ pid }) => pid);
  return processes.length === 0 ? "no process" : `pid ${first.join(", ")}${more}`;
}

/** The first ones, then those of the others that are not among them. */
export function union(first: ProcessIdentity[], others: ProcessIdentity[]): ProcessIdentity[] {
  const known = new Set(first.map(identityText));
  return [...first, ...others.filter((identity) => !known.has(identityText(identity)))];
}
