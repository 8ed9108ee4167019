import { required } from "../../contract/capability.ts";
import type { Failover, Server } from "../../contract/node.ts";
import type { FailoverKind } from "../../contract/plan.ts";
import { poll } from "../../machine/clock.ts";
import { applyUndo } from "../nodes/undo.ts";
import { type Effect, type Fault, holdUntilMs, type Strike, struckLife } from "./fault.ts";
import { whyNotNow, whyNothingToStrike } from "./probe.ts";

/** The part in which the three kinds of failover differ. */
export type Promotion = {
  /** Longest time that a healthy engine needs to inject it. */
  injectLeaseMs: number;
  /** Whether the primary is held down until the fault is healed. */
  holds: boolean;
  /** Ends with the promotion of `strike.failover.standby`. */
  inject(strike: Strike, failover: Failover, found: Found): Promise<void>;
  effect(strike: Strike, failover: Failover, found: Found): Promise<Effect>;
  /** Looks once more, while both servers are as the fault has left them. */
  beforeHeal?(strike: Strike, failover: Failover, found: Found): Promise<void>;
};
export type Found = NonNullable<Strike["failover"]>;

const GONE_TIMEOUT_MS = 30_000;
/** A promotion, on a busy machine. */
export const PROMOTE_LEASE_MS = 70_000 + GONE_TIMEOUT_MS;

/**
 * A fault after which the other database server takes writes. What is undone is not the promotion: the former primary comes back as the standby. The
 * decision is the runtime's (Failover.promote), and on disk before the promotion, so that any process can carry it to its end.
 */
export function promotionFault(kind: FailoverKind, promotion: Promotion): Fault {
  return {
    kind,
    injectLeaseMs: promotion.injectLeaseMs,

    async probe(strike) {
      const { node, part } = strike;
      if (part === "executor") return `${kind} strikes database servers`;
      const why = (await whyNotNow(strike)) ?? whyNothingToStrike(strike);
      if (why !== undefined) return why;
      const { primary, standby } = await servers(strike).servers();
      if (primary !== node) return `${node} is the standby of ${primary}: ${kind} strikes the primary`;
      const [before, follower] = await Promise.all([servers(strike).look(node), servers(strike).look(standby)]);
      if (before === undefined) return `${node} does not answer`;
      if (follower?.isReceiving !== true) return `${standby} does not follow ${node}`;
      strike.failover = { before, standby };
      return undefined;
    },

    undo: (strike) => ({
      node: strike.node,
      life: struckLife(strike),
      ...(promotion.holds && { release: strike.tag }),
      failover: true,
    }),

    inject: (strike) => promotion.inject(strike, servers(strike), foundBy(strike)),
    effect: (strike) => promotion.effect(strike, servers(strike), foundBy(strike)),

    async heal(strike) {
      await promotion.beforeHeal?.(strike, servers(strike), foundBy(strike));
      if (promotion.holds) await required(strike.control.lifecycle).release(strike.node, strike.tag, strike.life);
    },

    async verify(strike) {
      const { control, clock, node, tag } = strike;
      const undo = {
        node,
        life: struckLife(strike),
        ...(promotion.holds && { release: tag }),
        failover: true as const,
      };
      const proof = await applyUndo(control, undo, clock);
      const { lost } = foundBy(strike);
      return lost === undefined || promotion.beforeHeal === undefined ? proof : `${lostText(lost)}; ${proof}`;
    },
  };
}

function servers({ control }: Strike): Failover {
  return required(control.failover);
}

function foundBy({ node, failover }: Strike): Found {
  if (failover === undefined) throw new Error(`${node} has not been looked at`);
  return failover;
}

export async function holdDown(strike: Strike, injectLeaseMs: number): Promise<void> {
  await required(strike.control.lifecycle).hold(strike.node, strike.tag, holdUntilMs(strike, injectLeaseMs));
}

/** @throws Error when a process of the struck life is there after 30 s */
export async function waitGone(strike: Strike): Promise<void> {
  const { control, clock, node } = strike;
  const life = struckLife(strike);
  const gone = await poll(
    clock,
    GONE_TIMEOUT_MS,
    async () => {
      const { running, paused } = await required(control.lifecycle).look(life);
      return running + paused === 0 ? true : undefined;
    },
    { everyMs: 50 },
  );
  if (gone !== true) throw new Error(`${node} still runs after ${GONE_TIMEOUT_MS / 1000} s (${life.text})`);
}

/** @returns partition → offsets that the first server had stored, and the second one has not. */
export function lostOffsets(first: Server, second: Server): ReadonlyMap<string, number> {
  const lost = new Map<string, number>();
  for (const [partition, offset] of first.nextOffsets) {
    const count = offset - (second.nextOffsets.get(partition) ?? 0);
    if (count > 0) lost.set(partition, count);
  }
  return lost;
}

export function totalOf(lost: ReadonlyMap<string, number>): number {
  return [...lost.values()].reduce((sum, count) => sum + count, 0);
}

/** "1,234 offsets of 12 partitions were lost with their commits" */
export function lostText(lost: ReadonlyMap<string, number>): string {
  if (lost.size === 0) return "no offset was lost";
  return `${totalOf(lost).toLocaleString("en")} offsets of ${lost.size} ${lost.size === 1 ? "partition" : "partitions"} were lost with their commits`;
}

/** "postgres-2 takes writes, timeline 1 → 2"; undefined: it does not. */
export function promotedText({ standby, before }: Found, now: Server | undefined): string | undefined {
  if (now?.isStandby !== false || now.timeline <= before.timeline) return undefined;
  return `${standby} takes writes, timeline ${before.timeline} → ${now.timeline}`;
}
