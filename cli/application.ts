import { buildApplication, buildRouteMap, text_en } from "@stricli/core";
import { FaultlineError } from "../contract/errors.ts";
import { bench } from "./commands/bench.ts";
import { chaos } from "./commands/chaos.ts";
import { demo } from "./commands/demo.ts";
import { doctor } from "./commands/doctor.ts";
import { down } from "./commands/down.ts";
import { evidence } from "./commands/evidence.ts";
import { heal } from "./commands/heal.ts";
import { produce } from "./commands/produce.ts";
import { report } from "./commands/report.ts";
import { resilience } from "./commands/resilience.ts";
import { schema } from "./commands/schema.ts";
import { sql } from "./commands/sql.ts";
import { status } from "./commands/status.ts";
import { submission } from "./commands/submission.ts";
import { test } from "./commands/test.ts";
import { up } from "./commands/up.ts";
import { validate } from "./commands/validate.ts";
import { watch } from "./commands/watch.ts";
import type { CommandContext } from "./context.ts";
import { errorText, usageText } from "./error-text.ts";

const routes = buildRouteMap<string, CommandContext>({
  routes: {
    demo,
    up,
    down,
    status,
    produce,
    chaos,
    heal,
    watch,
    validate,
    evidence,
    report,
    resilience,
    submission,
    sql,
    schema,
    bench,
    test,
    doctor,
  },
  docs: {
    brief: "Start a streaming pipeline, break it, and prove that nothing was lost",
    fullDescription:
      "Starts a streaming pipeline (producer, Kafka, Spark, PostgreSQL), breaks it, and proves that nothing was lost.\n\nBegin with:\n  ./faultline demo\n\nEach command has --help with examples.",
  },
});

export const application = buildApplication(routes, {
  name: "./faultline",
  scanner: { caseStyle: "allow-kebab-for-camel" },
  documentation: { caseStyle: "convert-camel-to-kebab" },
  localization: {
    text: {
      ...text_en,
      keywords: { ...text_en.keywords, default: "default:" },
      noCommandRegisteredForInput: ({ input, corrections }) =>
        errorText(
          new FaultlineError("FL_USAGE", `there is no command ${JSON.stringify(input)}`, {
            remedy:
              corrections.length > 0 ? `did you mean ${corrections.join(" or ")}?` : "./faultline --help lists them",
          }),
        ),
      exceptionWhileParsingArguments: (error) => usageText(error),
      exceptionWhileRunningCommand: (error) => errorText(error),
      exceptionWhileLoadingCommandFunction: (error) => errorText(error),
    },
  },
  determineExitCode: (error) => (error instanceof FaultlineError ? error.exitCode : 70),
});
