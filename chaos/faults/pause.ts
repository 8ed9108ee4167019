import { poll } from "../clock.ts";
import { type Fault, pids, probeRunning, SIGNAL_LEASE_MS, signalAll, type Strike } from "../strike.ts";
import { applyUndo } from "../undo.ts";

/** A process that has not stopped for this long is likely in vfork(2). */
const VFORK_TIMEOUT_MS = 200;
/** Stopping is done by the kernel, at once unless a process is in uninterruptible sleep. */
const EFFECT_TIMEOUT_MS = 3000;

/**
 * SIGSTOP of every process of the node: its sockets stay open and nobody answers, which is what a long garbage collection or a
 * frozen virtual machine looks like. The main process is stopped first, so that it can't fork what we would miss.
 */
export const pause: Fault = {
  kind: "pause",
  injectLeaseMs: SIGNAL_LEASE_MS,
  probe: probeRunning,
  undo: ({ node, processes }) => ({ node, resume: [...processes], release: false }),

  async inject(strike) {
    for (let round = 0; round < 5; round++) {
      await signalAll(strike, "SIGSTOP");
      if (await poll(strike.clock, VFORK_TIMEOUT_MS, async () => ((await stillRunning(strike)) ? undefined : true), { everyMs: 10 })) return;
      // A parent in vfork(2) (a shell, a JVM that starts a process) waits uninterruptibly until its child has exec'd: a child stopped
      // before that keeps the parent from stopping. Let the children go on for a moment; the parent's SIGSTOP stays pending.
      await strike.control.signal(strike.processes.slice(1), "SIGCONT");
      await strike.clock.sleep(20);
    }
  },

  async effect({ control, clock, processes }) {
    const counts = async () => {
      const states = await control.processStates(processes);
      const count = (state: string) => states.filter((other) => other === state).length;
      return { stopped: count("stopped"), running: count("running"), gone: count("gone") };
    };
    await poll(clock, EFFECT_TIMEOUT_MS, async () => ((await counts()).running === 0 ? true : undefined), { everyMs: 20 });
    const { stopped, running, gone } = await counts();
    const mainState = (await control.processStates(processes.slice(0, 1)))[0];
    const rest = `${running === 0 ? "" : `, ${running} still running`}${gone === 0 ? "" : `, ${gone} gone`}`;
    return {
      effective: running === 0 && mainState === "stopped",
      proof: `${stopped} of ${processes.length} processes stopped (${pids(processes)})${rest}`,
    };
  },

  async heal({ control, processes }) {
    await control.signal(processes, "SIGCONT");
  },

  /** Not only the processes that we stopped: none of the node may be left stopped. */
  async verify({ control, clock, node, processes }) {
    const proof = await applyUndo(control, { node, resume: processes, release: false }, clock);
    const states = await control.processStates(processes);
    return `${states.filter((state) => state === "running").length} of ${processes.length} processes go on; ${proof}`;
  },
};

async function stillRunning({ control, processes }: Strike): Promise<boolean> {
  return (await control.processStates(processes)).includes("running");
}
