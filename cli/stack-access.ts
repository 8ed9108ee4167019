import { existsSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import { type PostgresLogin, type Stack, stackSchema } from "../contract/stack.ts";
import { RUN_FILES, runSchema } from "../contract/run.ts";
import { composeEnvironment } from "../platform/compose/environment.ts";
import type { CommandContext } from "./context.ts";
import { insideContainer } from "./runtime-choice.ts";

/** The stack that `up` started here, or undefined. Reads one file; asks no process whether it lives. */
export function findStack(context: Pick<CommandContext, "stateDir">): Stack | undefined {
  if (insideContainer()) return containerStack();
  const file = join(context.stateDir, "stack.json");
  if (!existsSync(file)) return undefined;
  const result = stackSchema.safeParse(JSON.parse(readFileSync(file, "utf8")));
  if (!result.success)
    throw new FaultlineError("FL_CONFIG_INVALID", `${file} is not a stack file of this version: ${result.error.issues[0]?.message}`, {
      remedy: "./faultline down --volumes, then ./faultline up",
    });
  return result.data;
}

/** As the containers see it: the addresses are those of their network. Undefined before the producer has made the run. */
function containerStack(): Stack | undefined {
  const { brokers, postgres, runsDirectory } = composeEnvironment(process.env);
  const link = join(runsDirectory, "current");
  if (!existsSync(join(link, RUN_FILES.run))) return undefined;
  const runDirectory = realpathSync(link);
  const run = runSchema.parse(JSON.parse(readFileSync(join(runDirectory, RUN_FILES.run), "utf8")));
  return {
    version: 1,
    runtime: "compose",
    runDirectory,
    bootstrapServers: brokers,
    postgres,
    sparkMaster: "spark://spark-master:7077,spark-master-2:7077",
    trigger: run.trigger,
    createdMs: run.createdMs,
  };
}

/** @throws FaultlineError FL_STACK_DOWN */
export function requireStack(context: Pick<CommandContext, "stateDir">): Stack {
  const stack = findStack(context);
  if (stack === undefined) throw new FaultlineError("FL_STACK_DOWN", "no stack is up in this checkout", { remedy: "./faultline up" });
  return stack;
}

/** The stack's login, with the password from its file of mode 0600. */
export function stackLogin(stack: Stack): PostgresLogin {
  const { passwordFile, ...address } = stack.postgres;
  return { ...address, password: readFileSync(passwordFile, "utf8").trim() };
}
