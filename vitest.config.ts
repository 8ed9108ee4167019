import { defineConfig } from "vitest/config";

const exclude = ["**/node_modules/**", ".faultline/**", "runs/**", "spark-app/**"];

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["**/*.test.ts"], exclude: [...exclude, "**/*.e2e.test.ts", "**/*.compose.test.ts"], testTimeout: 20_000 } },
      // Real stacks: one at a time, and each step bounded by itself.
      { test: { name: "e2e", include: ["**/*.e2e.test.ts"], exclude, testTimeout: 600_000, hookTimeout: 300_000, fileParallelism: false, bail: 0 } },
      // Containers, with the commands that people type; skipped where no Docker answers.
      { test: { name: "compose", include: ["**/*.compose.test.ts"], exclude, testTimeout: 1_200_000, hookTimeout: 300_000, fileParallelism: false } },
    ],
  },
});
