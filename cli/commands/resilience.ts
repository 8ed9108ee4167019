import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buildCommand } from "@stricli/core";
import writeFileAtomic from "write-file-atomic";
import type { CommandContext } from "../context.ts";

export const resilience = buildCommand<{ json: boolean }, [], CommandContext>({
  docs: {
    brief: "Render RESILIENCE_REPORT.md from the digests of runs",
    fullDescription:
      "Renders RESILIENCE_REPORT.md and its plots from the digests and texts in docs/resilience/. It asks no server and reads no run.\n\nExamples:\n  ./faultline report RUN_ID --digest docs/resilience/RUN_ID.json\n  ./faultline resilience",
  },
  parameters: { flags: { json: { kind: "boolean", default: false, brief: "Print the names of the files as JSON" } } },
  async func({ json }) {
    const { renderResilience } = await import("../../report/resilience/resilience-report.ts");
    const files = await renderResilience(this.root);
    for (const [name, content] of files) {
      const path = join(this.root, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFileAtomic(path, content);
    }
    const names = [...files.keys()];
    this.process.stdout.write(json ? `${JSON.stringify({ files: names })}\n` : `${names.join("\n")}\n`);
  },
});
