/**
 * What runs in fault containers, as arguments of `sh -c`. nft tables are named after the tag and removed whole: nothing else in the namespace
 * (Docker's DNS has rules there) is touched. Rules hold as long as the set `lease` has its elements, and those the kernel ends by itself:
 * `nft list ruleset` in the node's namespace shows what is left of the lease.
 */

/** Where the tools image has the delay proxy's program: the image holds the repository below /app. */
export const DELAY_PROGRAM = "/app/platform/compose/conditions/delay-main.ts";

/** Elements with a timeout, one per IP version, so that a rule that asks for them holds for every packet. */
function leaseSet(leaseMs: number): string {
  return `set lease { typeof meta nfproto; flags timeout; elements = { ipv4 timeout ${leaseMs}ms, ipv6 timeout ${leaseMs}ms }; }`;
}

/** A table in place of one of the same name, in one transaction. */
function replaceTable(table: string, body: string): string {
  return `table inet ${table} {}\ndelete table inet ${table}\ntable inet ${table} {\n${body}\n}\n`;
}

/** Before connection tracking, so that established connections are cut as well. On loopback all goes on, Docker's DNS included. */
export function isolateRules(table: string, leaseMs: number): string {
  return replaceTable(
    table,
    `${leaseSet(leaseMs)}
chain in { type filter hook input priority raw; policy accept; iif lo accept; meta nfproto @lease drop; }
chain out { type filter hook output priority raw; policy accept; oif lo accept; meta nfproto @lease drop; }`,
  );
}

/**
 * Turns new connections to the node's port to a proxy in the same namespace, and resets those that were there before, on both ends, so that
 * clients come again, through the proxy. On loopback, where the proxy itself connects, all stays as it is. IPv4 only: a compose network has no other
 * unless asked for.
 */
export function redirectRules(table: string, leaseMs: number, port: number, proxyPort: number): string {
  return replaceTable(
    table,
    `set lease { type inet_service; flags timeout; elements = { ${port} timeout ${leaseMs}ms }; }
chain turn { type nat hook prerouting priority dstnat; policy accept; iif != lo meta nfproto ipv4 tcp dport @lease redirect to :${proxyPort}; }
chain in { type filter hook input priority filter; policy accept; iif != lo meta nfproto ipv4 tcp dport @lease reject with tcp reset; }
chain out { type filter hook output priority filter; policy accept; oif != lo meta nfproto ipv4 tcp sport @lease reject with tcp reset; }`,
  );
}

/** Arguments: table, rules, lease in seconds. Exit code 0: nothing is left. */
export const ISOLATE = `end() { nft delete table inet "$1" && exit 0; exit 4; }
trap 'end "$1"' TERM INT
printf '%s' "$2" | nft -f - || exit 3
echo ready
sleep "$3" & wait $!
end "$1"`;

/** Arguments: handle, node's address, delay in ms, jitter in ms, lease in seconds. The kernel knows no lease for a queueing discipline. */
export const NETEM = `end() { tc qdisc del dev "$1" root handle "$2": && exit 0; exit 4; }
set -- "$@" $(ip -o -4 addr show to "$2")
device=$7
[ -n "$device" ] || { echo "no interface has the address $2" >&2; exit 3; }
trap 'end "$device" "$1"' TERM INT
tc qdisc add dev "$device" root handle "$1": netem delay "$3"ms "$4"ms || exit 3
echo ready
sleep "$5" & wait $!
end "$device" "$1"`;

/** Arguments: table, handle. Removes what a killed fault container left; says "clean" when nothing is there afterwards. */
export const SWEEP = `nft delete table inet "$1" 2>/dev/null
tc -o qdisc show | while read -r word kind handle dev device rest; do
  [ "$kind $handle" = "netem $2:" ] && tc qdisc del dev "$device" root handle "$2":
done
nft list table inet "$1" >/dev/null 2>&1 || tc qdisc show | grep -q "netem $2:" || echo clean`;

/** Argument: the delay proxy's program. In a namespace of its own: prints a line per ability, its name and what speaks against it. */
export const PROBE = `nft=$(printf '%s' '${replaceTable("probe", leaseSet(60_000))}' | nft -f - 2>&1) && echo "lease: " || echo "lease: "$nft
netem=$(tc qdisc add dev lo root netem delay 1ms 2>&1) && echo "netem: " || echo "netem: "$netem
[ -f "$1" ] && command -v node >/dev/null && echo "proxy: " || echo "proxy: node or $1 is missing in the tools image"`;
