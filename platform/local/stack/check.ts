import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { FaultlineError } from "../../../contract/errors.ts";
import { readPipelineFile } from "../../run-directory.ts";
import { postgresPrograms } from "../nodes/postgres-home.ts";
import { sparkHome } from "../nodes/spark.ts";
import { javaCommand, LAYOUT } from "../state/layout.ts";
import { SETTINGS_FILE } from "../state/settings.ts";
import { NodeFiles } from "../supervisor/node-files.ts";
import { settle, type SettleOptions } from "./settle.ts";

/**
 * Finds out, before anything starts, what would keep an `up` from working. Writes nothing.
 * @param mode "new": a stack or its data here are an error.
 * @throws FaultlineError FL_STACK_BUSY, FL_PIPELINE_INVALID, FL_PREREQUISITE, and as settle
 */
export async function checkUp(options: SettleOptions, mode: "new" | "repair"): Promise<void> {
  const stateDirectory = resolve(options.stateDir);
  const isHere = [SETTINGS_FILE, LAYOUT.stack, LAYOUT.data, "nodes"].some((entry) =>
    existsSync(join(stateDirectory, entry)),
  );
  if (mode === "new" && isHere)
    throw new FaultlineError("FL_STACK_BUSY", `there is a stack already, or its data, in ${stateDirectory}`, {
      remedy: "./faultline down --volumes, then again",
    });
  await settle(options, readPipelineFile(options.pipelineFile), new NodeFiles(stateDirectory));
  checkJava();
  sparkHome();
  const postgres = join(postgresPrograms(), "bin/postgres");
  if (!existsSync(postgres))
    throw new FaultlineError("FL_PREREQUISITE", `PostgreSQL's program is missing (${postgres})`, { remedy: "npm ci" });
}

function checkJava(): void {
  const command = javaCommand();
  const { error } = spawnSync(command, ["-version"], { stdio: "ignore", timeout: 20_000 });
  if (error !== undefined)
    throw new FaultlineError("FL_PREREQUISITE", `java can't be run (${error.message})`, {
      remedy: "install JDK 17 or newer (Debian: default-jdk-headless), or set JAVA_HOME",
      cause: error,
    });
}
