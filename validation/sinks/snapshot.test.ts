import { afterAll, beforeAll, expect, test } from "vitest";
import { TestServer } from "../fixture/postgres.ts";
import { PostgresReader } from "./postgres.ts";

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
  await server.sql("CREATE TABLE stored (id int)");
});
afterAll(() => server.remove());

const stored = async (reader: PostgresReader): Promise<number> => {
  let text = "";
  await reader.copy(
    "SELECT count(*) FROM public.stored",
    new AbortController().signal,
    (chunk) => (text += String(chunk)),
  );
  return Number(text);
};

test("all that is read is of one moment, in every session, whatever the sink stores meanwhile", async () => {
  const [first, second, later] = await Promise.all([1, 2, 3].map(() => PostgresReader.connect(server.login)));
  if (first === undefined || second === undefined || later === undefined) throw new Error("no connection");
  try {
    const name = await first.beginSnapshot();
    expect(await stored(first)).toBe(0);
    await server.sql("INSERT INTO stored VALUES (1)");
    expect(await stored(first)).toBe(0);
    await second.joinSnapshot(name);
    expect(await stored(second)).toBe(0);
    await server.sql("INSERT INTO stored VALUES (2)");
    expect([await stored(first), await stored(second)]).toEqual([0, 0]);
    await later.beginSnapshot();
    expect(await stored(later)).toBe(2);
  } finally {
    await Promise.all([first, second, later].map((reader) => reader.close()));
  }
});

test("a validator can write nothing", async () => {
  const readers = [await PostgresReader.connect(server.login), await PostgresReader.connect(server.login)] as const;
  try {
    const name = await readers[0].beginSnapshot();
    await readers[1].joinSnapshot(name);
    for (const reader of readers)
      await expect(reader.query("INSERT INTO public.stored VALUES (9)")).rejects.toThrow("read-only transaction");
  } finally {
    await Promise.all(readers.map((reader) => reader.close()));
  }
});
