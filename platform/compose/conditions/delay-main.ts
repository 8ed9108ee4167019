import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { startDelayProxy } from "../../link/delay-proxy.ts";
import { redirectRules } from "./network-scripts.ts";

/**
 * Runs in a fault container, in a node's network namespace: a proxy that delays, and the rules that lead the node's clients to it. Ends at the end
 * of the lease or with SIGTERM; exit code 0 says that nothing is left. Killed, it leaves rules that end with the lease: until then, clients are refused.
 */
const { values } = parseArgs({
  options: {
    table: { type: "string", default: "" },
    /** The node's own address in the compose network: what it listens on may be no other. */
    host: { type: "string", default: "" },
    port: { type: "string", default: "" },
    "delay-ms": { type: "string", default: "0" },
    "jitter-ms": { type: "string", default: "0" },
    "lease-ms": { type: "string", default: "0" },
  },
});
const { table, host } = values;
const port = Number(values.port);
const leaseMs = Number(values["lease-ms"]);
const delay = { delay_ms: Number(values["delay-ms"]), jitter_ms: Number(values["jitter-ms"]) };

function nft(input: string): void {
  const { status, error } = spawnSync("nft", ["-f", "-"], {
    input,
    stdio: ["pipe", "ignore", "inherit"],
    timeout: 5_000,
  });
  if (status === 0) return;
  // What nft had against it stands on stderr already.
  if (error !== undefined) process.stderr.write(`nft: ${error.message}\n`);
  process.exit(3);
}

const proxy = await startDelayProxy({
  listen: { host: "0.0.0.0", port: 0 },
  target: { host, port },
  delay: () => delay,
});
let ending = false;
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  // First new connections go straight again; then the proxy's end, in the table's translation still, tells its clients to come again.
  nft(`flush table inet ${table}\n`);
  await proxy.close();
  nft(`delete table inet ${table}\n`);
  process.exit(0);
}
process.on("SIGTERM", () => void end());
process.on("SIGINT", () => void end());
nft(redirectRules(table, leaseMs, port, proxy.port));
setTimeout(() => void end(), leaseMs);
process.stdout.write("ready\n");
