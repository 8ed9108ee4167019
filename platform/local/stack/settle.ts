import { join, resolve } from "node:path";
import { FaultlineError } from "../../../contract/errors.ts";
import type { Coordination, Trigger } from "../../../contract/stack.ts";
import { isAlive } from "../../../machine/process-identity.ts";
import { isFree } from "../../../machine/tcp-port.ts";
import { newRunId, type PipelineFile } from "../../run-directory.ts";
import { keepLinks, linkName } from "../links/links.ts";
import { choosePostgresHome } from "../nodes/postgres-home.ts";
import {
  checkAskedPorts,
  choosePorts,
  chooseSparePort,
  type PortName,
  type Ports,
  portInUse,
  usesPort,
} from "../state/ports.ts";
import { newClusterId, readSettings, type Settings } from "../state/settings.ts";
import type { NodeFiles } from "../supervisor/node-files.ts";
import { nodeProcesses } from "../supervisor/node-process.ts";

export type SettleOptions = {
  stateDir: string;
  runsDir: string;
  pipelineFile: string;
  /** Undefined: as the existing data have it, else 1. */
  seed?: number;
  /** Undefined: as the existing data have it, else 0. */
  malformedPpm?: number;
  /** Undefined: as the existing data have it, else "realtime". Another one than before swaps the driver's. */
  trigger?: Trigger;
  /** Undefined: as the existing data have it, else "kraft". */
  coordination?: Coordination;
  /** Undefined: as the existing data have it, else true. */
  standby?: boolean;
  /** Whether PostgreSQL has a standby. Undefined: as the existing data have it, else not. */
  postgresStandby?: boolean;
  /** Whether a commit waits for that standby. Undefined: as the existing data have it, else not. */
  postgresSync?: boolean;
  /** Undefined: as the existing data have it, else ours. true: for time, the settings that Kafka and Spark have by themselves. */
  fieldDefaults?: boolean;
  /** Ports that must be these, by name (see PORT_NAMES). The others are chosen. */
  ports?: Record<string, number>;
};

/**
 * The settings of the existing data, checked against what is asked; new ones when there are no data. Writes nothing.
 * @throws FaultlineError FL_CONFIG_INVALID (other pipeline or seed than the data), FL_USAGE, FL_PORT_IN_USE, FL_PREREQUISITE
 */
export async function settle(
  options: SettleOptions,
  { pipeline, sha256 }: PipelineFile,
  files: NodeFiles,
): Promise<Settings> {
  const { stateDirectory } = files;
  const found = readSettings(stateDirectory);
  const nowMs = Date.now();
  checkAskedPorts(options.ports ?? {});
  if (found === undefined) {
    const runsDirectory = resolve(options.runsDir);
    const runId = newRunId(runsDirectory, pipeline.name, nowMs);
    const ports = await choosePorts(stateDirectory, options.ports);
    return {
      coordination: options.coordination ?? "kraft",
      standby: options.standby ?? true,
      cluster_id: newClusterId(),
      ports,
      run_id: runId,
      run: Math.floor(nowMs / 1000),
      run_directory: join(runsDirectory, runId),
      seed: options.seed ?? 1,
      malformed_ppm: options.malformedPpm ?? 0,
      pipeline: pipeline.name,
      pipeline_sha256: sha256,
      partitions: pipeline.partitions,
      topic: pipeline.topic,
      trigger: options.trigger ?? "realtime",
      ...(options.fieldDefaults === true && { field_defaults: true }),
      created_ms: nowMs,
      postgres: choosePostgresHome(stateDirectory),
      ...(options.postgresStandby === true && {
        postgres_standby: {
          port: await chooseSparePort(stateDirectory, Object.values(ports)),
          ...(options.postgresSync === true && { synchronous: true as const }),
        },
      }),
    };
  }
  checkSame(
    "pipeline file (SHA-256)",
    sha256,
    found.pipeline_sha256,
    ` (pipeline ${found.pipeline}, topic ${found.topic}, ${found.partitions} partitions)`,
  );
  checkSame("seed", options.seed, found.seed);
  checkSame("coordination", options.coordination, found.coordination);
  if (options.standby !== undefined) checkSame("standby driver", yesNo(options.standby), yesNo(found.standby));
  checkSame("field defaults", options.fieldDefaults, found.field_defaults === true);
  checkSame("malformed events per million", options.malformedPpm, found.malformed_ppm);
  if (options.postgresStandby !== undefined)
    checkSame("standby of PostgreSQL", yesNo(options.postgresStandby), yesNo(found.postgres_standby !== undefined));
  if (options.postgresSync !== undefined)
    checkSame(
      "synchronous standby of PostgreSQL",
      yesNo(options.postgresSync),
      yesNo(found.postgres_standby?.synchronous === true),
    );
  const ports = await keepPorts(options, found, files);
  return {
    ...found,
    trigger: options.trigger ?? found.trigger,
    ports,
    ...(await keepLinks(stateDirectory, { ...found, ports }, files)),
  };
}

function yesNo(value: boolean): string {
  return value ? "yes" : "no";
}

function checkSame(
  what: string,
  asked: string | number | boolean | undefined,
  has: string | number | boolean,
  about = "",
): void {
  if (asked === undefined || asked === has) return;
  throw new FaultlineError(
    "FL_CONFIG_INVALID",
    `${what}: asked for ${asked}, but the existing data have ${has}${about}`,
    {
      remedy: "./faultline down --volumes throws the data away; then up makes new ones",
    },
  );
}

/** A port that was taken by somebody else while its node was down is replaced, but only when no node runs with the old ones. */
async function keepPorts(options: SettleOptions, found: Settings, files: NodeFiles): Promise<Ports> {
  const { stateDirectory } = files;
  for (const [name, port] of Object.entries(options.ports ?? {}))
    checkSame(`port of ${name}`, port, found.ports[name as PortName]);
  const anyAlive = files.names().some((name) => {
    const { process } = files.readActual(name);
    return process !== null && isAlive(process);
  });
  const taken = new Set<PortName>();
  for (const [name, port] of Object.entries(found.ports) as [PortName, number][]) {
    if (!usesPort(found.coordination, name)) continue;
    const node = name.replace(/-(client|broker|controller|web)$/, "");
    // A node's port may be its link's.
    const owners = [node, linkName(node)].map((owner) => files.readActual(owner).process);
    if (owners.some((process) => process !== null && isAlive(process)) || (await isFree(port))) continue;
    // What is left of a node's children may have it for a moment; the supervisor ends them.
    const spec = files.readSpec(node);
    if (spec !== undefined && nodeProcesses(stateDirectory, spec, null).length > 0) continue;
    if (anyAlive || options.ports?.[name] !== undefined) throw portInUse(name, port);
    taken.add(name);
  }
  if (taken.size === 0) return found.ports;
  const kept = Object.fromEntries(
    (Object.entries(found.ports) as [PortName, number][]).filter(([name]) => !taken.has(name)),
  );
  return choosePorts(stateDirectory, kept);
}
