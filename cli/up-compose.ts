import { FaultlineError } from "../contract/errors.ts";
import { checkCompose, composeUp, runInside } from "./compose-project.ts";
import type { Coordination, Trigger } from "../contract/stack.ts";
import type { CommandContext } from "./context.ts";
import type { Runtime } from "./runtime-choice.ts";

/** The flags of `up`. */
export type UpFlags = {
  runtime?: Runtime;
  pipeline?: string;
  seed?: number;
  malformed?: number;
  trigger?: Trigger;
  coordination?: Coordination;
  port?: readonly (readonly [string, number])[];
  json: boolean;
};

/** `docker compose up` with the flags' values in its variables: the same stack as one that is started by hand. */
export async function upCompose(context: CommandContext, flags: UpFlags): Promise<void> {
  if (flags.port !== undefined)
    throw new FaultlineError("FL_USAGE", "--port is for the local runtime", {
      remedy: "set KAFKA_1_PORT, POSTGRES_PORT, ... in .env (see docker-compose.yml)",
    });
  checkCompose(context.root);
  await composeUp(context, {
    ...(flags.pipeline !== undefined && { FAULTLINE_PIPELINE: flags.pipeline }),
    ...(flags.seed !== undefined && { FAULTLINE_SEED: `${flags.seed}` }),
    ...(flags.malformed !== undefined && { FAULTLINE_MALFORMED_PPM: `${flags.malformed}` }),
    ...(flags.trigger !== undefined && { FAULTLINE_TRIGGER: flags.trigger }),
    ...(flags.coordination === "zookeeper" && { COMPOSE_FILE: "docker-compose.yml:docker-compose.zookeeper.yml" }),
  });
  await runInside(context, ["status", ...(flags.json ? ["--json"] : [])]);
}
