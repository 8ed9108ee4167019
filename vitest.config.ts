import { defineConfig } from "vitest/config";

export default defineConfig({ test: { include: ["*/**/*.test.ts"], exclude: ["**/node_modules/**", ".faultline/**", "runs/**"], testTimeout: 20_000 } });
