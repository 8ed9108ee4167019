import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { required } from "../../contract/capability.ts";
import type { Life } from "../../contract/node.ts";
import { primaryName, serverAnswers } from "../protocol/postgres-servers.ts";
import { PostgresPair } from "./fixture/postgres-pair.ts";
import { eventually } from "./fixture/stage.ts";
import { LocalInventory } from "./nodes/inventory.ts";
import { postgresAddress } from "./nodes/postgres.ts";
import { dataDirectory, requireCluster, writeCluster } from "./nodes/postgres-cluster.ts";
import { followsAgain } from "./nodes/postgres-reload.ts";

const TIMEOUT_MS = 120_000;

const ready = async (pair: PostgresPair): Promise<void> =>
  eventually(async () => {
    const { inventory } = pair.control;
    return (await inventory.ready("postgres")) && (await inventory.ready("postgres-2"));
  });
const rows = async (pair: PostgresPair, server: string): Promise<number> =>
  pair.on(server, async (client) => {
    // A standby may not have the table yet.
    const answer = await client.query<{ n: number }>("SELECT count(*)::int AS n FROM t").catch(() => undefined);
    return answer?.rows[0]?.n ?? -1;
  });
const insert = async (pair: PostgresPair, server: string, count: number): Promise<unknown> =>
  pair.on(server, async (client) => client.query(`INSERT INTO t SELECT generate_series(1, ${count})`));
const kill = async (pair: PostgresPair, server: string): Promise<void> => {
  const lifecycle = required(pair.control.lifecycle);
  const life = (await lifecycle.lifeOf(server, "node")) as Life;
  await lifecycle.strike(life, "kill", true);
};

it(
  "follows, is promoted, and the former primary follows then",
  async () => {
    await using pair = await PostgresPair.prepare();
    pair.wantUp("postgres", "postgres-2");
    await ready(pair);
    const inventory = new LocalInventory(pair.directory);
    const nodes = await inventory.nodes();
    expect(await Promise.all(nodes.map(async (node) => inventory.roleOf(node)))).toEqual(["primary", "standby"]);
    // As a runtime asks that has not decided itself who is the primary.
    const asked = async () => {
      const servers = { nodes: await inventory.nodes(), postgres: postgresAddress(pair.settings, pair.directory) };
      const answers = await Promise.all(servers.nodes.map(async (node) => serverAnswers(servers, node)));
      return [await primaryName(servers), ...answers];
    };
    expect(await asked()).toEqual(["postgres", true, true]);
    await pair.on("postgres", async (client) => client.query("CREATE TABLE t (i int)"));
    await insert(pair, "postgres", 10);
    await eventually(async () => (await rows(pair, "postgres-2")) === 10);

    // In order: nothing is lost.
    const lifecycle = required(pair.control.lifecycle);
    await lifecycle.hold("postgres", "test", Date.now() + 60_000);
    await pair.failover.shutDown("postgres");
    await eventually(async () => pair.failover.hasReplayedAll("postgres"));
    await pair.failover.promote("postgres-2");
    expect(await pair.failover.look("postgres-2")).toMatchObject({ isStandby: false, timeline: 2 });
    expect(await asked()).toEqual(["postgres-2", false, true]);
    await lifecycle.release("postgres", "test");
    expect(await pair.failover.restore()).toBe("postgres-2 takes writes (timeline 2), postgres follows");
    expect(await pair.control.inventory.holderOf({ role: "primary" })).toBe("postgres-2");
    await insert(pair, "postgres-2", 5);
    await eventually(async () => (await rows(pair, "postgres")) === 15);

    // Without its stream, the standby misses what comes; after a kill of the primary that is lost.
    await pair.failover.detach();
    await insert(pair, "postgres-2", 100);
    expect(await rows(pair, "postgres")).toBe(15);
    await lifecycle.hold("postgres-2", "test", Date.now() + 60_000);
    await kill(pair, "postgres-2");
    expect(await pair.failover.hasReplayedAll("postgres-2")).toBe(false);
    await pair.failover.promote("postgres");
    await lifecycle.release("postgres-2", "test");
    expect(await pair.failover.restore()).toBe("postgres takes writes (timeline 3), postgres-2 follows");
    expect([await rows(pair, "postgres"), await rows(pair, "postgres-2")]).toEqual([15, 15]);

    // Both take writes; what only the former primary has is lost.
    await pair.failover.promote("postgres-2");
    await insert(pair, "postgres", 1);
    await insert(pair, "postgres-2", 2);
    expect(await pair.control.inventory.ready("postgres")).toBe(false);
    expect(await pair.failover.restore()).toBe("postgres-2 takes writes (timeline 4), postgres follows");
    expect([await rows(pair, "postgres"), await rows(pair, "postgres-2")]).toEqual([17, 17]);
  },
  TIMEOUT_MS,
);

