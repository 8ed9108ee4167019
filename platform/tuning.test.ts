import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const page = read("docs/tuning.md");
const JAVA = "spark-app/job/src/main/java/dev/faultline/job";
const SINK = "spark-app/faultline-postgres/src/main/java/dev/faultline/postgres";

/** All settings that `pattern` finds in a file; its groups are name and value. */
function found(path: string, pattern: RegExp): [string, string][] {
  return [...read(path).matchAll(pattern)].map(([, name, value]) => [name as string, bare(value as string)]);
}

/** Of a file that also has the field's defaults, further down. */
const firstOfEach = (settings: [string, string][]): [string, string][] =>
  settings.filter(([name], index) => settings.findIndex(([other]) => other === name) === index);

const values = (text: string, pattern: RegExp): Map<string, string> =>
  new Map([...text.matchAll(pattern)].map(([, name, value]) => [name as string, bare(value as string)]));

/** 1_000 → 1000; 'on' → on. */
const bare = (value: string): string =>
  value
    .trim()
    .replace(/^'(.*)'$/, "$1")
    .trim()
    .replaceAll(/(?<=\d)_(?=\d)/g, "");

/** The part of the page that begins with this text, up to the next file or heading. */
function part(begins: string): string {
  const start = page.indexOf(begins);
  expect(start, `docs/tuning.md lacks: ${begins}`).toBeGreaterThanOrEqual(0);
  const rest = page.slice(start + begins.length);
  return rest.split(/\n(?=## |`[^`\n]*\/[^`\n]*`)/)[0] as string;
}

/** Each setting of a table, and the cell of our value. */
function rows(text: string, cell: number): Map<string, string> {
  const lines = text.split("\n").filter((line) => line.startsWith("| `"));
  return new Map(
    lines.flatMap((line) => {
      const cells = line.split("|").map((content) => content.trim());
      return [...(cells[1] as string).matchAll(/`([^`]+)`/g)].map(([, name]): [string, string] => [
        name as string,
        cells[cell] as string,
      ]);
    }),
  );
}

/** Settings that are named below the table, without a value. */
const named = (text: string): string[] =>
  text
    .split("\n\n")
    .filter((paragraph) => /^(?:Stated|Not about time)/.test(paragraph))
    .flatMap((paragraph) => [...paragraph.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string));

const PROPERTIES = /^([\w.-]+)=(.*)$/gm;

describe("every setting of the file is in docs/tuning.md with its value, and no other", () => {
  it.each([
    ["`platform/kafka/kraft.properties`\n", found("platform/kafka/kraft.properties", PROPERTIES)],
    ["`platform/kafka/common.properties`\n", found("platform/kafka/common.properties", PROPERTIES)],
    ["`platform/kafka/zookeeper/broker.properties`\n", found("platform/kafka/zookeeper/broker.properties", PROPERTIES)],
    [
      "`platform/kafka/zookeeper/zookeeper.properties`\n",
      found("platform/kafka/zookeeper/zookeeper.properties", /^([\w.]+)=(.*)$/gm),
    ],
    [
      "`producer/client-settings.ts`: the Kafka client",
      firstOfEach(
        found("producer/client-settings.ts", /^(?: {2}|export const )(\w+)(?:: | = )([\d_]+|Number\.\w+)[,;]$/gm),
      ),
    ],
    ["`spark-app/job`, `StreamQuery.java`", found(`${JAVA}/StreamQuery.java`, /Map\.entry\("([^"]+)", "([^"]+)"\)/g)],
    ["`spark-app/spark-defaults.conf`\n", found("spark-app/spark-defaults.conf", /^(spark\.\S+)\s+(.*)$/gm)],
    ["`db/postgresql.conf`\n", found("db/postgresql.conf", /^(\w+) = (.*)$/gm)],
  ])("%s", (begins, settings) => {
    const text = part(begins);
    const [told, merely] = [rows(text, 3), new Set(named(text))];
    expect(settings.length).toBeGreaterThan(0);
    const wrong = settings.filter(([name, value]) => !merely.has(name) && told.get(name) !== value);
    expect(wrong, `in the file; the page says ${wrong.map(([name]) => told.get(name)).join(", ")}`).toEqual([]);
    const names = new Set(settings.map(([name]) => name));
    const constants = new Set([...told.keys()].filter((name) => /^[A-Z]\w+\.[A-Z_]+$/.test(name)));
    expect([...told.keys(), ...merely].filter((name) => !names.has(name) && !constants.has(name))).toEqual([]);
  });
});

it("the producer's flags have the defaults that the page has", () => {
  const flags = new Map(found("producer/options.ts", /whole\("([\w-]+)", \d\) \?\? ([\d_]+)/g));
  for (const [flag, value] of rows(part("`producer/options.ts`: flags"), 3))
    expect(flags.get(flag.slice(2)), flag).toBe(value);
});

it("masters and workers have what the page says, in both runtimes", () => {
  const [local, containers] = ["platform/local/nodes/spark.ts", "spark-app/bin/entrypoint.sh"].map(read) as [
    string,
    string,
  ];
  const seconds = /WORKER_TIMEOUT_S = (\d+)/.exec(local)?.[1] as string;
  const here = values(
    local.replaceAll("`${WORKER_TIMEOUT_S}s`", `${seconds}s`).replaceAll("WORKER_TIMEOUT_S,", `${seconds},`),
    /"(spark\.[\w.]+)": ([-\w]+),/g,
  );
  const there = values(containers, /-D(spark\.[\w.]+)=([-\w]+)/g);
  const rest = rows(part("`platform/local/nodes/spark.ts`, and"), 3);
  const told = new Map([...rest].filter(([name]) => name.startsWith("spark.")));
  expect(told.size).toBeGreaterThan(0);
  for (const [name, value] of told) {
    expect(here.get(name), name).toBe(value);
    expect(there.get(name), `${name} in containers`).toBe(value);
  }
});

/** `Class.CONSTANT` or `--flag` → its value in the source. */
function constants(): Map<string, string> {
  const own = (path: string, name: string): [string, string][] =>
    found(`${path}/${name}.java`, /static final (?:long|int) (\w+) = ([\d_]+);/g).map(([constant, value]) => [
      `${name}.${constant}`,
      value,
    ]);
  const [names, values] = [
    (/record SinkTimeouts\(([^)]*)\)/.exec(read(`${SINK}/SinkTimeouts.java`))?.[1] ?? "").split(","),
    (/DEFAULT = new SinkTimeouts\(([^)]*)\)/.exec(read(`${SINK}/SinkTimeouts.java`))?.[1] ?? "").split(","),
  ];
  const timeouts = names.map((name, index): [string, string] => [
    `SinkTimeouts.${name.trim().split(" ").at(-1)}`,
    bare(values[index] ?? ""),
  ]);
  const flags = found(`${JAVA}/JobArguments.java`, /number\(given, "(--[\w-]+)", [\d_]+, [\w.]+, ([\d_]+)\)/g);
  return new Map([
    ...own(JAVA, "SilentExecutors"),
    ...own(JAVA, "ColdExecutors"),
    ...own(SINK, "Backoff"),
    ...timeouts,
    ...flags,
  ]);
}

it.each(["The job does two things that no setting does:", "`spark-app/faultline-postgres`\n"])(
  "the constants are those of the page: %s",
  (begins) => {
    const real = constants();
    const told = rows(part(begins), 2);
    expect(told.size).toBeGreaterThan(1);
    for (const [name, value] of told) expect(real.get(name), name).toBe(value);
  },
);
