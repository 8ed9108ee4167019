import { run } from "@stricli/core";
import { FaultlineError } from "../contract/errors.ts";
import { application } from "./application.ts";
import { checkEnvironment } from "../platform/check-environment.ts";
import { type CommandContext, commandContext } from "./context.ts";
import { errorText } from "./error-text.ts";

const argv = process.argv.slice(2);
const context = commandContext(argv);
// A client that holds this container's input open: when it is gone, however it went, there is nobody to break things for.
const lease = process.env["FAULTLINE_STDIN_LEASE"] === "1";
// Not for the watchdog: it is to outlive this process.
delete process.env["FAULTLINE_STDIN_LEASE"];
if (lease) process.stdin.resume().once("end", () => process.kill(process.pid, "SIGTERM"));
try {
  // In every command, also in those that need no stack: a typo must never silently mean another one. Help must come always.
  if (!asksForHelp(argv)) checkEnvironment(context);
} catch (error) {
  process.stderr.write(`${errorText(error)}\n`);
  process.exit(error instanceof FaultlineError ? error.exitCode : 70);
}
// Node's type lets exitCode be undefined, the runner's does not; it only ever writes it.
await run(application, argv, context as CommandContext & { process: { exitCode: number } });
// The argument scanner's own codes are negative; all of them are the user's usage.
const code = Number(process.exitCode ?? 0);
if (code < 0) process.exitCode = code === -1 ? 70 : 64;
// A pipe takes 64 KiB; what it has not taken yet would be lost with the process.
await Promise.all([process.stdout, process.stderr].map(flushed));
// Clients of stopped brokers can hold sockets and timers open; everything durable is written by now.
process.exit();

/** Returns when the stream's reader has taken everything, or is gone. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write("", () => resolve()));
}

function asksForHelp(words: string[]): boolean {
  return words.length === 0 || words.some((word) => ["--help", "-h", "--help-all", "--helpAll", "-H"].includes(word));
}
