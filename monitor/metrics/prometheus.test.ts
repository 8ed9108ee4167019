import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { FAMILIES } from "./families.ts";

/** The configuration of the compose service `prometheus`. */
const DIRECTORY = join(import.meta.dirname, "prometheus");
const DOCKER_COMPOSE = join(import.meta.dirname, "../../docker-compose.yml");
const DOCUMENTATION = join(import.meta.dirname, "../../docs/metrics.md");

const rulesSchema = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string(), expr: z.string() })) })),
});
const casesSchema = z.object({
  tests: z.array(
    z.object({
      alert_rule_test: z.array(z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) })).default([]),
    }),
  ),
});
const scrapesSchema = z.object({
  scrape_configs: z.array(
    z.object({ job_name: z.string(), static_configs: z.array(z.object({ targets: z.array(z.string()) })) }),
  ),
});

function read<T>(file: string, schema: z.ZodType<T>): T {
  return schema.parse(parse(readFileSync(file, "utf8"), { merge: true, maxAliasCount: 1000 }));
}

const alerts = read(join(DIRECTORY, "alerts.yml"), rulesSchema).groups.flatMap(({ rules }) => rules);
const promtool = (...args: string[]) => spawnSync("promtool", args, { cwd: DIRECTORY, encoding: "utf8" });
const hasPromtool = promtool("--version").status === 0;

it.skipIf(!hasPromtool).each([
  ["check", "config", "prometheus.yml"],
  ["check", "rules", "alerts.yml"],
  ["test", "rules", "alerts.test.yml"],
])(`promtool %s %s %s${hasPromtool ? "" : " (skipped: it is not installed)"}`, (...args) => {
  const { status, stdout, stderr } = promtool(...args);
  expect(status, stdout + stderr).toBe(0);
  expect(stdout).toContain("SUCCESS");
});

it("every alert fires in a case of alerts.test.yml, and is described in docs/metrics.md", () => {
  expect(alerts.length).toBeGreaterThan(0);
  const fired = new Set(
    read(join(DIRECTORY, "alerts.test.yml"), casesSchema)
      .tests.flatMap(({ alert_rule_test }) => alert_rule_test)
      .flatMap(({ alertname, exp_alerts }) => (exp_alerts.length > 0 ? [alertname] : [])),
  );
  expect([...fired].toSorted()).toEqual(alerts.map(({ alert }) => alert).toSorted());
  const page = readFileSync(DOCUMENTATION, "utf8");
  const described = [...page.matchAll(/^\| `(Faultline\w+)` \|/gm)].map(([, name]) => name);
  expect(described).toEqual(alerts.map(({ alert }) => alert));
});

it("alerts ask for metrics that the monitor has", () => {
  const names = FAMILIES.map(({ name }) => name);
  for (const { alert, expr } of alerts) {
    const asked = expr.match(/faultline_\w+/g) ?? [];
    expect(asked.length, alert).toBeGreaterThan(0);
    for (const name of asked) expect(names, alert).toContain(name);
  }
});

it("scrapes services that are in docker-compose.yml", () => {
  const { services } = read(DOCKER_COMPOSE, z.object({ services: z.record(z.string(), z.unknown()) }));
  const { scrape_configs } = read(join(DIRECTORY, "prometheus.yml"), scrapesSchema);
  const hosts = scrape_configs.flatMap(({ static_configs }) => static_configs.flatMap(({ targets }) => targets));
  expect(hosts.length).toBeGreaterThan(0);
  for (const host of hosts) expect(Object.keys(services)).toContain(host.split(":")[0]);
});
