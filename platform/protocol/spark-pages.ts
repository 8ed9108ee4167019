import { z } from "zod";
import type { NodeStatus } from "../../contract/node.ts";

/** What the master's web page says as JSON (org.apache.spark.deploy.JsonProtocol, writeMasterState); only what is used. */
const masterPageSchema = z.object({
  status: z.string(),
  workers: z.array(z.object({ id: z.string(), state: z.string() })),
  activeapps: z.array(z.object({ id: z.string(), name: z.string(), state: z.string() })),
});
export type MasterPage = z.infer<typeof masterPageSchema>;

/** The same of a worker (writeWorkerState). Each life of a worker has an id of its own. */
const workerPageSchema = z.object({ id: z.string() });
export type WorkerPage = z.infer<typeof workerPageSchema>;

/** Asks the master. Undefined when it does not answer within the time. @param web host:port of its web page */
export async function masterPage(web: string, timeoutMs = 2_000): Promise<MasterPage | undefined> {
  return page(masterPageSchema, web, timeoutMs);
}

/** Asks the worker itself: its page is made by the endpoint that speaks to the master. Undefined as for the master. */
export async function workerPage(web: string, timeoutMs = 2_000): Promise<WorkerPage | undefined> {
  return page(workerPageSchema, web, timeoutMs);
}

/** Of several masters the one that leads. Undefined when none does, or none answers. */
export async function leadingMaster(nodes: NodeStatus[]): Promise<MasterPage | undefined> {
  const masters = nodes.filter(({ kind, state }) => kind === "spark-master" && state === "running");
  const pages = await Promise.all(masters.map(async ({ addresses }) => masterPage(addresses["web"] ?? "")));
  return pages.find((page) => page?.status === "ALIVE");
}

async function page<T>(schema: z.ZodType<T>, web: string, timeoutMs: number): Promise<T | undefined> {
  try {
    const response = await fetch(`http://${web}/json/`, { signal: AbortSignal.timeout(timeoutMs) });
    return response.ok ? schema.safeParse(await response.json()).data : undefined;
  } catch {
    return undefined;
  }
}
