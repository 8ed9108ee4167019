import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FaultlineError } from "../../contract/errors.ts";
import type { Coordination } from "../../contract/stack.ts";

const root = join(import.meta.dirname, "../..");

const POMS: Record<Coordination, string> = {
  kraft: "platform/kafka/pom.xml",
  zookeeper: "platform/kafka/zookeeper/pom.xml",
};
const PROGRESS_MS = 10_000;

export type JarsOptions = {
  coordination: Coordination;
  /** Is told when jars must be fetched, and every 10 s while they are. */
  onProgress?: (step: string) => void;
  signal?: AbortSignal | undefined;
};

function sha256(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("hex");
}

/**
 * The directory with a Kafka node's jars as the pom asks for them: Kafka 4.4 for KRaft, Kafka 3.9.2 and ZooKeeper's server for ZooKeeper.
 * The former come from the door's cache if that is up to date (its stamp is the digest of `sha256sum`'s line for the pom, see `digest` in
 * the door), else, like the latter, from a cache directory of this pom's own, filled by Maven.
 * @throws FaultlineError FL_PREREQUISITE when Maven is missing or fails, FL_INTERRUPTED.
 */
export async function kafkaJars({ coordination, onProgress = () => {}, signal }: JarsOptions): Promise<string> {
  const pom = POMS[coordination];
  const hash = sha256(readFileSync(join(root, pom)));
  const cache = join(root, ".faultline/cache");
  if (coordination === "kraft" && existsSync(join(cache, "kafka")) && readStamp() === sha256(`${hash}  ${pom}\n`))
    return join(cache, "kafka");
  const directory = join(cache, `${coordination === "kraft" ? "kafka" : "kafka-zookeeper"}-${hash.slice(0, 16)}`);
  if (existsSync(directory)) return directory;
  const temporary = `${directory}.${process.pid}`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  const beganMs = Date.now();
  onProgress("fetching jars, once");
  const beat = setInterval(
    () => onProgress(`still fetching jars (${Math.round((Date.now() - beganMs) / 1000)} s)`),
    PROGRESS_MS,
  );
  try {
    await copyDependencies(pom, temporary, signal);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  } finally {
    clearInterval(beat);
  }
  try {
    renameSync(temporary, directory);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    // Another process was first.
    if (!existsSync(directory)) throw error;
  }
  return directory;
}

function readStamp(): string | undefined {
  try {
    return readFileSync(join(root, ".faultline/stamps/kafka"), "utf8");
  } catch {
    return undefined;
  }
}

async function copyDependencies(pom: string, directory: string, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const failed = (why: string, cause?: unknown): FaultlineError =>
    new FaultlineError("FL_PREREQUISITE", `Kafka's jars could not be fetched: ${why}`, {
      remedy: `mvn -f ${pom} dependency:copy-dependencies`,
      cause,
    });
  const child = spawn(
    "mvn",
    ["-q", "-B", "-f", join(root, pom), "dependency:copy-dependencies", `-DoutputDirectory=${directory}`],
    {
      stdio: ["ignore", "pipe", "pipe"],
      ...(signal === undefined ? {} : { signal }),
    },
  );
  let output = "";
  const collect = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-4_096);
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  child.once("error", (error) => {
    // Interrupted: it is over when nothing is written any more, below.
    if (error.name !== "AbortError") reject(failed(error.message, error));
  });
  child.once("close", (code) => {
    if (code === 0) resolve();
    else if (signal?.aborted)
      reject(
        new FaultlineError("FL_INTERRUPTED", "interrupted: fetching Kafka's jars", {
          remedy: "./faultline up goes on from here",
        }),
      );
    else reject(failed(`mvn ended with ${code}:\n${output}`));
  });
  return promise;
}
