import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import type { Stack } from "../../../contract/stack.ts";
import { ensureRunDirectory, readPipelineFile } from "../../run-directory.ts";
import { writeSettings } from "../state/settings.ts";
import { withStackLock } from "../state/stack-lock.ts";
import { NodeFiles } from "../supervisor/node-files.ts";
import { bringUp, type BringUpOptions } from "./bring-up.ts";
import { settle, type SettleOptions } from "./settle.ts";

export type UpOptions = SettleOptions & BringUpOptions;

/**
 * Brings the stack up, or repairs it: what runs stays, what is missing is made or started, what is held or paused is let go. May be
 * interrupted or killed anywhere; the next `up` goes on, `down` ends it.
 * @throws FaultlineError FL_STACK_BUSY (another up or down runs), FL_PIPELINE_INVALID, FL_CONFIG_INVALID (other pipeline or seed than the data),
 * FL_TOPIC_MISMATCH, FL_PORT_IN_USE, FL_PREREQUISITE, FL_NODE_FAILED, FL_NOT_READY, FL_INTERRUPTED.
 */
export async function up(options: UpOptions): Promise<Stack> {
  const stateDirectory = resolve(options.stateDir);
  const file = readPipelineFile(options.pipelineFile);
  mkdirSync(stateDirectory, { recursive: true });
  return withStackLock(stateDirectory, async () => {
    const files = new NodeFiles(stateDirectory);
    const settings = await settle(options, file, files);
    writeSettings(stateDirectory, settings);
    ensureRunDirectory(settings.run_directory, file.text);
    return bringUp({ stateDirectory, settings, file, files, say: options.onProgress ?? (() => {}) }, options);
  });
}
