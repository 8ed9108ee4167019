import { join, relative } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import { RUN_FILES } from "../contract/run.ts";
import { composeDown, checkCompose, composeIsUp, composeUp, copyLogs, copyRun, runInside } from "./compose-project.ts";
import type { CommandContext } from "./context.ts";
import type { DemoFlags } from "./demo-run.ts";
import { Progress } from "./progress.ts";

/** The demo on containers: builds and starts the stack here, lets its chaos container do the rest, and brings the run's directory back. @returns the exit code. */
export async function demoCompose(context: CommandContext, flags: DemoFlags): Promise<number> {
  const progress = new Progress(context.process.stderr);
  checkCompose(context.root);
  if (composeIsUp(context.root))
    throw new FaultlineError("FL_STACK_BUSY", "a stack of containers is here already, and the demo starts from nothing", {
      remedy: "docker compose down -v, then again",
    });
  const seed = flags.seed ?? Math.floor(Math.random() * 2 ** 31);
  await using cleanUp = new AsyncDisposableStack();
  if (!flags.keep)
    cleanUp.defer(async () => {
      progress.say("stopping everything");
      await composeDown(context, true);
    });
  // What an earlier stack left in its volumes is another run's.
  await composeDown(context, true);
  progress.say("building images and starting containers");
  await composeUp(context, {
    PRODUCER_RATE: `${flags.rate}`,
    FAULTLINE_SEED: `${seed}`,
    FAULTLINE_MALFORMED_PPM: `${flags.malformed}`,
    FAULTLINE_TRIGGER: flags.trigger,
    ...(flags.pipeline !== undefined && { FAULTLINE_PIPELINE: flags.pipeline }),
  });
  const targets = flags.targets === undefined ? [] : ["--targets", flags.targets];
  const code = await runInside(context, [
    "demo",
    "--duration",
    seconds(flags.duration),
    "--interval",
    seconds(flags.interval),
    "--rate",
    `${flags.rate}`,
    "--trigger",
    flags.trigger,
    ...targets,
    ...(flags.faults === undefined ? [] : ["--faults", flags.faults]),
    ...(flags.json ? ["--json"] : []),
  ]);
  const run = await copyRun(context);
  if (run !== undefined) await copyLogs(context, run);
  const out = flags.json ? context.process.stderr : context.process.stdout;
  if (run !== undefined) out.write(`report: ${relative(process.cwd(), join(run, RUN_FILES.report))}\n`);
  return code;
}

function seconds(ms: number): string {
  return `${ms / 1000}`;
}
