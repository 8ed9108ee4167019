import { defineConfig } from "vitest/config";

const exclude = ["**/node_modules/**", ".faultline/**", "runs/**", "spark-app/**"];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["**/*.test.ts"],
          exclude: [
            ...exclude,
            "**/*.e2e.test.ts",
            "**/*.compose.test.ts",
            "**/*.sabotage.test.ts",
            "**/*.page.test.ts",
          ],
          testTimeout: 20_000,
          // Hooks start and stop real processes. A hook that fails is not tried again, and a failed last one leaves no failed test.
          hookTimeout: 120_000,
          // Many of them run real processes, and a crowded machine may be late. Vitest says which tests were tried again.
          retry: 1,
        },
      },
      // The live page in a real Chromium; skipped where there is none.
      {
        test: {
          name: "page",
          include: ["**/*.page.test.ts"],
          exclude,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Each has a browser, and some measure time.
          fileParallelism: false,
        },
      },
      // Real stacks: one at a time, and each step bounded by itself.
      {
        test: {
          name: "e2e",
          include: ["**/*.e2e.test.ts"],
          exclude,
          testTimeout: 600_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          bail: 0,
        },
      },
      // Real stacks that were sabotaged on purpose (docs/sabotage.md): long, and only on request.
      {
        test: {
          name: "sabotage",
          include: ["**/*.sabotage.test.ts"],
          exclude,
          testTimeout: 1_800_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      // Containers, with the commands that people type; skipped where no Docker answers.
      {
        test: {
          name: "compose",
          include: ["**/*.compose.test.ts"],
          exclude,
          testTimeout: 1_200_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
