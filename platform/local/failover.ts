import type { Capability } from "../../contract/capability.ts";
import { FaultlineError } from "../../contract/errors.ts";
import type { Failover, Server } from "../../contract/node.ts";
import { waitUntil } from "../../machine/clock.ts";
import { signalProcess } from "../../machine/process-identity.ts";
import { withPostgres } from "../protocol/postgres-client.ts";
import {
  dataDirectory,
  NO_STANDBY,
  otherServer,
  readCluster,
  requireCluster,
  writeCluster,
} from "./nodes/postgres-cluster.ts";
import { shutdownCheckpoint } from "./nodes/postgres-control-file.ts";
import { lookAt } from "./nodes/postgres-look.ts";
import { followsAgain, reloadPostgres } from "./nodes/postgres-reload.ts";
import { standbyLogin } from "./nodes/postgres-standby.ts";
import { serverAddress } from "./nodes/postgres.ts";
import { readSettings, type Settings } from "./state/settings.ts";
import { NodeFiles } from "./supervisor/node-files.ts";
import { ensureSupervisor } from "./supervisor/supervisor-process.ts";

const DETACH_TIMEOUT_MS = 10_000;
const PROMOTE_TIMEOUT_MS = 60_000;
/** A copy of the data is made within it. */
const RESTORE_TIMEOUT_MS = 100_000;

/** The two servers of a local stack, as an operator sees them; absent without a standby. */
export function localFailover(stateDirectory: string): Capability<Failover> {
  if (readCluster(stateDirectory) === undefined) return { absent: NO_STANDBY };
  return new LocalFailover(stateDirectory);
}

/** Keeps nothing in memory: postgres-cluster.json has the decision, and the servers say what they are. */
class LocalFailover implements Failover {
  readonly #stateDirectory: string;
  readonly #files: NodeFiles;

  constructor(stateDirectory: string) {
    this.#stateDirectory = stateDirectory;
    this.#files = new NodeFiles(stateDirectory);
  }

