import { expect, it } from "vitest";
import { resultJson } from "./result-file.ts";

it("a result's members are snake_case, at any depth; names within values stay", () => {
  const result = {
    atMs: 1,
    machine: { memoryGib: 24, versions: { java: "17" } },
    rows: [{ p50Ms: 2, id: "realtimeX" }],
  };
  expect(JSON.parse(resultJson(result))).toEqual({
    at_ms: 1,
    machine: { memory_gib: 24, versions: { java: "17" } },
    rows: [{ p50_ms: 2, id: "realtimeX" }],
  });
});
