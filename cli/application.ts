import { buildApplication, buildRouteMap, text_en } from "@stricli/core";
import { FaultlineError } from "../contract/errors.ts";
import { bench } from "./commands/bench.ts";
import { chaos } from "./commands/chaos.ts";
import { demo } from "./commands/demo.ts";
import { doctor } from "./commands/doctor.ts";
import { down } from "./commands/down.ts";
import { heal } from "./commands/heal.ts";
import { produce } from "./commands/produce.ts";
import { report } from "./commands/report.ts";
import { schema } from "./commands/schema.ts";
import { sql } from "./commands/sql.ts";
import { status } from "./commands/status.ts";
import { submission } from "./commands/submission.ts";
import { test } from "./commands/test.ts";
import { up } from "./commands/up.ts";
import { validate } from "./commands/validate.ts";
import type { CommandContext } from "./context.ts";
import { errorText } from "./error-text.ts";

const routes = buildRouteMap<string, CommandContext>({
  routes: { demo, up, down, status, produce, chaos, heal, validate, report, submission, sql, schema, bench, test, doctor },
  docs: {
    brief: "Start a streaming pipeline, break it, and prove that nothing was lost",
    fullDescription:
      "Start a streaming pipeline (producer, Kafka, Spark, PostgreSQL), break it, and prove that nothing was lost.\n\nBegin with: ./faultline demo\nEach command has --help with an example.",
  },
});

export const application = buildApplication(routes, {
  name: "./faultline",
  scanner: { caseStyle: "allow-kebab-for-camel" },
  documentation: { caseStyle: "convert-camel-to-kebab" },
  localization: {
    text: {
      ...text_en,
      exceptionWhileRunningCommand: (error) => errorText(error),
      exceptionWhileLoadingCommandFunction: (error) => errorText(error),
    },
  },
  determineExitCode: (error) => (error instanceof FaultlineError ? error.exitCode : 70),
});