  async servers(): Promise<{ primary: string; standby: string }> {
    const { primary } = requireCluster(this.#stateDirectory);
    return { primary, standby: otherServer(primary) };
  }

  async look(server: string): Promise<Server | undefined> {
    return lookAt(this.#settings(), this.#stateDirectory, server);
  }

  async detach(): Promise<void> {
    const { standby } = await this.servers();
    await this.#setReceiving(false);
    const isGone = async (): Promise<boolean> => (await this.look(standby))?.isReceiving === false;
    if (await waitUntil(DETACH_TIMEOUT_MS, isGone)) return;
    throw new FaultlineError("FL_NOT_READY", `${standby} still receives WAL after ${DETACH_TIMEOUT_MS / 1000} s`);
  }

  async shutDown(primary: string): Promise<void> {
    const { process } = this.#files.readActual(primary);
    // The postmaster alone: its WAL senders must live until all is sent.
    if (process !== null) signalProcess(process, "SIGINT");
  }

  async hasReplayedAll(primary: string): Promise<boolean> {
    const checkpoint = shutdownCheckpoint(dataDirectory(this.#settings(), primary));
    if (checkpoint === undefined) return false;
    const replayed = await this.#replayedTo(otherServer(primary));
    return replayed !== undefined && replayed > checkpoint;
  }

  async promote(standby: string): Promise<void> {
    const before = await this.look(standby);
    // Decided only if it can be done: a server that does not follow would lose more than its last commits.
    if (before?.isStandby !== true)
      throw new FaultlineError("FL_NOT_READY", `${standby} is no standby that answers: it can't be promoted`, {
        remedy: "./faultline status",
      });
    writeCluster(this.#stateDirectory, {
      ...requireCluster(this.#stateDirectory),
      primary: standby,
      timeline: before.timeline + 1,
      // Its own standby is gone with the promotion. Decided in the same moment: whoever carries the promotion out after a death can write, too.
      ...(this.#settings().postgres_standby?.synchronous === true && { alone: true }),
    });
    reloadPostgres(this.#settings(), this.#files, standby);
    await this.#promoteNow(standby);
  }

  async restore(): Promise<string> {
    const { primary, standby } = await this.servers();
    await this.#setReceiving(true);
    let renewed = false;
    let seen = "";
    const isWhole = async (): Promise<boolean> => {
      const [first, second] = await Promise.all([this.look(primary), this.look(standby)]);
      seen = `${primary} ${stateText(first)}, ${standby} ${stateText(second)}`;
      if (first?.isStandby === true) await this.#promoteNow(primary);
      // It has been the primary before, and was never stopped.
      else if (second?.isStandby === false && !renewed) {
        renewed = true;
        await this.#startAgain(standby);
      } else return first !== undefined && second?.isReceiving === true;
      return false;
    };
    if (await waitUntil(RESTORE_TIMEOUT_MS, isWhole, { everyMs: 200 })) {
      followsAgain(this.#settings(), this.#files);
      return seen;
    }
    throw new FaultlineError(
      "FL_HEAL_FAILED",
      `${standby} does not follow ${primary} after ${RESTORE_TIMEOUT_MS / 1000} s: ${seen}`,
      { remedy: `see ${this.#files.readSpec(standby)?.log}; then ./faultline up` },
    );
  }

  async #promoteNow(server: string): Promise<void> {
    const settings = this.#settings();
    await withPostgres(
      standbyLogin(settings, this.#stateDirectory, server),
      async (client) =>
        client.query("SELECT pg_promote(true, $1) WHERE pg_is_in_recovery()", [PROMOTE_TIMEOUT_MS / 1000]),
      PROMOTE_TIMEOUT_MS + 2_000,
    );
    const after = await this.look(server);
    if (after?.isStandby !== false)
      throw new FaultlineError(
        "FL_NOT_READY",
        `${server} takes no writes ${PROMOTE_TIMEOUT_MS / 1000} s after its promotion`,
        {
          remedy: `see ${this.#files.readSpec(server)?.log}; then ./faultline heal`,
        },
      );
    writeCluster(this.#stateDirectory, { ...requireCluster(this.#stateDirectory), timeline: after.timeline });
  }

  /** In this order: a server that starts in between reads the decision. */
  async #setReceiving(receiving: boolean): Promise<void> {
    const cluster = requireCluster(this.#stateDirectory);
    const standby = otherServer(cluster.primary);
    writeCluster(this.#stateDirectory, { ...cluster, receiving });
    const server = await this.look(standby);
    if (server?.isStandby === true) reloadPostgres(this.#settings(), this.#files, standby);
  }

  async #startAgain(server: string): Promise<void> {
    const desired = this.#files.readDesired(server);
    if (desired?.want !== "up") return;
    await ensureSupervisor(this.#stateDirectory);
    this.#files.writeDesired(server, { ...desired, generation: desired.generation + 1 });
  }

  async #replayedTo(server: string): Promise<bigint | undefined> {
    try {
      return await withPostgres(serverAddress(this.#settings(), this.#stateDirectory, server), async (client) => {
        const { rows } = await client.query<{ bytes: string | null }>(
          "SELECT pg_last_wal_replay_lsn() - '0/0'::pg_lsn AS bytes",
        );
        return rows[0]?.bytes == null ? undefined : BigInt(rows[0].bytes);
      });
    } catch {
      return undefined;
    }
  }

  #settings(): Settings {
    const settings = readSettings(this.#stateDirectory);
    if (settings === undefined)
      throw new FaultlineError("FL_STACK_DOWN", `there is no stack in ${this.#stateDirectory}`, {
        remedy: "./faultline up",
      });
    return settings;
  }
}

function stateText(server: Server | undefined): string {
  if (server === undefined) return "does not answer";
  if (!server.isStandby) return `takes writes (timeline ${server.timeline})`;
  return server.isReceiving ? "follows" : "is a standby without a stream";
}
