import type { Life } from "../../../contract/node.ts";
import { stateOf } from "./containers.ts";
import { type ContainerInspect, type EngineApi, isStatus } from "./engine-api.ts";
import { lookAt } from "./process-in-container.ts";
import { type InnerProcess, parseMember } from "./life.ts";

export type MemberState = "running" | "paused" | "gone";

/** What a life's container is now: undefined when it is removed, down or in another life. And the processes inside it that are members. */
export type Present = { container: ContainerInspect | undefined; processes: InnerProcess[] };

export async function presentOf(engine: EngineApi, life: Life): Promise<Present> {
  const members = life.members.map(parseMember);
  const [first] = members;
  const processes = members.flatMap(({ process }) => process ?? []);
  const container = first === undefined ? undefined : await inspectKnown(engine, first.id);
  const isSameLife =
    container !== undefined && stateOf(container) !== "down" && container.State.StartedAt === first?.startedAt;
  return { container: isSameLife ? container : undefined, processes };
}

/** What each member is now, in their order. */
export async function statesOf(engine: EngineApi, life: Life): Promise<MemberState[]> {
  const { container, processes } = await presentOf(engine, life);
  if (container === undefined) return life.members.map(() => "gone");
  if (container.State.Paused) return life.members.map(() => "paused");
  if (life.part === "node") return life.members.map(() => "running");
  const pids = processes.map(({ pid }) => pid);
  const stats = await lookAt(engine, container, pids);
  return processes.map(({ pid, start_ticks }) => {
    const stat = stats.find((other) => other.pid === pid && other.start_ticks === start_ticks);
    if (stat === undefined) return "gone";
    return stat.state === "T" ? "paused" : "running";
  });
}

async function inspectKnown(engine: EngineApi, id: string): Promise<ContainerInspect | undefined> {
  try {
    return await engine.inspect(id);
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}
