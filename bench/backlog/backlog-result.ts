import type { Machine } from "../machine.ts";
import type { OutageCourse } from "./course.ts";
import type { MemoryPeaks } from "./memory.ts";

export type BacklogRow = OutageCourse & {
  id: string;
  title: string;
  outageMs: number;
  /** Events that never existed, because the producer's backlog was full. */
  throttled: number;
  /** Since the stack came up, in MiB. */
  memory: MemoryPeaks;
};

export type BacklogBenchResult = {
  version: 1;
  kind: "backlog";
  atMs: number;
  machine: Machine;
  pipeline: string;
  eventsPerSecond: number;
  rows: BacklogRow[];
  file?: string;
};
