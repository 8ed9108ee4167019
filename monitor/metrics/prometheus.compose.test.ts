import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { docker, eventually } from "../../platform/compose/fixture/project.ts";
import { AT_MS, observed } from "./fixture/observed.ts";
import { metricsRoute } from "./metrics-route.ts";

/** The image of the compose service `prometheus`. This process is the monitor and the driver that it scrapes, at their names and ports. */
const NAME = `faultline-prometheus-${randomBytes(4).toString("hex")}`;
const SPARK = readFileSync(join(import.meta.dirname, "fixture/spark-metrics.txt"));
const cleanUp: (() => Promise<unknown>)[] = [];
let api: string;

/** The port at which the configuration scrapes a service. */
function portOf(service: string): number {
  const text = readFileSync(join(import.meta.dirname, "prometheus/prometheus.yml"), "utf8");
  return Number(new RegExp(`"${service}:(\\d+)"`).exec(text)?.[1]);
}

async function listen(host: string, port: number, handle: RequestListener): Promise<void> {
  const server = createServer(handle);
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
  cleanUp.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
}

const vectorSchema = z.object({
  data: z.object({
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
});

/** An instant query: name and own labels of each series → value. */
async function query(expression: string): Promise<Record<string, string>> {
  const answer = await fetch(`${api}/query?query=${encodeURIComponent(expression)}`).catch(() => undefined);
  if (answer?.ok !== true) return {};
  return Object.fromEntries(
    vectorSchema.parse(await answer.json()).data.result.map(({ metric, value }) => {
      const { __name__: name, job, instance, ...labels } = metric;
      expect(job !== undefined && instance !== undefined, JSON.stringify(metric)).toBe(true);
      return [`${name} ${Object.values(labels).join(" ")}`.trim(), value[1]];
    }),
  );
}

beforeAll(async () => {
  cleanUp.push(() => docker("network", "rm", NAME));
  await docker("network", "create", NAME);
  const gateway = await docker("network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", NAME);
  const route = metricsRoute(
    () => observed("/runs/a-run"),
    () => AT_MS,
  );
  await listen(gateway, portOf("monitor"), (request, response) => {
    if (request.url === route.path) void route.handle(request, response, new URL("http://monitor/metrics"));
    else response.writeHead(404).end();
  });
  await listen(gateway, portOf("spark"), (request, response) => {
    const isThere = request.url === "/metrics/prometheus/";
    response.writeHead(isThere ? 200 : 302, { "content-type": "text/plain;charset=utf-8" });
    response.end(isThere ? SPARK : undefined);
  });
  await docker("build", "--quiet", "--tag", NAME, join(import.meta.dirname, "prometheus"));
  cleanUp.push(() => docker("image", "rm", "--no-prune", NAME));
  const hosts = ["monitor", "spark"].flatMap((service) => ["--add-host", `${service}:${gateway}`]);
  await docker("run", "--detach", "--name", NAME, "--network", NAME, ...hosts, "--publish", "127.0.0.1::9090", NAME);
  cleanUp.push(() => docker("rm", "--force", "--volumes", NAME));
  api = `http://${await docker("port", NAME, "9090/tcp")}/api/v1`;
}, 180_000);

afterAll(async () => {
  for (const action of cleanUp.toReversed()) await action();
}, 60_000);

it("scrapes the monitor, and the sink's totals from the driver under names of their own", async () => {
  const both = await eventually(
    () => query('{__name__=~"faultline_sink_.+|faultline_lag_events|faultline_partition_stuck"}'),
    (series) => "faultline_lag_events" in series && "faultline_sink_rows_total" in series,
    30_000,
  );
  expect(both).toEqual({
    faultline_lag_events: "95",
    "faultline_partition_stuck 0": "0",
    "faultline_partition_stuck 1": "1",
    faultline_sink_chunks_total: "1133",
    faultline_sink_commit_seconds_total: "46.270503821",
    faultline_sink_dead_letters_total: "0",
    faultline_sink_duplicate_events_total: "0",
    faultline_sink_retries_total: "0",
    faultline_sink_rows_total: "12219",
  });
  // Nothing else of Spark is kept.
  expect(await query('{__name__=~"metrics_.+"}')).toEqual({});
});

it("evaluates the alert rules", async () => {
  const alerts = await eventually(
    () => query('ALERTS{alertname="FaultlinePartitionStuck"}'),
    (series) => Object.keys(series).length > 0,
    30_000,
  );
  // Only the one of the partition that is stuck; it fires when that has lasted.
  expect(Object.keys(alerts)).toEqual([
    expect.stringMatching(/^ALERTS FaultlinePartitionStuck (pending|firing) 1 critical$/),
  ]);
});
