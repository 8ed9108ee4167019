import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FAULT_KINDS, type FaultKind } from "../contract/plan.ts";

const ROOT = join(import.meta.dirname, "..");
const scratch = mkdtempSync(join(tmpdir(), "faultline-compose-"));
const madeEnvironment = !existsSync(join(ROOT, ".env"));

type Result = { code: number | null; output: string };

/** One line of a user's shell, in the repository's root. */
function ask(line: string, environment: Record<string, string> = {}): Result {
  const result = spawnSync("bash", ["-c", line], {
    cwd: ROOT,
    encoding: "utf8",
    timeout: 900_000,
    maxBuffer: 64 * 2 ** 20,
    stdio: ["ignore", "pipe", "pipe"],
    // As on a machine whose shell knows nothing of .env.
    env: { ...process.env, POSTGRES_USER: undefined, POSTGRES_DB: undefined, ...environment },
  });
  return { code: result.status, output: `${result.stdout}${result.stderr}` };
}

/** The same, and says how long it took. */
function type(line: string, environment: Record<string, string> = {}): Result {
  const beganMs = Date.now();
  const result = ask(line, environment);
  process.stdout.write(`${((Date.now() - beganMs) / 1000).toFixed(1).padStart(7)} s  ${line}\n`);
  return result;
}

function must(line: string, environment: Record<string, string> = {}): string {
  const { code, output } = type(line, environment);
  if (code !== 0)
    throw new Error(`${line}: exit code ${code}\n${output.slice(-4_000)}\n${ask("docker compose ps --all").output}`);
  return output;
}

/** 0 as well when the database does not answer now. */
const rows = (): number =>
  Number(ask('docker compose exec -T postgres psql -Atc "SELECT count(*) FROM payments" 2>/dev/null').output) || 0;

/** Which service is how, and the last words of those that lead, as short as a failed test's message is shown. */
const situation = (): string =>
  ask(
    'docker compose ps --all --format "{{.Service}}: {{.Status}}"; for s in spark spark-master spark-master-2; do docker compose logs --no-log-prefix --tail 8 $s | cut -c1-200; done',
  ).output;

function until(what: string, timeoutMs: number, condition: () => boolean): void {
  const beganMs = Date.now();
  while (!condition()) {
    if (Date.now() > beganMs + timeoutMs) throw new Error(`${what}: not within ${timeoutMs / 1000} s\n${situation()}`);
    spawnSync("sleep", ["1"]);
  }
  process.stdout.write(`${((Date.now() - beganMs) / 1000).toFixed(1).padStart(7)} s  until ${what}\n`);
}

/**
 * Rows that were not there before arrive: the stream goes on. Five minutes, as this asks whether, not how fast: after a kill of ZooKeeper the
 * master that led ends itself and starts again, and a driver that is killed then waits for it.
 */
function rowsArrive(after: string): void {
  until(`an answer after ${after}`, 300_000, () => rows() > 0);
  const before = rows();
  until(`rows after ${after}`, 300_000, () => rows() > before);
}

function plan(kind: FaultKind, target: string, rest: Record<string, number>): string {
  expect(FAULT_KINDS).toContain(kind);
  const file = join(scratch, `${kind}-${target}.json`);
  const fault = { id: 1, at_ms: 0, kind, target: { node: target }, hold_ms: 6_000, ...rest };
  writeFileSync(file, JSON.stringify({ version: 1, seed: 1, duration_ms: 60_000, kinds: ["kafka"], faults: [fault] }));
  return file;
}

/** Containers, volumes and networks of the project. */
function left(): string {
  const filter = `--filter label=com.docker.compose.project=$(docker compose config --format json | node -p 'JSON.parse(require("fs").readFileSync(0)).name')`;
  return must(`docker ps -aq ${filter}; docker volume ls -q ${filter}; docker network ls -q ${filter}`).trim();
}

