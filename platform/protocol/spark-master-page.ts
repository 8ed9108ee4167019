/** What the master's web page says as JSON (org.apache.spark.deploy.JsonProtocol, writeMasterState). */
export type MasterPage = {
  status: string;
  workers: { id: string; port: number; state: string }[];
  activeapps: { id: string; name: string; state: string }[];
};

/** Asks the master. Undefined when it does not answer within the time. @param web host:port of its web page */
export async function masterPage(web: string, timeoutMs = 2_000): Promise<MasterPage | undefined> {
  try {
    const response = await fetch(`http://${web}/json/`, { signal: AbortSignal.timeout(timeoutMs) });
    return response.ok ? ((await response.json()) as MasterPage) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the master counts the worker that listens on this port as alive. */
export function workerIsAlive(page: MasterPage, port: number): boolean {
  return page.workers.some((worker) => worker.port === port && worker.state === "ALIVE");
}
