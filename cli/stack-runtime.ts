import { FaultlineError } from "../contract/errors.ts";
import type { NodeControl } from "../contract/node.ts";
import { composeEnvironment } from "../platform/compose/environment.ts";
import { ComposeNodeControl, type ComposeOptions } from "../platform/compose/node-control.ts";
import { composeStatus } from "../platform/compose/status.ts";
import { LocalNodeControl } from "../platform/local/node-control.ts";
import { type StackReport, status } from "../platform/local/stack.ts";
import type { CommandContext } from "./context.ts";
import { insideContainer } from "./runtime-choice.ts";
import { findStack } from "./stack-access.ts";

type Place = Pick<CommandContext, "stateDir">;

/**
 * The nodes of the stack that this process can reach: local processes, or, inside one of its containers, the others.
 * @param topic for the roles of its partitions; not needed to heal.
 */
export function nodeControl(context: Place, topic = ""): NodeControl {
  return insideContainer() ? new ComposeNodeControl(composeOptions(context, topic)) : new LocalNodeControl(context.stateDir);
}

export async function stackReport(context: Place): Promise<StackReport> {
  return insideContainer() ? composeStatus(composeOptions(context, "")) : status(context.stateDir);
}

function composeOptions(context: Place, topic: string): ComposeOptions {
  const project = process.env["FAULTLINE_PROJECT"];
  if (project === undefined || project === "")
    throw new FaultlineError("FL_CONFIG_INVALID", "FAULTLINE_PROJECT is not set: this is not the stack's chaos container", {
      remedy: "docker compose run --rm chaos ...",
    });
  const { postgres, runsDirectory } = composeEnvironment(process.env);
  return {
    project,
    socketPath: "/var/run/docker.sock",
    toolsImage: process.env["FAULTLINE_TOOLS_IMAGE"] ?? `${project}-chaos`,
    runDirectory: findStack(context)?.runDirectory ?? `${runsDirectory}/current`,
    topic,
    postgres,
  };
}
