/**
 * What was struck, for figures over several faults: the kind of node, but executors apart. Drivers beside another one are apart, too: a lone driver,
 * a driver that another one takes over from, and a standby that nobody waits for recover in quite different times.
 */
export function struckGroup(nodeKind: string, role: string | null | undefined): string {
  if (role === "executor") return role;
  return nodeKind === "driver" && (role === "active" || role === "standby") ? `${role}-driver` : nodeKind;
}