/** What a person types, in a person's order, on containers alone. */
describe.skipIf(spawnSync("docker", ["compose", "version"]).status !== 0 || spawnSync("docker", ["info"]).status !== 0)(
  "docker compose",
  () => {
    beforeAll(() => {
      must("cp -n .env.example .env || true");
      must("docker compose --profile tools down -v --remove-orphans");
    });
    afterAll(() => {
      type("docker compose --profile tools down -v --remove-orphans");
      if (madeEnvironment) rmSync(join(ROOT, ".env"), { force: true });
      rmSync(scratch, { recursive: true, force: true });
    });

    it("builds and comes up", () => {
      // The tools as well: an engine may still have their images from an earlier checkout of the same name.
      must("docker compose --profile tools build");
      must("docker compose up -d");
      expect(must("docker compose ps")).toContain("(healthy)");
      must("docker compose up -d zookeeper kafka-1 kafka-2 kafka-3 postgres");
      // Neither variable is set in this shell: the command must work all the same.
      expect(
        must(
          "docker compose exec -T postgres psql -U $POSTGRES_USER -d $POSTGRES_DB -f /docker-entrypoint-initdb.d/init.sql",
        ),
      ).toContain("CREATE TABLE");
      must("docker compose up -d producer");
      must("docker compose up -d spark");
      expect(
        must(
          "docker compose exec -T spark spark-submit --class dev.faultline.job.PipelineJob --master 'local[*]' /app/spark-app.jar --help",
        ),
      ).toContain("Usage:");
      must("docker compose exec -T spark bash -c true");
      until("first rows", 180_000, () => rows() > 0);
      must("docker compose up -d --wait");
    });

    it("chaos.sh breaks it, validation proves it", () => {
      const output = must(
        "bash chaos/chaos.sh --duration 72 --interval 12 --seed 3 --targets kafka,spark,postgres,producer",
      );
      expect(output).toMatch(/recovered/);
      expect(must("docker compose run --rm -T validation")).toContain("VALIDATION PASSED: zero data loss");
      expect(must("docker compose logs --tail 5 spark")).not.toBe("");
    });

    it.each([
      ["delay", "kafka-2", { delay_ms: 200, jitter_ms: 20 }],
      ["isolate", "kafka-3", {}],
      ["disconnect", "kafka-1", {}],
      ["cpu", "postgres", { cpu_workers: 1 }],
      ["memory", "spark-worker-1", { memory_mib: 100 }],
    ] as const)("%s on %s bites, as measured, and is undone", (kind, target, rest) => {
      const output = must(`bash chaos/chaos.sh --plan ${plan(kind, target, rest)}`);
      process.stdout.write(output.replaceAll(/^/gm, "           "));
      expect(output).toMatch(/ active {2,}/);
      expect(output).toMatch(/ healed {2,}/);
      expect(output).toMatch(/ recovered {2,}/);
      expect(must("./faultline heal")).toContain("nothing to heal");
    });

    it("the stream goes on though masters, ZooKeeper and nodes are killed by hand", () => {
      const page = `exec 3<>/dev/tcp/$HOSTNAME/8080; printf "GET /json/ HTTP/1.0\\r\\n\\r\\n" >&3; grep -Eq "status. *: *.ALIVE" <&3`;
      const active = (): string =>
        ask(
          `for m in spark-master spark-master-2; do docker compose exec -T $m bash -c '${page}' 2>/dev/null && echo $m; done; true`,
        ).output.trim();
      const killed = active();
      expect(["spark-master", "spark-master-2"]).toContain(killed);
      must(`docker kill $(docker compose ps -q ${killed})`);
      rowsArrive(`the kill of ${killed}`);
      until(
        "the standby master leads",
        60_000,
        () => active() === (killed === "spark-master" ? "spark-master-2" : "spark-master"),
      );
      must("docker kill $(docker compose ps -q zookeeper)");
      rowsArrive("the kill of zookeeper");
      must("docker compose start zookeeper");
      for (const service of ["spark", "postgres", "spark-worker-2"]) {
        must(`docker kill $(docker compose ps -q ${service})`);
        must(`docker compose start ${service}`);
        rowsArrive(`the kill of ${service}`);
      }
      must(`docker compose start ${killed}`);
      expect(must("docker compose run --rm -T validation --allow-no-faults")).toContain(
        "VALIDATION PASSED: zero data loss",
      );
    });

    it("leaves nothing", () => {
      must("docker compose --profile tools down -v");
      expect(left()).toBe("");
    });

    it("Kafka in ZooKeeper mode", () => {
      const mode = { COMPOSE_FILE: "docker-compose.yml:docker-compose.zookeeper.yml" };
      must("docker compose up -d --wait", mode);
      until("first rows", 180_000, () => rows() > 1_000);
      must("docker kill $(docker compose ps -q kafka-2) && docker compose start kafka-2", mode);
      rowsArrive("the kill of kafka-2");
      expect(must("docker compose run --rm -T validation --allow-no-faults", mode)).toContain(
        "VALIDATION PASSED: zero data loss",
      );
      must("docker compose --profile tools down -v", mode);
      expect(left()).toBe("");
    });
  },
);