it(
  "makes commits wait for a synchronous standby, and loses none that was acknowledged",
  async () => {
    await using pair = await PostgresPair.prepare({ synchronous: true });
    const waitsFor = async (server: string): Promise<string | undefined> =>
      pair.on(server, async (client) => {
        const { rows: shown } = await client.query<{ names: string }>(
          "SELECT current_setting('synchronous_standby_names') AS names",
        );
        return shown[0]?.names;
      });
    const waits = async (server: string): Promise<boolean> =>
      pair.on(server, async (client) => {
        const { rows: found } = await client.query("SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
        return found.length > 0;
      });
    // Until the standby is there, the primary must do without: the schema is written before.
    pair.wantUp("postgres");
    await eventually(async () => pair.control.inventory.ready("postgres"));
    await pair.on("postgres", async (client) => client.query("CREATE TABLE t (i int)"));
    pair.wantUp("postgres-2");
    await ready(pair);
    followsAgain(pair.settings, pair.files);
    await eventually(async () => (await waitsFor("postgres")) === "postgres_2");
    expect(await pair.failover.look("postgres")).toMatchObject({ isSynchronous: true });
    await insert(pair, "postgres", 10);
    expect(await rows(pair, "postgres-2")).toBeGreaterThanOrEqual(0);

    // Nobody is told of a commit that the standby does not have.
    await pair.failover.detach();
    const told = insert(pair, "postgres", 100).then(
      () => "committed",
      () => "broken off",
    );
    await eventually(async () => waits("postgres"));
    const lifecycle = required(pair.control.lifecycle);
    await lifecycle.hold("postgres", "test", Date.now() + 60_000);
    await kill(pair, "postgres");
    expect(await told).toBe("broken off");
    await pair.failover.promote("postgres-2");
    expect(await rows(pair, "postgres-2")).toBe(10);

    // The new primary has no standby yet, and takes writes; as soon as it has one, its commits wait again.
    await insert(pair, "postgres-2", 1);
    expect(await waitsFor("postgres-2")).toBe("");
    await lifecycle.release("postgres", "test");
    await pair.failover.restore();
    await eventually(async () => (await waitsFor("postgres-2")) === "postgres");
    await insert(pair, "postgres-2", 1);
    await eventually(async () => (await rows(pair, "postgres")) === 12);
  },
  TIMEOUT_MS,
);

it(
  "carries out what was decided before a death",
  async () => {
    await using pair = await PostgresPair.prepare();
    pair.wantUp("postgres", "postgres-2");
    await ready(pair);
    await pair.on("postgres", async (client) => client.query("CREATE TABLE t (i int)"));
    await insert(pair, "postgres", 3);
    await eventually(async () => (await rows(pair, "postgres-2")) === 3);

    // Decided, and then everything dies: the starts alone do it, in whichever order.
    const decision = { primary: "postgres-2", timeline: 2, receiving: true };
    writeCluster(pair.directory, decision);
    await kill(pair, "postgres");
    await kill(pair, "postgres-2");
    await ready(pair);
    expect(await pair.failover.look("postgres-2")).toMatchObject({ isStandby: false, timeline: 2 });
    await insert(pair, "postgres-2", 1);
    await eventually(async () => (await rows(pair, "postgres")) === 4);

    // Decided, while both live on: restore does it.
    writeCluster(pair.directory, { primary: "postgres", timeline: 3, receiving: false });
    expect(await pair.failover.restore()).toBe("postgres takes writes (timeline 3), postgres-2 follows");
    expect(requireCluster(pair.directory)).toEqual({ primary: "postgres", timeline: 3, receiving: true });

    // Without a decision nothing changes hands.
    await kill(pair, "postgres");
    await ready(pair);
    expect(await pair.failover.look("postgres")).toMatchObject({ isStandby: false, timeline: 3 });
  },
  TIMEOUT_MS,
);

it(
  "makes a copy again that was broken off",
  async () => {
    await using pair = await PostgresPair.prepare();
    pair.wantUp("postgres-2");
    const log = join(pair.settings.run_directory, "logs/postgres-2.log");
    const target = dataDirectory(pair.settings, "postgres-2");
    // It waits for its primary; it dies, and is dead in the midst of its copy later.
    await eventually(() => existsSync(log) && readFileSync(log, "utf8").includes("copies the data of postgres"));
    pair.wantUp("postgres");
    await eventually(() => existsSync(join(`${target}.new`, "base")));
    await kill(pair, "postgres-2");
    expect(existsSync(target)).toBe(false);
    await ready(pair);
    expect(existsSync(`${target}.new`)).toBe(false);
    expect(existsSync(join(target, "standby.signal"))).toBe(true);
  },
  TIMEOUT_MS,
);
