import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkPipeline, composeVariables } from "./up-request.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "faultline-root-"));
  mkdirSync(join(root, "pipelines", "own"), { recursive: true });
  for (const file of ["pipelines/own/mine.yaml", "elsewhere.yaml"])
    copyFileSync(join(ROOT, "pipelines", "payments.yaml"), join(root, file));
  symlinkSync("../elsewhere.yaml", join(root, "pipelines", "out.yaml"));
  symlinkSync("pipelines/own/mine.yaml", join(root, "in.yaml"));
  writeFileSync(join(root, "pipelines", "broken.yaml"), "version: 1\n");
});
afterAll(() => rmSync(root, { recursive: true }));

describe("composeVariables", () => {
  it("gives docker compose what was asked for, and nothing else", () => {
    expect(composeVariables(root, {})).toEqual({});
    const pipelineFile = join(root, "in.yaml");
    const numbers = { seed: 0, malformedPpm: 0, producerRate: 0 };
    expect(
      composeVariables(root, {
        pipelineFile,
        ...numbers,
        trigger: "micro-batch",
        coordination: "zookeeper",
        ports: {},
      }),
    ).toEqual({
      FAULTLINE_PIPELINE: "pipelines/own/mine.yaml",
      FAULTLINE_SEED: "0",
      FAULTLINE_MALFORMED_PPM: "0",
      FAULTLINE_TRIGGER: "micro-batch",
      PRODUCER_RATE: "0",
      COMPOSE_FILE: "docker-compose.yml:docker-compose.zookeeper.yml",
    });
    expect(composeVariables(root, { coordination: "kraft" })).toEqual({});
  });

  it("refuses ports, and a pipeline file that the containers don't see or can't read", () => {
    expect(() => composeVariables(root, { ports: { postgres: 5432 } })).toThrow(
      expect.objectContaining({ code: "FL_USAGE", remedy: expect.stringContaining(".env") as unknown }),
    );
    for (const file of ["elsewhere.yaml", "pipelines/out.yaml"])
      expect(() => composeVariables(root, { pipelineFile: join(root, file) }), file).toThrow(
        expect.objectContaining({ code: "FL_USAGE", remedy: expect.stringContaining("pipelines") as unknown }),
      );
    for (const file of ["pipelines/none.yaml", "pipelines/broken.yaml"])
      expect(() => composeVariables(root, { pipelineFile: join(root, file) }), file).toThrow(
        expect.objectContaining({ code: "FL_PIPELINE_INVALID" }),
      );
  });
});

function check(named: string | null): void {
  checkPipeline(root, { name: "p", services: { producer: { environment: { FAULTLINE_PIPELINE: named } } } });
}

describe("checkPipeline", () => {
  it("reads the file that the producer would read", () => {
    for (const named of ["pipelines/own/mine.yaml", "/app/pipelines/own/mine.yaml"]) check(named);
    expect(() => check("pipelines/broken.yaml")).toThrow(expect.objectContaining({ code: "FL_PIPELINE_INVALID" }));
    for (const named of ["elsewhere.yaml", "pipelines/../elsewhere.yaml", "/etc/passwd"])
      expect(() => check(named), named).toThrow(expect.objectContaining({ code: "FL_CONFIG_INVALID" }));
  });

  it("accepts this checkout's pipelines", () => {
    const services = { producer: { environment: { FAULTLINE_PIPELINE: "pipelines/payments.yaml" } } };
    expect(() => checkPipeline(ROOT, { name: "p", services })).not.toThrow();
  });
});
