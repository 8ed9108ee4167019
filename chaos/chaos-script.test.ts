import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = mkdtempSync(join(tmpdir(), "faultline chaos script "));
const script = join(root, "chaos", "chaos.sh");

beforeAll(() => {
  mkdirSync(join(root, "chaos"));
  copyFileSync(join(import.meta.dirname, "chaos.sh"), script);
  writeFileSync(join(root, "faultline"), '#!/bin/sh\nprintf "<%s>" "$@"\nexit 4\n', { mode: 0o755 });
});
afterAll(() => rmSync(root, { recursive: true }));

function run(file: string, ...args: string[]): { code: number; out: string } {
  try {
    return { code: 0, out: execFileSync(file, args, { cwd: "/", encoding: "utf8" }) };
  } catch (error) {
    const { status, stdout } = error as { status: number; stdout: string };
    return { code: status, out: stdout };
  }
}

it("hands every argument and the exit code on, from any directory and through a symbolic link", () => {
  const link = join(root, "link.sh");
  symlinkSync("chaos/chaos.sh", link);
  for (const file of [script, link])
    expect(run(file, "--duration", "600", "--targets", "kafka-2,spark *")).toEqual({
      code: 4,
      out: "<chaos><--duration><600><--targets><kafka-2,spark *>",
    });
});

it("explains itself without a stack", () => {
  expect(run(script, "--help")).toEqual({
    code: 0,
    out: expect.stringMatching(/^usage: chaos\.sh \[--duration SECONDS\].*--runtime/s) as unknown,
  });
});
