import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { BLOCK_HEADER_BYTES, EVIDENCE_HEADER, FOOTER_BYTES, readFooter } from "../contract/evidence.ts";
import { RandomStream } from "../contract/random.ts";
import type { VerdictFile } from "../contract/verdict.ts";
import { MUTATIONS } from "./fixture/mutations.ts";
import { worldOnDisk, type WorldOnDisk } from "./fixture/world-on-disk.ts";
import { EvidenceFile } from "./source/evidence-file.ts";
import { takeEvidence } from "./take-evidence.ts";
import { validateEvidence } from "./validate-evidence.ts";
import { validateFrom } from "./validate.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
const JUDGE = { allowNoFaults: true, minAcknowledged: 1 };
const SLO = { without_acknowledgement_ms: 1_000, without_rows_ms: 150, calm_p99_ms: 5 };

/** Without what differs between two looks at the same thing. */
const comparable = (file: VerdictFile) => ({ ...file, duration_ms: 0, peak_memory_mb: 0, at_ms: 0, evidence: null });

async function bothWays(
  world: WorldOnDisk,
  flags = {},
): Promise<{ live: VerdictFile; fromFile: VerdictFile; root: string }> {
  const { directory, servers } = world;
  const live = await validateFrom({ ...JUDGE, ...flags, runDirectory: directory }, () => servers);
  const { file, root } = await takeEvidence({ runDirectory: directory }, () => servers);
  const fromFile = await validateEvidence({ ...JUDGE, ...flags, evidence: file, root });
  return { live, fromFile, root };
}

async function worldFor(mutation: (typeof MUTATIONS)[number], pipeline: string): Promise<WorldOnDisk> {
  for (let seed = 1; seed < 40; seed++) {
    const world = await worldOnDisk(seed, pipeline, mutation);
    if (world !== undefined) return world;
  }
  throw new Error(`no world has a place for: ${mutation.name}`);
}

describe("the verdict from evidence is the live one", () => {
  test.each(["payments", "sensors"])("VALID, %s", async (pipeline) => {
    const world = (await worldOnDisk(5, pipeline)) as WorldOnDisk;
    const { live, fromFile, root } = await bothWays(world);
    expect(live).toMatchObject({ verdict: "VALID", reasons: [], evidence: null });
    expect(live.counts.actual_rows).toBeGreaterThan(100);
    expect(live.canary?.found).toBeGreaterThan(30);
    expect(comparable(fromFile)).toEqual(comparable(live));
    expect(fromFile.evidence?.root).toBe(root);
    await world.remove();
  });

  test("with bounds that the evidence was not taken for", async () => {
    const world = (await worldOnDisk(5, "payments")) as WorldOnDisk;
    const { live, fromFile } = await bothWays(world, { slo: SLO, canary: false });
    expect(live.verdict).toBe("SLO_BREACH");
    expect(live.slo.map(({ worst }) => worst === null)).toEqual([false, false, false]);
    expect(comparable(fromFile)).toEqual(comparable(live));
    await world.remove();
  });

  // One of each table, of the log and of the offsets; mutations.test.ts has all.
  const some = MUTATIONS.filter((_, place) => place % 5 === 0);
  test.each(some.map((mutation) => [mutation.name, mutation] as const))("%s", async (_name, mutation) => {
    const world = await worldFor(mutation, "payments");
    const { live, fromFile } = await bothWays(world, { canary: false });
    expect(live.verdict, live.reasons.join()).toBe("INVALID");
    expect(comparable(fromFile)).toEqual(comparable(live));
    await world.remove();
  });

  test("premises that do not hold, and questions that nobody can answer", async () => {
    const world = (await worldOnDisk(6, "payments")) as WorldOnDisk;
    world.servers.answers["postgres.open_transactions"] = {
      value: [{ pid: 4, application: "psql", tables: ["payments"] }],
    };
    world.servers.answers["postgres.tables"] = { problem: "permission denied" };
    const { live, fromFile } = await bothWays(world, { canary: false });
    expect(live.verdict).toBe("UNKNOWN");
    expect(live.reasons.join()).toMatch(/session 4 .*permission denied/);
    expect(comparable(fromFile)).toEqual(comparable(live));
    await world.remove();
  });
});

test("a server that does not answer is an error, and leaves no file", async () => {
  const world = (await worldOnDisk(6, "payments")) as WorldOnDisk;
  delete world.servers.answers["kafka.topic"];
  const out = join(world.directory, "x.evidence");
  await expect(takeEvidence({ runDirectory: world.directory, out }, () => world.servers)).rejects.toThrow(
    /kafka\.topic/,
  );
  const signal = AbortSignal.abort();
  await expect(takeEvidence({ runDirectory: world.directory, out, signal }, () => world.servers)).rejects.toThrow(
    /no evidence file was written/,
  );
  expect((await readdir(world.directory)).filter((name) => name.includes("evidence"))).toEqual([]);
  await world.remove();
});

