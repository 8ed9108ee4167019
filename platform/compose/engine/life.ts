import { FaultlineError } from "../../../contract/errors.ts";
import type { Life } from "../../../contract/node.ts";
import type { ContainerInspect } from "./engine-api.ts";

/** A container between a start and its end: Docker keeps a container's id over its starts. */
export type ContainerLife = Pick<ContainerInspect, "Id"> & { State: Pick<ContainerInspect["State"], "StartedAt"> };

/** A process inside a container, by the container's own pids. */
export type InnerProcess = { pid: number; start_ticks: number };

/** A member of a life, read: the container as a whole, or (with a process) one process inside it. */
export type Member = { id: string; startedAt: string; process?: InnerProcess };

const MEMBER = /^(?:(\d+) (\d+) )?([0-9a-f]{64}) (\S+)$/;

/** The id of a whole container's life: NodeStatus.life. */
export function lifeId({ Id, State }: ContainerLife): string {
  return `${Id.slice(0, 12)}@${State.StartedAt}`;
}

export function containerLife(node: string, container: ContainerLife): Life {
  const { Id } = container;
  return {
    node,
    part: "node",
    id: lifeId(container),
    members: [memberOf(container)],
    text: `container ${Id.slice(0, 12)}`,
  };
}

export function executorLife(node: string, container: ContainerLife, processes: InnerProcess[]): Life {
  return {
    node,
    part: "executor",
    id: [lifeId(container), ...processes.map(({ pid, start_ticks }) => `${pid}:${start_ticks}`)].join(" "),
    members: processes.map((process) => memberOf(container, process)),
    text: pidText(processes),
  };
}

/** The same life with these members. */
export function withMembers(life: Life, members: string[]): Life {
  const processes = members.flatMap((member) => parseMember(member).process ?? []);
  return { ...life, members, ...(processes.length === members.length && { text: pidText(processes) }) };
}

export function memberOf({ Id, State }: ContainerLife, process?: InnerProcess): string {
  const whole = `${Id} ${State.StartedAt}`;
  return process === undefined ? whole : `${process.pid} ${process.start_ticks} ${whole}`;
}

/** @throws FaultlineError FL_JOURNAL_DAMAGED for a member that no containers' runtime made. */
export function parseMember(text: string): Member {
  const [, pid, ticks, id, startedAt] = MEMBER.exec(text) ?? [];
  if (id === undefined || startedAt === undefined)
    throw new FaultlineError(
      "FL_JOURNAL_DAMAGED",
      `a life has the member ${JSON.stringify(text)}, which is no container`,
    );
  const process = pid === undefined ? {} : { process: { pid: Number(pid), start_ticks: Number(ticks) } };
  return { id, startedAt, ...process };
}

function pidText(processes: InnerProcess[]): string {
  return `pid ${processes.map(({ pid }) => pid).join(", ")}`;
}
