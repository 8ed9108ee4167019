import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FaultlineError } from "../../contract/errors.ts";

const root = join(import.meta.dirname, "../..");
const POM = "platform/kafka/pom.xml";

function sha256(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("hex");
}

/**
 * The directory with a Kafka node's jars as the pom asks for them. They come from the door's cache if that is up to date (its stamp is the
 * digest of `sha256sum`'s line for the pom, see `digest` in the door), else from a cache directory of this pom's own, filled by Maven.
 * @throws FaultlineError FL_PREREQUISITE when Maven is missing or fails.
 */
export async function kafkaJars(): Promise<string> {
  const hash = sha256(readFileSync(join(root, POM)));
  const cache = join(root, ".faultline/cache");
  if (existsSync(join(cache, "kafka")) && readStamp() === sha256(`${hash}  ${POM}\n`)) return join(cache, "kafka");
  const directory = join(cache, `kafka-${hash.slice(0, 16)}`);
  if (existsSync(directory)) return directory;
  const temporary = `${directory}.${process.pid}`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  await copyDependencies(temporary);
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

async function copyDependencies(directory: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const failed = (why: string, cause?: unknown): FaultlineError =>
    new FaultlineError("FL_PREREQUISITE", `Kafka's jars could not be fetched: ${why}`, { remedy: `mvn -f ${POM} dependency:copy-dependencies`, cause });
  const child = spawn("mvn", ["-q", "-B", "-f", join(root, POM), "dependency:copy-dependencies", `-DoutputDirectory=${directory}`], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const collect = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-4_096);
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  child.once("error", (error) => reject(failed(error.message, error)));
  child.once("close", (code) => (code === 0 ? resolve() : reject(failed(`mvn ended with ${code}:\n${output}`))));
  return promise;
}
