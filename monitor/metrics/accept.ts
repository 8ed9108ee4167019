import type { Format } from "./exposition.ts";

/** How much a client wants each format, by its Accept header. */
type Wish = { format: Format; quality: number };

/**
 * Chooses the format of the answer. OpenMetrics is only for a client that names it, in a version that we write, and wants it no less than text:
 * a browser, curl or a scraper of `text/plain` gets Prometheus' text format, and so does a client whose wishes can't be met.
 */
export function acceptedFormat(accept: string | undefined): Format {
  const wishes = (accept ?? "").split(",").flatMap(wishOf);
  const best = (format: Format): number =>
    Math.max(0, ...wishes.filter((wish) => wish.format === format).map(({ quality }) => quality));
  return best("openmetrics") > 0 && best("openmetrics") >= best("prometheus") ? "openmetrics" : "prometheus";
}

function wishOf(range: string): Wish[] {
  const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
  const valueOf = (name: string): string | undefined =>
    parameters.find((parameter) => parameter.startsWith(`${name}=`))?.slice(name.length + 1);
  const format = { "application/openmetrics-text": "openmetrics", "text/plain": "prometheus" }[type] as
    | Format
    | undefined;
  if (format === undefined) return [];
  if (format === "openmetrics" && !["1.0.0", undefined].includes(valueOf("version"))) return [];
  const quality = Number(valueOf("q") ?? 1);
  return Number.isFinite(quality) ? [{ format, quality }] : [];
}
