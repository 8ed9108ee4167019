import { expect, it } from "vitest";
import { partOf } from "./memory.ts";

it.each([
  ["node --disable-warning=X /checkout/producer/main.ts --run-dir /runs/1", "producer"],
  ["java -cp /jars/* org.apache.spark.executor.CoarseGrainedExecutorBackend --driver-url", "executor"],
  ["java -Dspark.app.name=payments dev.faultline.job.PipelineJob --pipeline", "driver"],
  ["java org.apache.spark.deploy.worker.Worker", undefined],
  ["vi /checkout/producer/main.ts.bak", undefined],
])("%j", (command, part) => {
  expect(partOf(command)).toBe(part);
});
