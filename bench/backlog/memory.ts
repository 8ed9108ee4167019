import { readFileSync } from "node:fs";
import { commandLine, readProcessTable } from "../../machine/process-table.ts";
import { taggedProcesses } from "../../platform/local/supervisor/marked-processes.ts";

/** The most resident memory of one process of a node, in MiB. */
export type MemoryPeaks = { producer: number; executor: number; driver: number };

/** Looks at the processes that could grow with a backlog. What is gone between two looks is not seen. */
export class MemoryWatch {
  readonly #stateDirectory: string;
  readonly peaks: MemoryPeaks = { producer: 0, executor: 0, driver: 0 };
  #timer: NodeJS.Timeout | undefined;

  constructor(stateDirectory: string) {
    this.#stateDirectory = stateDirectory;
  }

  start(everyMs: number): void {
    this.#timer = setInterval(() => this.look(), everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  look(): void {
    for (const { pid } of taggedProcesses(readProcessTable(), this.#stateDirectory)) {
      const who = partOf(commandLine(pid) ?? "");
      const resident = /^VmRSS:\s+(\d+) kB/m.exec(statusOf(pid))?.[1];
      if (who !== undefined && resident !== undefined)
        this.peaks[who] = Math.max(this.peaks[who], Math.round(Number(resident) / 1_024));
    }
  }
}

/** By the command line, its arguments separated by spaces. */
export function partOf(command: string): keyof MemoryPeaks | undefined {
  if (/\/producer\/main\.ts /.test(command)) return "producer";
  if (command.includes("CoarseGrainedExecutorBackend")) return "executor";
  return command.includes("dev.faultline.job.PipelineJob") ? "driver" : undefined;
}

/** Empty when the process is gone. */
function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
}
