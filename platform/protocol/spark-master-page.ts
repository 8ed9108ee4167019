import { z } from "zod";

/** What the master's web page says as JSON (org.apache.spark.deploy.JsonProtocol, writeMasterState); only what is used. */
const masterPageSchema = z.object({
  status: z.string(),
  workers: z.array(z.object({ id: z.string(), host: z.string().optional(), port: z.number(), state: z.string() })),
  activeapps: z.array(z.object({ id: z.string(), name: z.string(), state: z.string() })),
});
export type MasterPage = z.infer<typeof masterPageSchema>;

/** Asks the master. Undefined when it does not answer within the time. @param web host:port of its web page */
export async function masterPage(web: string, timeoutMs = 2_000): Promise<MasterPage | undefined> {
  try {
    const response = await fetch(`http://${web}/json/`, { signal: AbortSignal.timeout(timeoutMs) });
    return response.ok ? masterPageSchema.safeParse(await response.json()).data : undefined;
  } catch {
    return undefined;
  }
}
