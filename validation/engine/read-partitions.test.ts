import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { emptyHistories } from "../fixture/histories.ts";
import type { PartitionSource } from "../source/run-source.ts";
import type { PartitionReading, PartitionTask } from "./partition-reading.ts";
import { readPartitions, startThread, type Threads } from "./read-partitions.ts";
import type { FromWorker, ToWorker, WorkerData } from "./serve-partitions.ts";

const { pipeline, settings, partitions } = emptyHistories();
const context = { pipeline, settings, topic: "t", batches: partitions.map(({ batches }) => batches) };
const PLACE = { evidence: "/nowhere/evidence", root: "" };

/** A task for each partition; Kafka has so many records of it. */
const tasksOf = (...records: (number | undefined)[]): PartitionTask[] =>
  records.map((count, partition) => ({
    partition,
    range: count === undefined ? undefined : { partition, start: 1000, end: 1000 + count },
    hasTables: false,
    sink: undefined,
    capture: { sequences: 0, offsets: 0 },
  }));

/** What a thread does with a task: reads it, or something worse. */
type Behaviour = (thread: FakeThread, task: PartitionTask) => void;
const reads: Behaviour = (thread, { partition }) => {
  thread.say({ rows: 1, records: 2 });
  thread.say({ reading: { partition } as PartitionReading });
};

const hangs: Behaviour = () => undefined;

class FakeThread extends EventEmitter {
  readonly told: ToWorker[] = [];
  isTerminated = false;
  readonly #behaviour: Behaviour;

  constructor(behaviour: Behaviour) {
    super();
    this.#behaviour = behaviour;
  }

  say(message: FromWorker): void {
    setImmediate(() => this.emit("message", message));
  }

  postMessage(message: ToWorker): void {
    this.told.push(message);
    if (message === "end") setImmediate(() => this.emit("exit", 0));
    else this.#behaviour(this, message);
  }

  terminate(): void {
    this.isTerminated = true;
    setImmediate(() => this.emit("exit", 1));
  }
}

/** Rather an error than a test that waits forever. */
function patience(ms: number): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new Error("nothing happens any more")), ms).unref());
}

async function readAll(
  tasks: readonly PartitionTask[],
  options: { behaviour?: Behaviour; most?: number; hasPlace?: boolean; signal?: AbortSignal } = {},
) {
  const { behaviour = reads, most = 8, hasPlace = true, signal = new AbortController().signal } = options;
  const threads: FakeThread[] = [];
  const data: WorkerData[] = [];
  const read: number[] = [];
  const sum = { rows: 0, records: 0 };
  let opened = 0;
  let closed = 0;
  const source: PartitionSource = {
    copy: () => Promise.reject(new Error("no table was asked for")),
    log: async (_range, _signal, take) => void take(Buffer.alloc(0), 1000),
    close: async () => void (closed += 1),
  };
  const partitionsOf = () => {
    opened += 1;
    return source;
  };
  const start: Threads["start"] = (of) => {
    data.push(of);
    const thread = new FakeThread(behaviour);
    threads.push(thread);
    return thread;
  };
  const on = {
    reading: ({ partition }: PartitionReading) => void read.push(partition),
    read: (more: typeof sum) => {
      sum.rows += more.rows;
      sum.records += more.records;
    },
    signal,
  };
  const servers = { place: hasPlace ? PLACE : undefined, partitions: partitionsOf };
  const isDone = readPartitions(context, servers, tasks, on, { most, start });
  const error = await Promise.race([isDone, patience(1000)]).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { threads, data, read, sum, opened, closed, error };
}

test.each<[string, (number | undefined)[], object, number]>([
  ["few records", [40_000, 40_000, 19_999], {}, 0],
  ["just enough records for two", [40_000, 40_000, 20_000], {}, 2],
  ["records for more threads than partitions", [900_000, 900_000], {}, 2],
  ["records for more threads than may be", [90_000, 90_000, 90_000], { most: 2 }, 2],
  ["one thread at most", [900_000, 900_000], { most: 1 }, 0],
  ["one partition", [900_000], {}, 0],
  ["servers that only this thread can read", [900_000, 900_000], { hasPlace: false }, 0],
  ["a log that can't be read", [undefined, undefined], {}, 0],
])("with %s: %j", async (_name, records, options, expected) => {
  const { threads, read, opened, closed, error } = await readAll(tasksOf(...records), options);
  expect([threads.length, error]).toEqual([expected, undefined]);
  expect(read.toSorted((a, b) => a - b)).toEqual(records.map((_, partition) => partition));
  // This thread's own source, if it reads.
  expect([opened, closed]).toEqual(expected === 0 ? [1, 1] : [0, 0]);
});

