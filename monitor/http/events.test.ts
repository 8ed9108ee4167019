import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RUN_FILES } from "../../contract/run.ts";
import { encodeSample, type Sample } from "../../contract/sample.ts";
import { madeRun, writeMadeRun } from "../../report/page/fixture/made-run.ts";
import { unpacked } from "../../report/page/packed-samples.ts";
import { eventsRoute } from "./events.ts";
import { type Message, parsePosition, type Position, RunStream } from "./run-stream.ts";

const made = madeRun({ seconds: 300 });
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "faultline-events-"));
  writeMadeRun(directory, made);
});
afterEach(() => rmSync(directory, { recursive: true }));

const START: Position = { samples: 0, journal: 0 };

/** All messages from a position on, until there is nothing more. */
async function all(from: Position): Promise<Message[]> {
  const stream = new RunStream(directory, from);
  const messages: Message[] = [];
  for (;;) {
    const more = await stream.next();
    if (more.length === 0) return messages;
    messages.push(...more);
  }
}

const timesOf = (messages: readonly Message[]): number[] =>
  messages.flatMap((message) => (message.event === "samples" ? message.data.samples.map(({ at_ms }) => at_ms) : []));
const linesOf = (messages: readonly Message[]): string[] =>
  messages.flatMap((message) =>
    message.event === "journal" ? message.data.records.map((record) => JSON.stringify(record)) : [],
  );
const ALL_TIMES = made.samples.map(({ at_ms }) => at_ms);

describe("a run as messages", () => {
  test("has each sample and record once, the journal first, and the state files that are there", async () => {
    const messages = await all(START);
    expect(timesOf(messages)).toEqual(ALL_TIMES);
    expect(linesOf(messages)).toEqual(made.records.map((record) => JSON.stringify(record)));
    expect(messages[0]?.event).toBe("journal");
    // Several chunks: a day is not one message.
    expect(messages.filter(({ event }) => event === "samples").length).toBeGreaterThan(2);
    const states = messages.flatMap((message) => (message.event === "state" ? [message.data.name] : []));
    expect(states).toEqual(["run", "health"]);
  });

  test("goes on at any message's id, with another process, and misses and repeats nothing", async () => {
    const messages = await all(START);
    const withId = messages.filter((message) => "id" in message);
    expect(withId.length).toBeGreaterThan(3);
    for (const [index, { id }] of withId.entries()) {
      const [before, after] = [withId.slice(0, index + 1), await all(parsePosition(id))];
      expect([...timesOf(before), ...timesOf(after)], id).toEqual(ALL_TIMES);
      expect([...linesOf(before), ...linesOf(after)], id).toHaveLength(made.records.length);
    }
  });

  test("follows what is appended; a torn line comes when it is whole; a damaged one is counted", async () => {
    const stream = new RunStream(directory, START);
    while ((await stream.next()).length > 0);
    const [line, next] = [301, 302].map((second) => encodeSample({ ...(made.samples[0] as Sample), at_ms: second }));
    appendFileSync(join(directory, RUN_FILES.samples), `${line}damaged\n${next?.slice(0, 40)}`);
    expect(await stream.next()).toMatchObject([
      { event: "samples", data: { samples: [{ at_ms: 301 }], unreadable: 1 } },
    ]);
    appendFileSync(join(directory, RUN_FILES.samples), next?.slice(40) ?? "");
    expect(timesOf(await stream.next())).toEqual([302]);
  });

  test("begins again if the files are others than those of the position", async () => {
    const end = (await all(START)).findLast((message) => "id" in message);
    const position = parsePosition(end !== undefined && "id" in end ? end.id : "");
    truncateSync(join(directory, RUN_FILES.samples), 100);
    expect((await new RunStream(directory, position).next())[0]).toMatchObject({
      event: "reset",
      id: "samples:0,journal:0",
    });
    writeMadeRun(directory, made);
    rmSync(join(directory, RUN_FILES.journal));
    expect((await new RunStream(directory, position).next())[0]?.event).toBe("reset");
  });

  test("a state file that changes comes again; what can't be read is null", async () => {
    const stream = new RunStream(directory, START);
    while ((await stream.next()).length > 0);
    writeFileSync(join(directory, RUN_FILES.health), "{");
    await expect
      .poll(() => stream.next(), { timeout: 5_000 })
      .toMatchObject([{ event: "state", data: { name: "health", value: null } }]);
  });

  test.each([undefined, null, "", "nonsense", "samples:-1,journal:0", "samples:1"])("%j is the beginning", (text) => {
    expect(parsePosition(text)).toEqual(START);
  });
});

test("samples are packed: nodes stand where they change, and unpacked they are what the file has", async () => {
  const messages = (await all(START)).flatMap((message) => (message.event === "samples" ? [message.data.samples] : []));
  expect(messages.flatMap(unpacked)).toEqual(made.samples);
  const withNodes = messages.flat().filter(({ nodes }) => nodes !== undefined);
  expect(withNodes.length).toBeGreaterThan(messages.length);
  expect(withNodes.length).toBeLessThan(made.samples.length / 5);
});

/** A response whose client takes nothing until it is told to. */
class SlowResponse extends Writable {
  taken = "";
  readonly #waiting: (() => void)[] = [];

  constructor() {
    super({ highWaterMark: 1_000 });
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.taken += chunk.toString("utf8");
    this.#waiting.push(done);
  }

  take(): void {
    this.#waiting.shift()?.();
  }

  writeHead(): this {
    return this;
  }
}

test("a client that does not read is not buffered: the next message waits until it has taken this one", async () => {
  const response = new SlowResponse();
  const request = { headers: {}, method: "GET" } as IncomingMessage;
  const url = new URL("http://127.0.0.1/events");
  const handled = eventsRoute(directory).handle(request, response as unknown as ServerResponse, url);
  // Meanwhile others read all of it, twice.
  expect(timesOf([...(await all(START)), ...(await all(START))])).toHaveLength(2 * ALL_TIMES.length);
  // One message of 64 KiB of the file, as JSON, not the whole run.
  expect(response.writableLength).toBeLessThan(80_000);
  while (!response.taken.includes(`"at_ms":${ALL_TIMES.at(-1)},"answered_ms"`)) {
    response.take();
    await turn();
  }
  expect(response.taken.length).toBeGreaterThan(150_000);
  response.destroy();
  await handled;
});
