import { spawn } from "node:child_process";
import { once } from "node:events";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import {
  identityOf,
  identityText,
  isAlive,
  ownIdentity,
  parseIdentity,
  parseProcessStat,
  processState,
  signalProcess,
} from "./process-identity.ts";

const children: ReturnType<typeof spawn>[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});
function sleeper(): { child: ReturnType<typeof spawn>; pid: number } {
  const child = spawn("sleep", ["60"]);
  children.push(child);
  return { child, pid: child.pid as number };
}
async function until(question: () => boolean): Promise<void> {
  await expect.poll(question, { timeout: 5_000, interval: 10 }).toBe(true);
}

describe("parseProcessStat", () => {
  const fields = Array.from({ length: 49 }, (_, index) => String(index + 100));
  it("finds the fields behind any command name, with spaces, parentheses and digits", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 15 }), fc.constantFrom("R", "S", "D", "T", "Z"), (command, state) => {
        const stat = parseProcessStat(`42 (${command}) ${state} 1 41 40 ${fields.join(" ")}\n`);
        expect(stat).toEqual({ pid: 42, state, ppid: 1, session: 40, start_ticks: Number(fields[15]) });
      }),
    );
  });
  it("reads the hostile command name that looks like another stat line", () => {
    expect(parseProcessStat(`7 (a) Z 1 (b) S 3 2 1 ${fields.join(" ")}`)?.ppid).toBe(3);
  });
  it("knows nothing of a torn line", () => {
    for (const text of ["", "42", "42 (sleep", "42 (sleep) S 1 2"]) expect(parseProcessStat(text)).toBeUndefined();
  });
});

describe("a live process", () => {
  it("is running, stopped, running again, gone", async () => {
    const { child, pid } = sleeper();
    const identity = identityOf(pid);
    if (identity === undefined) throw new Error("no identity");
    expect(processState(identity)).toBe("running");
    expect(signalProcess(identity, "SIGSTOP")).toBe(true);
    await until(() => processState(identity) === "stopped");
    signalProcess(identity, "SIGCONT");
    await until(() => processState(identity) === "running");
    const ended = once(child, "exit");
    signalProcess(identity, "SIGKILL");
    await ended;
    expect(processState(identity)).toBe("gone");
    expect(signalProcess(identity, "SIGKILL")).toBe(false);
  });

  it("is not another one that has its pid: neither by start time nor by boot", () => {
    const { child, pid } = sleeper();
    const identity = identityOf(pid);
    if (identity === undefined) throw new Error("no identity");
    for (const other of [
      { ...identity, start_ticks: identity.start_ticks - 1 },
      { ...identity, boot_id: "00000000-0000-0000-0000-000000000000" },
    ]) {
      expect(isAlive(other)).toBe(false);
      expect(signalProcess(other, "SIGKILL")).toBe(false);
    }
    expect(child.exitCode).toBeNull();
    expect(isAlive(identity)).toBe(true);
  });
});

it("writes an identity as one word, and reads only such words", () => {
  expect(parseIdentity(identityText(ownIdentity()))).toEqual(ownIdentity());
  for (const text of ["", "12.34.", "12", "a.b.c", "12.34.x/y", "container 12"])
    expect(parseIdentity(text)).toBeUndefined();
});