describe("a changed byte", () => {
  let world: WorldOnDisk;
  let whole: Buffer;
  let file: string;
  let root: string;
  beforeAll(async () => {
    world = (await worldOnDisk(5, "payments")) as WorldOnDisk;
    ({ file, root } = await takeEvidence({ runDirectory: world.directory }, () => world.servers));
    whole = await readFile(file);
  });
  afterAll(() => world.remove());

  /** @returns the problem that is named: of an error, or of the verdict. */
  async function problem(bytes: Buffer): Promise<string> {
    const path = `${file}.changed`;
    await writeFile(path, bytes);
    try {
      const { verdict, reasons } = await validateEvidence({ ...JUDGE, canary: false, evidence: path });
      return verdict === "UNKNOWN" ? reasons.join("; ") : `${verdict}!`;
    } catch (error) {
      expect((error as { code?: string }).code).toBe("FL_EVIDENCE_DAMAGED");
      return (error as Error).message;
    } finally {
      await rm(path);
    }
  }
  const flipped = (...places: number[]) => {
    const bytes = Buffer.from(whole);
    for (const at of places) bytes[at] = (bytes[at] as number) ^ 1;
    return bytes;
  };
  const opened = async () => {
    const opened = await EvidenceFile.open(file);
    await opened.close();
    return opened;
  };
  const blockOf = async (name: string) => (await opened()).sections.find((each) => each.name === name)!.blocks[0]!;

  test("none: VALID", async () => {
    expect(await problem(whole)).toBe("VALID!");
  });

  test("in the header, the version, the index or the footer is an error that names its place", async () => {
    expect(await problem(flipped(3))).toContain("does not begin with its header (bytes 0–15)");
    expect(await problem(flipped(15))).toMatch(/version 0 of the format \(byte 15\).*reads version 1/);
    const index = readFooter(whole.subarray(-FOOTER_BYTES))!;
    const changed = `the index or its footer was changed (bytes ${index.offset}–${whole.length - 1})`;
    expect(await problem(flipped(index.offset + 20))).toContain(changed);
    for (const at of [12, 40]) expect(await problem(flipped(whole.length - FOOTER_BYTES + at))).toContain(changed);
    for (const at of [5, 8, 55])
      expect(await problem(flipped(whole.length - FOOTER_BYTES + at))).toContain("ends without its footer");
  });

  test("in a block is UNKNOWN, and names section, block and bytes", async () => {
    const log = await blockOf("log/3");
    const sentence = `evidence: section log/3, block 0 (bytes ${log.offset}–${log.offset + BLOCK_HEADER_BYTES + log.bytes - 1}): its checksum does not fit`;
    // Each number of its header, its checksum, its content.
    for (const at of [0, 4, 8, 12, 16, 47, 48, 60, BLOCK_HEADER_BYTES + log.bytes - 1])
      expect(await problem(flipped(log.offset + at))).toBe(sentence);
    const ledger = await blockOf("file/ledger.ndjson");
    const both = await problem(flipped(log.offset + 50, ledger.offset + 50));
    expect(both).toMatch(/section file\/ledger\.ndjson, block 0 .*; evidence: section log\/3/);
  });

  test("in very many blocks: at most 20 are listed, with the count of all", async () => {
    const blocks = (await opened()).sections.flatMap((section) => section.blocks);
    expect(blocks.length).toBeGreaterThan(22);
    const text = await problem(flipped(...blocks.map(({ offset }) => offset + BLOCK_HEADER_BYTES)));
    expect(text.match(/its checksum does not fit/g)).toHaveLength(20);
    expect(text).toMatch(new RegExp(`and ${blocks.length - 20} more blocks; ${blocks.length} in all$`));
  });

  test("a file that is cut off anywhere, or has more at its end, is an error", async () => {
    const log = await blockOf("log/3");
    const index = readFooter(whole.subarray(-FOOTER_BYTES))!;
    for (const length of [0, 1, 15, EVIDENCE_HEADER.length, log.offset, log.offset + 9, index.offset, index.offset + 7])
      expect(await problem(whole.subarray(0, length))).toMatch(/cut off|no evidence file/);
    for (const less of [1, FOOTER_BYTES - 1, FOOTER_BYTES])
      expect(await problem(whole.subarray(0, whole.length - less))).toContain("cut off");
    expect(await problem(Buffer.concat([whole, Buffer.of(0)]))).toContain("cut off or changed");
  });

  test("a block left out, repeated or exchanged is an error or UNKNOWN", async () => {
    const [a, b] = [await blockOf("log/3"), await blockOf("table/rows/3")];
    const of = ({ offset, bytes }: typeof a) => [offset, offset + BLOCK_HEADER_BYTES + bytes] as const;
    const without = Buffer.concat([whole.subarray(0, of(a)[0]), whole.subarray(of(a)[1])]);
    expect(await problem(without)).toMatch(/cut off/);
    const swapped = Buffer.from(whole);
    whole.copy(swapped, a.offset, b.offset, b.offset + Math.min(a.bytes, b.bytes));
    expect(await problem(swapped)).toContain("section log/3, block 0");
  });

  test("anywhere: 200 random bytes are all named", async () => {
    const random = new RandomStream(42, 1, 2);
    for (let trial = 0; trial < 200; trial++) {
      const at = random.integer(0, whole.length - 1);
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] as number) ^ random.integer(1, 255);
      expect(await problem(bytes), `byte ${at}`).toMatch(/bytes? \d+/);
    }
  });

  test("another root than the one that was passed on is refused", async () => {
    const judged = await validateEvidence({ ...JUDGE, canary: false, evidence: file, root: root.toUpperCase() });
    expect(judged.evidence?.root).toBe(root);
    await expect(validateEvidence({ ...JUDGE, evidence: file, root: "0".repeat(64) })).rejects.toThrow(
      `has the root ${root}, not 000`,
    );
  });
});
