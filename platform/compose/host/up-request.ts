import { realpathSync } from "node:fs";
import { join, posix, relative, resolve, sep } from "node:path";
import { FaultlineError } from "../../../contract/errors.ts";
import { readPipelineFile } from "../../run-directory.ts";
import type { UpRequest } from "../../runtime.ts";
import type { ComposeConfig } from "./docker-compose.ts";

/** The directory of the checkout that docker-compose.yml mounts into the containers, read-only; and its place there. */
const PIPELINES = "pipelines";
const APP = "/app";

/**
 * The request as the variables of docker-compose.yml: the same stack as a stack that is started by hand.
 * @throws FaultlineError FL_USAGE for a setting that containers can't have; FL_PIPELINE_INVALID
 */
export function composeVariables(root: string, request: UpRequest): Record<string, string> {
  const { pipelineFile, seed, malformedPpm, trigger, coordination, ports, producerRate } = request;
  if (Object.keys(ports ?? {}).length > 0)
    throw new FaultlineError("FL_USAGE", "--port is for the local runtime", {
      remedy: "set KAFKA_1_PORT, POSTGRES_PORT, ... in .env (see docker-compose.yml)",
    });
  if (request.postgresStandby === true)
    throw new FaultlineError("FL_USAGE", "--postgres-standby and --postgres-sync are for the local runtime", {
      remedy:
        "in containers Patroni runs PostgreSQL's standby: put COMPOSE_FILE=docker-compose.yml:docker-compose.failover.yml into .env (docs/decisions/017)",
    });
  if (request.fieldDefaults === true)
    throw new FaultlineError("FL_USAGE", "the field's defaults are for the local runtime", {
      remedy: "use --runtime local",
    });
  return {
    ...(pipelineFile !== undefined && { FAULTLINE_PIPELINE: pathInside(root, pipelineFile) }),
    ...(seed !== undefined && { FAULTLINE_SEED: `${seed}` }),
    ...(malformedPpm !== undefined && { FAULTLINE_MALFORMED_PPM: `${malformedPpm}` }),
    ...(trigger !== undefined && { FAULTLINE_TRIGGER: trigger }),
    ...(producerRate !== undefined && { PRODUCER_RATE: `${producerRate}` }),
    ...(coordination === "zookeeper" && { COMPOSE_FILE: "docker-compose.yml:docker-compose.zookeeper.yml" }),
  };
}

/**
 * Reads the pipeline file that the producer will read, also when .env names it.
 * @throws FaultlineError FL_PIPELINE_INVALID; FL_CONFIG_INVALID for a path that is not among the files that containers see
 */
export function checkPipeline(root: string, { services }: ComposeConfig): void {
  const named = services["producer"]?.environment?.["FAULTLINE_PIPELINE"];
  if (named === undefined || named === null || named === "") return;
  const inside = posix.relative(APP, posix.resolve(APP, named));
  if (!inside.startsWith(`${PIPELINES}/`))
    throw new FaultlineError("FL_CONFIG_INVALID", `FAULTLINE_PIPELINE: ${named} is not below ${PIPELINES}/`, {
      remedy: `containers see only the checkout's ${PIPELINES} directory: put the file there`,
    });
  readPipelineFile(join(root, inside));
}

/** The file's path in the containers, relative to /app. A link that leads into the directory will do, a link that leads out won't. */
function pathInside(root: string, file: string): string {
  const directory = realpathSync(join(root, PIPELINES));
  const { file: read } = readPipelineFile(resolve(root, file));
  const below = relative(directory, realpathSync(read));
  if (below.startsWith("..") || resolve(below) === below)
    throw new FaultlineError("FL_USAGE", `--pipeline ${file}: the file is not in ${directory}`, {
      remedy: `containers see only the checkout's ${PIPELINES} directory: put the file there`,
    });
  return posix.join(PIPELINES, ...below.split(sep));
}
