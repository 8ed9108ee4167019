import { run } from "@stricli/core";
import { application } from "./application.ts";
import { type CommandContext, commandContext } from "./context.ts";

// Node's type lets exitCode be undefined, the runner's does not; it only ever writes it.
await run(application, process.argv.slice(2), commandContext() as CommandContext & { process: { exitCode: number } });
// The argument scanner's own codes are negative; all of them are the user's usage.
const code = Number(process.exitCode ?? 0);
if (code < 0) process.exitCode = code === -1 ? 70 : 64;
// Clients of stopped brokers can hold sockets and timers open; everything durable is written by now.
process.exit();
