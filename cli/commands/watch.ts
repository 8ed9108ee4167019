import { buildCommand } from "@stricli/core";
import { isAbsent } from "../../contract/capability.ts";
import { FaultlineError } from "../../contract/errors.ts";
import type { RuntimeName } from "../../contract/stack.ts";
import { resolveRun } from "../choose-run.ts";
import type { CommandContext } from "../context.ts";
import { parsePortNumber, parseText } from "../parse.ts";
import { runtimeFlag } from "../shared-flags.ts";

type Flags = { port?: number; open: boolean; json: boolean; runtime?: RuntimeName };

/** If it is taken, and no port was asked for, any free one does. */
const PORT = 8765;

export const watch = buildCommand<Flags, [run?: string], CommandContext>({
  docs: {
    brief: "Show a run on a page: while it lasts, or when it is over",
    fullDescription:
      "Serves a page that shows a run: its nodes, rates, lag, latency and faults, while it lasts or when it is over. It prints the page's address with its token, and serves until Ctrl-C. Only this machine can reach it.\nIn a stack of containers the monitor serves the page: then the address is printed, and that is all.\n\nExamples:\n  ./faultline watch\n  ./faultline watch --open\n  ./faultline watch 20261123T015937Z-payments --port 8765",
  },
  parameters: {
    flags: {
      port: {
        kind: "parsed",
        parse: parsePortNumber,
        optional: true,
        brief: `Port on 127.0.0.1 [default: ${PORT}, or a free one]`,
        placeholder: "n",
      },
      open: { kind: "boolean", default: false, brief: "Open it in a browser" },
      json: { kind: "boolean", default: false, brief: "Print the address as JSON" },
      runtime: runtimeFlag,
    },
    positional: {
      kind: "tuple",
      parameters: [
        {
          brief: "The run [default: the stack's run, else the newest]",
          parse: parseText,
          placeholder: "run",
          optional: true,
        },
      ],
    },
  },
  async func(flags, run) {
    const runtime = await this.runtime(flags.runtime);
    const say = (url: string): void => {
      this.process.stdout.write(flags.json ? `${JSON.stringify({ url })}\n` : `${url}\n`);
    };
    if (run === undefined && !isAbsent(runtime.relay) && runtime.relay.isUp()) {
      const url = runtime.relay.pageUrl();
      if (url === undefined)
        throw new FaultlineError("FL_NOT_READY", "the monitor serves no page yet", {
          remedy: "docker compose logs monitor says why; it waits for the run",
        });
      say(url);
      return;
    }
    const directory = resolveRun(this, runtime, run);
    const [{ serveRun }, { isFree }, { openBrowser }] = await Promise.all([
      import("../../monitor/http/serve-run.ts"),
      import("../../machine/tcp-port.ts"),
      import("../open-browser.ts"),
    ]);
    const port = flags.port ?? ((await isFree(PORT)) ? PORT : 0);
    const onProblem = (problem: string): void => {
      this.process.stderr.write(`${problem}\n`);
    };
    const served = await serveRun({ directory, port, onProblem });
    say(served.url);
    if (flags.open) openBrowser(served.url);
    if (!this.signal.aborted)
      await new Promise((resolve) => this.signal.addEventListener("abort", resolve, { once: true }));
    await served.close();
  },
});
