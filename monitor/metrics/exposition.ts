import { Counter, Gauge, Registry } from "prom-client";
import { FAMILIES, type Family } from "./families.ts";
import type { Facts } from "./facts.ts";

/** Prometheus' text format 0.0.4, or OpenMetrics 1.0. */
export type Format = "prometheus" | "openmetrics";

export const CONTENT_TYPES = {
  prometheus: Registry.PROMETHEUS_CONTENT_TYPE,
  openmetrics: Registry.OPENMETRICS_CONTENT_TYPE,
} as const satisfies Record<Format, string>;

/**
 * Renders all metrics. A line whose value is unknown is left out, and so is a family without a line. For that the registry is made anew each
 * time: one that lives on keeps the last value, and has 0 where there never was one.
 */
export async function exposition(facts: Facts, format: Format): Promise<string> {
  const registry = new Registry<typeof CONTENT_TYPES.prometheus | typeof CONTENT_TYPES.openmetrics>();
  registry.setContentType(CONTENT_TYPES[format]);
  for (const family of FAMILIES) register(family, facts, registry as Registry);
  const text = await registry.metrics();
  return format === "openmetrics" ? withUnits(text) : text;
}

function register(family: Family, facts: Facts, registry: Registry): void {
  const known = family
    .read(facts)
    .flatMap(({ labels = {}, value }) => (typeof value === "number" ? [{ labels, value }] : []));
  if (known.length === 0) return;
  const { name, help, labels: labelNames } = family;
  const settings = { name, help, labelNames: [...labelNames], registers: [registry] };
  if (family.type === "counter") {
    const counter = new Counter(settings);
    for (const { labels, value } of known) counter.inc(labels, value);
  } else {
    const gauge = new Gauge(settings);
    for (const { labels, value } of known) gauge.set(labels, value);
  }
}

/** prom-client writes no UNIT lines. */
function withUnits(text: string): string {
  const units = new Map(FAMILIES.flatMap(({ name, unit }) => (unit ? [[name.replace(/_total$/, ""), unit]] : [])));
  return text.replaceAll(/^# TYPE (\S+) .*$/gm, (line, name: string) => {
    const unit = units.get(name);
    return unit === undefined ? line : `${line}\n# UNIT ${name} ${unit}`;
  });
}
