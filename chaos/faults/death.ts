import { required } from "../../contract/capability.ts";
import { FaultlineError } from "../../contract/errors.ts";
import type { Blow } from "../../contract/node.ts";
import type { FaultKind } from "../../contract/plan.ts";
import { poll } from "../../machine/clock.ts";
import { answerOf } from "../../machine/port-answer.ts";
import { statusOf } from "../nodes/node-status.ts";
import { START_TIMEOUT_MS } from "../nodes/undo.ts";
import {
  type Effect,
  EXECUTOR_TIMEOUT_MS,
  type Fault,
  holdUntilMs,
  STRIKE_LEASE_MS,
  type Strike,
  struckLife,
} from "./fault.ts";
import { whyNothingToStrike, whyNotNow } from "./probe.ts";

/** A SIGTERM not obeyed for this long did not stop the node. */
const STOP_TIMEOUT_MS = 10_000;
/** A port that still accepts after this is somebody else's, such as a proxy's. */
const PORTS_TIMEOUT_MS = 1_000;

/**
 * A fault that makes the node (or a worker's executors) die: what kill, stop and restart share.
 * @param staysDown the node is held down until the fault is healed. An executor never is: Spark starts another one by itself.
 */
export function deathFault(kind: FaultKind, { blow, staysDown }: { blow: Blow; staysDown: boolean }): Fault {
  return {
    kind,
    injectLeaseMs: STRIKE_LEASE_MS,

    probe: async (strike) => (await whyNotNow(strike)) ?? whyNothingToStrike(strike),

    undo: (strike) => ({
      node: strike.node,
      life: struckLife(strike),
      ...(strike.part === "node" && { release: strike.tag }),
    }),

    async inject(strike) {
      const lifecycle = required(strike.control.lifecycle);
      const held = staysDown && strike.part === "node";
      // Held first: a supervisor that sees the death before the hold would start the node again under our hands.
      if (held) await lifecycle.hold(strike.node, strike.tag, holdUntilMs(strike, STRIKE_LEASE_MS));
      // Processes that appear meanwhile may be the next life of a node (or executor) that is not held.
      strike.life = await lifecycle.strike(struckLife(strike), blow, held);
    },

    effect: (strike) => (staysDown && strike.part === "node" ? effectDown(strike) : effectGone(strike)),

    async heal({ control, node, part, tag, life }) {
      if (part === "node") await required(control.lifecycle).release(node, tag, life);
    },

    verify: (strike, effective) =>
      strike.part === "executor" ? verifyOtherExecutor(strike, effective) : verifyRunsAgain(strike, effective),
  };
}

/** Waits until every struck process is gone. */
async function effectGone(strike: Strike): Promise<Effect> {
  const { control, clock, part, signal } = strike;
  const life = struckLife(strike);
  const { members, text } = life;
  const left = async (): Promise<number> => {
    const { running, paused } = await required(control.lifecycle).look(life);
    return running + paused;
  };
  const startMs = clock.monotonic();
  const gone = await poll(clock, STOP_TIMEOUT_MS, async () => ((await left()) === 0 ? true : undefined), {
    everyMs: 50,
    signal,
  });
  const tookMs = Math.round(clock.monotonic() - startMs);
  const noun = part === "executor" ? "executor process" : "process";
  if (gone !== true)
    return {
      effective: false,
      proof: `${await left()} of ${members.length} ${noun}es still there after ${tookMs} ms (${text})`,
    };
  const plural = members.length === 1 ? noun : `${noun}es`;
  return { effective: true, proof: `${members.length} ${plural} gone after ${tookMs} ms (${text})` };
}

/** As effectGone; what the node's ports answer is evidence besides. */
async function effectDown(strike: Strike): Promise<Effect> {
  const effect = await effectGone(strike);
  if (!effect.effective) return effect;
  const status = await statusOf(strike.control, strike.node);
  const addresses = Object.entries(status?.addresses ?? {});
  const ask = async (): Promise<string[]> =>
    Promise.all(addresses.map(async ([service, address]) => `${service} ${address} ${await answerOf(address)}`));
  // A process whose first thread is gone still ends the others, and with the last of them its sockets.
  const closed = await poll(strike.clock, PORTS_TIMEOUT_MS, async () => {
    const answers = await ask();
    return answers.some((answer) => answer.endsWith(" accepts")) ? undefined : answers;
  });
  const ports = closed ?? (await ask());
  return {
    effective: true,
    proof: [effect.proof, `${strike.node} is ${status?.state ?? "unknown"}`, ...ports].join("; "),
  };
}

async function verifyOtherExecutor(strike: Strike, effective: boolean): Promise<string> {
  if (!effective) return "nothing to undo: Spark restarts executors by itself";
  const { control, clock, node } = strike;
  const struck = struckLife(strike);
  const other = await poll(clock, EXECUTOR_TIMEOUT_MS, async () => {
    const now = await required(control.lifecycle).lifeOf(node, "executor");
    return now?.id === struck.id ? undefined : now;
  });
  if (other !== undefined) return `another executor runs on ${node}, ${other.text}`;
  throw new FaultlineError(
    "FL_HEAL_FAILED",
    `${node}: Spark started no other executor within ${EXECUTOR_TIMEOUT_MS / 1000} s`,
    { remedy: `see the worker's log, then: ./faultline heal` },
  );
}

/** Waits until the node has another life than the one that was struck; a node that did not die only has to run. */
async function verifyRunsAgain(strike: Strike, effective: boolean): Promise<string> {
  const { control, clock, node, nodeKind, startsBefore } = strike;
  const struck = struckLife(strike);
  const proof = await poll(clock, START_TIMEOUT_MS, async () => {
    const status = await statusOf(control, node);
    if (status === undefined || status.held === true) return undefined;
    const { state, starts, life } = status;
    // A producer may have been near its end, and be started, finished and gone again before we look.
    if (nodeKind === "producer" && starts > startsBefore) return `started again (start ${starts})`;
    if (state !== "running") return undefined;
    if (!effective) return `${node} runs`;
    if (life === undefined || life === struck.id) return undefined;
    const now = await required(control.lifecycle).lifeOf(node, "node");
    return `${node} runs again${now === undefined ? "" : `, ${now.text}`} (start ${starts})`;
  });
  if (proof !== undefined) return proof;
  throw new FaultlineError(
    "FL_HEAL_FAILED",
    `${node} was released but does not run after ${START_TIMEOUT_MS / 1000} s`,
    { remedy: `./faultline heal; if that fails too: ./faultline up` },
  );
}
