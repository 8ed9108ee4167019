import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import { composeIsUp, copyRun, runInside } from "./compose-project.ts";
import type { CommandContext } from "./context.ts";
import { chooseRuntime, insideContainer } from "./runtime-choice.ts";

/** Commands that, for a stack of containers, run in one of them. */
const FORWARDED = new Set(["chaos", "heal", "validate", "status", "sql"]);
/** After these there is something new in the run's directory. */
const CHANGES_RUN = new Set(["chaos", "heal", "validate"]);
/** Flags that name the data themselves: no stack is meant. */
const NAMES_DATA = /^--(run|producer-log-path|config|brokers|db-host)(=|$)/;
const PLAN_INSIDE = "/tmp/plan.json";

/**
 * Runs the command in the stack of containers, if that is what is meant.
 * @param argv without node and script. @returns the exit code; undefined: it is to be run here.
 */
export async function forwardToCompose(context: CommandContext, argv: string[]): Promise<number | undefined> {
  const [command = ""] = argv;
  const help = argv.includes("--help") || argv.includes("-h");
  if (insideContainer() || !FORWARDED.has(command) || help || argv.some((argument) => NAMES_DATA.test(argument))) return undefined;
  const flag = valueOf(argv, "--runtime");
  if (chooseRuntime(context, flag) !== "compose") return undefined;
  if (!composeIsUp(context.root))
    throw new FaultlineError("FL_STACK_DOWN", "no stack of containers is up in this checkout", { remedy: "docker compose up -d" });
  const plan = valueOf(argv, "--plan");
  if (plan !== undefined && !existsSync(plan)) throw new FaultlineError("FL_PLAN_INVALID", `--plan ${plan}: no such file`);
  const inside =
    plan === undefined ? argv : argv.map((argument) => (argument === plan ? PLAN_INSIDE : argument.replace(`--plan=${plan}`, `--plan=${PLAN_INSIDE}`)));
  const code = await runInside(context, inside, plan === undefined ? {} : { [resolve(plan)]: PLAN_INSIDE });
  if (CHANGES_RUN.has(command)) await copyRun(context);
  return code;
}

function valueOf(argv: string[], flag: string): string | undefined {
  const index = argv.findIndex((argument) => argument === flag || argument.startsWith(`${flag}=`));
  if (index < 0) return undefined;
  const [, joined] = (argv[index] as string).split(/=(.*)/s);
  return joined ?? argv[index + 1];
}
