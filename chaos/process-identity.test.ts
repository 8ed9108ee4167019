import { expect, it } from "vitest";
import type { ProcessIdentity } from "../contract/node.ts";
import { isAlive, ownIdentity, sameProcess } from "./process-identity.ts";
import { pids } from "./strike.ts";

const inside = (id: string, started_at: string, pid = 1, start_ticks = 0): ProcessIdentity => ({
  pid,
  start_ticks,
  boot_id: "b",
  container: { id, started_at },
});

it("tells the processes of two containers, and of two lives of one, apart", () => {
  const one = inside("aaaa", "12:00");
  expect(sameProcess(one, inside("aaaa", "12:00"))).toBe(true);
  expect(sameProcess(one, inside("bbbb", "12:00"))).toBe(false);
  expect(sameProcess(one, inside("aaaa", "12:01"))).toBe(false);
  expect(sameProcess(one, { pid: 1, start_ticks: 0, boot_id: "b" })).toBe(false);
});

it("says nothing of processes in containers by their pid here", () => {
  expect(isAlive(ownIdentity())).toBe(true);
  expect(isAlive({ ...ownIdentity(), container: { id: "aaaa", started_at: "12:00" } })).toBe(false);
});

it("names containers by their short id, processes by their pid", () => {
  expect(pids([inside("1a2b3c4d5e6f7788", "12:00")])).toBe("container 1a2b3c4d5e6f");
  expect(pids([12, 13, 14, 15, 16, 17].map((pid) => ({ pid, start_ticks: 1, boot_id: "b" })))).toBe("pid 12, 13, 14, 15, 16 and 1 more");
  expect(pids([inside("1a2b3c4d5e6f7788", "12:00", 7, 5)])).toBe("pid 7");
});
