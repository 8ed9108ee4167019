import { connect } from "node:net";
import { z } from "zod";
import type { PostgresLogin } from "../../../contract/stack.ts";
import { PostgresConnection } from "../postgres-connection.ts";
import { NOTHING_TO_CLOSE, type Probe, type Shown } from "./probe.ts";

/** Longer than a probe: a server that was paused finds few connections that nobody waits for any more. */
const POSTGRES_LIMIT_MS = 2_000;

/** On a connection that is kept. */
export function postgresProbe(address: string, login: PostgresLogin): Probe {
  const { host, port } = hostAndPort(address);
  const connection = new PostgresConnection(
    { ...login, host, port, standbys: undefined },
    "faultline nodes",
    POSTGRES_LIMIT_MS,
  );
  const ask = async (): Promise<Shown> => {
    const [row] = await connection.query<{ standby: boolean }>("SELECT pg_is_in_recovery() AS standby", []);
    return { answers: true, role: row?.standby === true ? "standby" : "primary" };
  };
  return { ask, close: async () => connection.close() };
}

/** What a master says of itself as JSON (org.apache.spark.deploy.JsonProtocol, writeMasterState). */
const masterSchema = z.object({ status: z.string() });
const MASTER_ROLES: Record<string, string> = { ALIVE: "leader", STANDBY: "standby" };

/** @param address of its web page. */
export function sparkMasterProbe(address: string, timeoutMs: number): Probe {
  const ask = async (): Promise<Shown> => {
    const { status } = masterSchema.parse(JSON.parse(await page(address, timeoutMs)));
    return { answers: true, role: MASTER_ROLES[status] ?? status.toLowerCase() };
  };
  return { ask, ...NOTHING_TO_CLOSE };
}

/** A worker's own page asks the worker itself, so a worker that hangs is seen at once, not when its master misses it. @param address of its web page. */
export function sparkWorkerProbe(address: string, timeoutMs: number): Probe {
  const ask = async (): Promise<Shown> => {
    await page(address, timeoutMs);
    return { answers: true, role: null };
  };
  return { ask, ...NOTHING_TO_CLOSE };
}

async function page(address: string, timeoutMs: number): Promise<string> {
  const response = await fetch(`http://${address}/json/`, { signal: AbortSignal.timeout(timeoutMs) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return text;
}

/**
 * A ZooKeeper server that serves clients answers "srvr" with a line "Mode: ...". (One that does not serve answers "ruok", too.)
 * ZooKeeper administrator's guide, "The Four Letter Words".
 */
export function zookeeperProbe(address: string, timeoutMs: number): Probe {
  const ask = async (): Promise<Shown> => {
    const socket = connect({ ...hostAndPort(address), signal: AbortSignal.timeout(timeoutMs) });
    socket.once("connect", () => socket.write("srvr"));
    // The server closes the connection after its answer: only then is it whole.
    let answer = "";
    for await (const chunk of socket.setEncoding("latin1")) answer += chunk as string;
    const mode = /^Mode: (\w+)$/m.exec(answer)?.[1];
    return { answers: mode !== undefined, role: mode ?? null };
  };
  return { ask, ...NOTHING_TO_CLOSE };
}

function hostAndPort(address: string): { host: string; port: number } {
  const at = address.lastIndexOf(":");
  return { host: address.slice(0, at).replace(/^\[(.*)]$/, "$1"), port: Number(address.slice(at + 1)) };
}
