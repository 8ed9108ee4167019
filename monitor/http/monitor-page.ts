import { readPageFile, writePageFile } from "./page-file.ts";
import type { Route } from "./route.ts";
import { serveRun } from "./serve-run.ts";

/** Where the monitor serves the page. `port` 0: a free one, the one of its last life if that is free. */
export type PageAddress = {
  host: string;
  port: number;
  /** Other names of the server: "name", or "name:port". The first one with a port is the one that people use. */
  allowedHosts: readonly string[];
};

export type MonitorPageOptions = {
  address: PageAddress;
  directory: string;
  routes: readonly Route[];
  onProblem: (problem: string | undefined) => void;
  /** The page can be opened at this address. */
  onUrl: (url: string) => void;
};

/** Serves the page as a part of the monitor. If it can't, that is a problem to be told, and the rest of the monitor goes on: never throws. */
export async function startMonitorPage(options: MonitorPageOptions): Promise<{ stop(): Promise<void> }> {
  const { address, directory, routes, onProblem, onUrl } = options;
  const { host, allowedHosts } = address;
  try {
    const served = await firstFree(await portsOf(address, directory), async (port) =>
      serveRun({ directory, host, port, allowedHosts, routes, onProblem }),
    );
    const published = allowedHosts.find((name) => /:\d+$/.test(name));
    const url = published === undefined ? served.url : `http://${published}/?token=${served.token}`;
    await writePageFile(directory, { version: 1, token: served.token, url });
    onUrl(url);
    return {
      stop: async () => {
        await served.close();
        await writePageFile(directory, { version: 1, token: served.token, url: null }).catch(() => undefined);
      },
    };
  } catch (error) {
    onProblem((error as Error).message);
    return { stop: () => Promise.resolve() };
  }
}

async function portsOf({ port }: PageAddress, directory: string): Promise<number[]> {
  if (port !== 0) return [port];
  const last = Number(URL.parse((await readPageFile(directory))?.url ?? "")?.port ?? 0);
  return last === 0 ? [0] : [last, 0];
}

/** @throws what the last port gave */
async function firstFree<T>(ports: readonly number[], serve: (port: number) => Promise<T>): Promise<T> {
  for (const port of ports.slice(0, -1))
    try {
      return await serve(port);
    } catch {
      // Somebody else has it by now.
    }
  return serve(ports.at(-1) ?? 0);
}
