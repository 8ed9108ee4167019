import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { buildCommand } from "@stricli/core";
import { FaultlineError } from "../../contract/errors.ts";
import { VERDICT_EXIT_CODES } from "../../contract/verdict.ts";
import type { CommandContext } from "../context.ts";
import { parseText } from "../parse.ts";

export const submission = buildCommand<{ file?: string }, [], CommandContext>({
  docs: {
    brief: "Run submission.yml: set up, start, break, validate, by plain shell commands",
    fullDescription:
      "Runs the commands of submission.yml in order, from the repository's root, each in a shell of its own. It stops at the first failure and exits with that command's code; for the last section, this is the verdict's code.\n\nExamples:\n  ./faultline submission\n  CHAOS_DURATION=60 CHAOS_INTERVAL=12 ./faultline submission --file submission.yml",
  },
  parameters: {
    flags: {
      file: {
        kind: "parsed",
        parse: parseText,
        optional: true,
        brief: "The file [default: submission.yml]",
        placeholder: "file",
      },
    },
  },
  async func(flags) {
    const { readSubmission, SECTIONS } = await import("../submission-file.ts");
    const sections = readSubmission(resolve(flags.file ?? `${this.root}/submission.yml`));
    const { stderr } = this.process;
    for (const section of SECTIONS)
      for (const command of sections[section]) {
        const beganMs = Date.now();
        stderr.write(`\n== ${section}: ${command}\n`);
        const code = await shell(command, this.root, this.signal);
        stderr.write(
          `== ${code === 0 ? "ok" : `exit code ${code}`}, ${((Date.now() - beganMs) / 1000).toFixed(1)} s\n`,
        );
        if (this.signal.aborted) throw new FaultlineError("FL_INTERRUPTED", `interrupted in ${section}: ${command}`);
        if (code === 0) continue;
        const verdict =
          section === "validate"
            ? Object.entries(VERDICT_EXIT_CODES).find(([, exitCode]) => exitCode === code)?.[0]
            : undefined;
        stderr.write(
          `\n${section} failed with exit code ${code}${verdict === undefined ? "" : ` (${verdict})`}: ${command}\n`,
        );
        this.process.exitCode = code;
        return;
      }
    this.process.stdout.write("VALID\n");
  },
});

function shell(command: string, cwd: string, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    // A group of its own: Ctrl-C is handed on once, to the whole group, as a terminal would.
    const child = spawn("bash", ["-c", command], { cwd, stdio: ["ignore", "inherit", "inherit"], detached: true });
    const stop = (): void => void (child.pid !== undefined && process.kill(-child.pid, "SIGINT"));
    signal.addEventListener("abort", stop, { once: true });
    child.on("error", (error) => reject(new FaultlineError("FL_PREREQUISITE", `bash: ${error.message}`)));
    child.on("close", (code) => {
      signal.removeEventListener("abort", stop);
      resolve(code ?? 130);
    });
  });
}
