import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { roundTripMs } from "../../protocol/round-trip.ts";
import { fakeBrokerSpec, freeSettings, prepareFakeBroker } from "../fixture/fake-broker.ts";
import { kafkaProperties } from "../nodes/kafka.ts";
import { LinkConditions } from "./delay-files.ts";
import { prepareLink } from "./link-prepare.ts";
import { keepLinks, linkName, linkSpecs, writeSpecAndMove } from "./links.ts";
import { LocalLifecycle } from "../lifecycle.ts";
import { LocalInventory } from "../nodes/inventory.ts";
import { LocalConditions } from "./conditions.ts";
import { ownPort } from "../state/node-ports.ts";
import { NodeFiles, type ProcessSpec } from "../supervisor/node-files.ts";
import { postgresAddress, postgresConfiguration, postgresSpec } from "../nodes/postgres.ts";
import { signalProcess } from "../../../machine/process-identity.ts";
import { readSettings, type Settings } from "../state/settings.ts";
import { ensureSupervisor, stopSupervisor } from "../supervisor/supervisor-process.ts";
import { killTagged } from "../fixture/kill-tagged.ts";

let directory: string;
let settings: Settings;
let files: NodeFiles;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "fl-links-"));
  files = new NodeFiles(directory);
  settings = await freeSettings(directory);
});
afterAll(async () => {
  await stopSupervisor(directory);
  killTagged(directory);
  rmSync(directory, { recursive: true, force: true });
});

const brokerSpec = (now: Settings): ProcessSpec => fakeBrokerSpec(now, directory);
const inventory = (): LocalInventory => new LocalInventory(directory);
const control = (): LocalConditions => new LocalConditions(directory, inventory());
const client = (): string => `127.0.0.1:${settings.ports["kafka-2-client"]}`;

const answers = async (): Promise<boolean> => (await roundTripMs("kafka", client(), 500)) !== null;

/** The fastest of three: a busy machine only adds. */
async function fastestMs(): Promise<number> {
  const times: (number | null)[] = [];
  for (let i = 0; i < 3; i++) times.push(await control().measure("kafka-2", "delay"));
  return Math.min(...times.map((ms) => ms ?? Number.POSITIVE_INFINITY));
}

describe("a node with a link", () => {
  it("listens behind it, and tells clients the port that they know", () => {
    const { ports } = settings;
    const linked = { ...settings, links: { "kafka-2": 21_100, postgres: 21_101 } };
    const properties = kafkaProperties(linked, 2, "/log");
    expect(properties).toContain(`\nlisteners=CLIENT://127.0.0.1:21100,BROKER://127.0.0.1:${ports["kafka-2-broker"]},`);
    expect(properties).toContain(
      `\nadvertised.listeners=CLIENT://127.0.0.1:${ports["kafka-2-client"]},BROKER://127.0.0.1:${ports["kafka-2-broker"]}\n`,
    );
    expect(kafkaProperties(linked, 1, "/log")).toBe(kafkaProperties(settings, 1, "/log"));
    expect(postgresConfiguration(linked)).toContain("port = '21101'\n");
    expect(postgresAddress(linked, directory).port).toBe(ports.postgres);
    expect(postgresSpec(linked, directory).addresses).toEqual({
      sql: `127.0.0.1:${ports.postgres}`,
      behind: "127.0.0.1:21101",
    });
    expect(linkSpecs(linked, directory, "kafka").map(({ name, link }) => [name, link])).toEqual([
      ["link-kafka-2", "kafka-2"],
    ]);
    expect(linkSpecs(linked, directory, "postgres").map(({ link }) => link)).toEqual(["postgres"]);
    expect(linkSpecs(settings, directory, "kafka")).toEqual([]);
  });

  it("keeps its own port, unless another has it now", async () => {
    const behind = { "kafka-3": settings.ports.postgres };
    const { links } = await keepLinks(directory, { ...settings, links: behind }, files);
    expect(Object.values(settings.ports)).not.toContain(links?.["kafka-3"]);
    expect(await keepLinks(directory, { ...settings, links }, files)).toEqual({
      links,
    });
    expect(await keepLinks(directory, settings, files)).toEqual({});
  });

  it("is asked to start again when it moved, before its spec has the new port", () => {
    const own = new NodeFiles(join(directory, "apart"));
    const spec = brokerSpec(settings);
    writeSpecAndMove(own, spec);
    expect(own.readDesired("kafka-2")).toBeUndefined();
    own.writeDesired("kafka-2", { want: "up", generation: 1 });
    writeSpecAndMove(own, spec);
    expect(own.readDesired("kafka-2")?.generation).toBe(1);
    writeSpecAndMove(own, brokerSpec({ ...settings, links: { "kafka-2": 21_100 } }));
    expect(own.readDesired("kafka-2")?.generation).toBe(2);
  });
});

