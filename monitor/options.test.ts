import { expect, test } from "vitest";
import { parseOptions } from "./options.ts";

const ENVIRONMENT = {
  KAFKA_BROKERS: "k:9092",
  POSTGRES_HOST: "h",
  POSTGRES_PORT: "5432",
  POSTGRES_DB: "d",
  POSTGRES_USER: "u",
  POSTGRES_PASSWORD: "p",
};
const RUN_DIR = ["--run-dir", "r"];
const usage = (message: string) => expect.objectContaining({ code: "FL_USAGE", message });

test("nodes and the place of the drivers' status files come from flags, else from the environment, else there are none", () => {
  expect(parseOptions(RUN_DIR, ENVIRONMENT)).toMatchObject({ nodes: [], driverStatusDirectory: undefined });
  const set = {
    ...ENVIRONMENT,
    MONITOR_NODES: "postgres=postgres@h:5432 driver=driver",
    MONITOR_DRIVER_STATUS: "/s",
  };
  expect(parseOptions(RUN_DIR, set)).toMatchObject({
    nodes: [
      { name: "postgres", kind: "postgres", address: "h:5432" },
      { name: "driver", kind: "driver", address: undefined },
    ],
    driverStatusDirectory: "/s",
  });
  const flags = [...RUN_DIR, "--nodes", "monitor=monitor", "--driver-status", "/other"];
  expect(parseOptions(flags, set)).toMatchObject({
    nodes: [{ name: "monitor", kind: "monitor" }],
    driverStatusDirectory: "/other",
  });
});

test("a list of nodes that is wrong is an error that names flag or variable", () => {
  expect(() => parseOptions([...RUN_DIR, "--nodes", "kafka-1"], ENVIRONMENT)).toThrow(
    usage('--nodes: "kafka-1" is no node'),
  );
  expect(() => parseOptions(RUN_DIR, { ...ENVIRONMENT, MONITOR_NODES: "a=b" })).toThrow(
    usage('MONITOR_NODES: "a=b" is no node'),
  );
});