test("threads share the ledger and take one partition after the other, each once", async () => {
  const { threads, data, read, sum } = await readAll(tasksOf(50_000, 50_000, 1, 1, 1));
  expect(data).toHaveLength(2);
  for (const { batches, ...rest } of data) {
    expect(rest).toEqual({ pipeline, settings, topic: "t", place: PLACE });
    expect(batches.map(({ columns }) => columns.starts.buffer instanceof SharedArrayBuffer)).toEqual(
      partitions.map(() => true),
    );
  }
  expect(read.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
  expect(sum).toEqual({ rows: 5, records: 10 });
  for (const { told, isTerminated } of threads) {
    expect([told.length > 1, told.at(-1), isTerminated]).toEqual([true, "end", false]);
    expect(told.filter((message) => message === "end")).toHaveLength(1);
  }
});

test.each<[string, Behaviour, string]>([
  ["fails", (thread) => void setImmediate(() => thread.emit("error", new Error("a bug"))), "a bug"],
  [
    "ends in the middle",
    (thread) => void setImmediate(() => thread.emit("exit", 7)),
    "a thread of the validator ended with code 7 in the middle of a partition",
  ],
])("if one thread %s, the others are ended", async (_name, worse, message) => {
  const { threads, error } = await readAll(tasksOf(50_000, 50_000), {
    behaviour: (thread, task) => (task.partition === 1 ? worse : hangs)(thread, task),
  });
  expect(error).toEqual(new Error(message));
  expect(threads[0]?.isTerminated).toBe(true);
});

test.each([
  ["while threads read", false],
  ["before they begin", true],
])("an interruption %s ends them, and is what is thrown", async (_name, isEarly) => {
  const controller = new AbortController();
  const reason = new Error("interrupted");
  if (isEarly) controller.abort(reason);
  else setImmediate(() => controller.abort(reason));
  const { threads, error } = await readAll(tasksOf(50_000, 50_000), {
    behaviour: () => undefined,
    signal: controller.signal,
  });
  expect(error).toBe(reason);
  expect(threads.map(({ isTerminated }) => isTerminated)).toEqual([true, true]);
});

test("an interruption after all was read ends no thread any more", async () => {
  const controller = new AbortController();
  const { threads } = await readAll(tasksOf(50_000, 50_000), { signal: controller.signal });
  controller.abort();
  expect(threads.map(({ isTerminated }) => isTerminated)).toEqual([false, false]);
});

test("this thread closes its source also when something fails", async () => {
  const broken = { ...tasksOf(5)[0], hasTables: true } as PartitionTask;
  const { error, closed } = await readAll([broken]);
  expect([error, closed]).toEqual([new Error("no table was asked for"), 1]);
});

test("nobody needs to say how threads are started", async () => {
  const read: number[] = [];
  const on = { reading: ({ partition }: PartitionReading) => void read.push(partition), read: () => undefined };
  const source = { copy: async () => undefined, log: async () => undefined, close: async () => undefined };
  const servers = { place: PLACE, partitions: () => source };
  await readPartitions(context, servers, tasksOf(undefined, undefined), {
    ...on,
    signal: new AbortController().signal,
  });
  expect(read).toEqual([0, 1]);
});

test("a real thread reads what it is told, and ends", async () => {
  const batches = context.batches.map((item) => item.share());
  const thread = startThread({ pipeline, settings, topic: "t", place: PLACE, batches });
  const [task] = tasksOf(5) as [PartitionTask];
  const isRead = new Promise<FromWorker>((resolve, reject) => {
    thread.on("error", reject);
    thread.on("message", resolve);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    thread.postMessage(task);
  });
  const reading = await Promise.race([isRead, patience(20_000)]);
  expect(reading).toMatchObject({ reading: { partition: 0, logError: { message: expect.any(String) as string } } });
  const code = await new Promise((resolve) => {
    thread.on("exit", resolve);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    thread.postMessage("end");
  });
  expect(code).toBe(0);
});