describe("a link put before a node that runs", () => {
  it("takes its client port over, delays what comes to it, and ends the delay when told or by itself", async () => {
    prepareFakeBroker(settings, directory);
    await expect(prepareLink(directory, "kafka-2", "kafka", answers)).rejects.toMatchObject({ code: "FL_STACK_DOWN" });
    files.writeSpec(brokerSpec(settings));
    files.writeDesired("kafka-2", { want: "up", generation: 1 });
    await ensureSupervisor(directory);
    await expect.poll(answers, { timeout: 10_000 }).toBe(true);
    const condition = { kind: "delay", delay_ms: 150, jitter_ms: 0 } as const;
    await expect(control().impose("kafka-2", "t", condition, 1_000)).rejects.toMatchObject({
      code: "FL_FAULT_UNAVAILABLE",
    });

    await prepareLink(directory, "kafka-2", "kafka", answers);
    await prepareLink(directory, "kafka-2", "kafka", answers);
    const now = readSettings(directory) as Settings;
    expect(ownPort(now, "kafka-2")).not.toBe(settings.ports["kafka-2-client"]);
    expect(await roundTripMs("kafka", `127.0.0.1:${ownPort(now, "kafka-2")}`)).not.toBeNull();
    expect(files.readActual("kafka-2")).toMatchObject({ generation: 2, starts: 2 });
    expect(files.readActual(linkName("kafka-2"))).toMatchObject({ generation: 1, starts: 1 });
    expect((await inventory().nodes()).map(({ name, addresses }) => [name, addresses["client"]])).toEqual([
      ["kafka-2", client()],
    ]);
    await expect(
      new LocalLifecycle(directory).hold(linkName("kafka-2"), "t", Date.now() + 60_000),
    ).rejects.toMatchObject({ code: "FL_USAGE" });
    expect(await fastestMs()).toBeLessThan(140);

    await control().impose("kafka-2", "run/1", condition, 60_000);
    expect(await control().list()).toEqual([{ node: "kafka-2", tag: "run/1", kind: "delay" }]);
    expect(await control().measure("kafka-2", "delay")).toBeGreaterThanOrEqual(149);
    // A link that is killed comes back with what lies on it.
    const link = files.readActual(linkName("kafka-2")).process;
    if (link !== null) signalProcess(link, "SIGKILL");
    await expect.poll(answers, { timeout: 10_000 }).toBe(true);
    expect(await control().measure("kafka-2", "delay")).toBeGreaterThanOrEqual(149);
    await control().lift("kafka-2", "run/1");
    await control().lift("kafka-2", "run/1");
    expect(await control().list()).toEqual([]);
    expect(await fastestMs()).toBeLessThan(140);

    await control().impose("kafka-2", "run/2", condition, 700);
    expect(await control().measure("kafka-2", "delay")).toBeGreaterThanOrEqual(149);
    await expect.poll(async () => (await control().list()).length).toBe(0);
    expect(await fastestMs()).toBeLessThan(140);
    await expect.poll(() => new LinkConditions(directory, "kafka-2").readTaken()?.conditions).toEqual([]);
  });

  it("says why what a local stack can't do can't be done", async () => {
    expect(await control().unavailable("kafka-2", "delay")).toBeUndefined();
    for (const kind of ["disconnect", "isolate", "cpu", "memory"] as const) {
      expect(await control().unavailable("kafka-2", kind)).toMatch(/share this machine's.*compose/);
      await expect(control().prepare("kafka-2", kind)).rejects.toMatchObject({ code: "FL_FAULT_UNAVAILABLE" });
    }
    expect(await control().measure("kafka-2", "cpu")).toBe(0);
    files.writeSpec({ ...brokerSpec(settings), name: "driver", kind: "driver", addresses: {} });
    expect(await control().unavailable("driver", "delay")).toMatch(/no client address/);
    expect(await control().measure("driver", "delay")).toBeNull();
    expect(readFileSync(join(directory, "logs/link-kafka-2.log"), "utf8")).toContain("forwarding");
  });
});
