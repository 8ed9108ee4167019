import type { WriteStream } from "node:tty";
import { styleText } from "node:util";
import type { FaultHistory } from "../../contract/fault-history.ts";
import type { JournalRecord } from "../../contract/journal.ts";
import type { Sample } from "../../contract/sample.ts";
import { RECENT_SAMPLES, renderLiveLine, type Paint } from "./live-line.ts";
import { offsetText } from "../view/number-text.ts";

/** Where lines go: process.stderr or stdout. */
type Output = NodeJS.WritableStream & Partial<Pick<WriteStream, "isTTY" | "columns">>;

const PLAIN_INTERVAL_MS = 5_000;
const PLAIN_COLUMNS = 160;
const ERASE_LINE = "\r\u001b[2K";

export type LiveLine = {
  /** Call this for each sample. `records`: the lines added to the fault journal since the sample before. */
  onSample(sample: Sample, seen: { active: readonly FaultHistory[]; records: readonly JournalRecord[] }): void;
  /** Writes a line that stays, above the live one. */
  note(text: string): void;
  /** Erases the live line; afterwards the terminal is at the start of an empty line. */
  end(): void;
};

/**
 * On a terminal: one line that replaces itself. Elsewhere: a plain line every 5 s. In both cases, a line that stays for each fault that has
 * an effect, fails or is healed. Colours are used only on a terminal, and not if NO_COLOR is set.
 * @param startMs ms since 1970: times are shown relative to it.
 */
export function liveLine(output: Output, startMs: number): LiveLine {
  const terminal = output.isTTY === true;
  // styleText itself looks at the stream, NO_COLOR, NODE_DISABLE_COLORS and FORCE_COLOR; only a terminal gets to ask it.
  const paint: Paint = terminal ? (style, text) => styleText(style, text, { stream: output }) : (_style, text) => text;
  const recent: Sample[] = [];
  let shown = "";
  let lastPlainMs = Number.NEGATIVE_INFINITY;

  const note = (text: string): void => {
    output.write(terminal ? `${ERASE_LINE}${text}\n${shown}` : `${text}\n`);
  };
  return {
    note,
    onSample(sample, { active, records }) {
      recent.push(sample);
      if (recent.length > RECENT_SAMPLES) recent.shift();
      for (const record of records) {
        const text = faultEventText(record);
        if (text !== undefined) note(`${offsetText(record.at_ms - startMs)}  ${text}`);
      }
      // A terminal's last column is left free: some wrap when it is written.
      const line = renderLiveLine(
        { startMs, recent, active },
        terminal ? Math.max(1, (output.columns ?? 80) - 1) : PLAIN_COLUMNS,
        paint,
      );
      if (terminal) output.write(`${ERASE_LINE}${line}`);
      else if (sample.at_ms - lastPlainMs >= PLAIN_INTERVAL_MS) {
        lastPlainMs = sample.at_ms;
        output.write(`${line}\n`);
      }
      shown = line;
    },
    end() {
      if (terminal && shown !== "") output.write(ERASE_LINE);
      shown = "";
    },
  };
}

/** What a person wants to hear of the journal; undefined for the rest. */
function faultEventText(record: JournalRecord): string | undefined {
  switch (record.t) {
    case "active":
      return `fault ${record.id}: ${record.kind} ${record.node} ${record.effective ? "had an effect" : "had no effect"}: ${record.proof}`;
    case "healed":
      return `fault ${record.id}: healed${record.by === "engine" ? "" : ` by the ${record.by}`}: ${record.proof}`;
    case "failed":
      return `fault ${record.id}: not injected: ${record.why}`;
    case "recovered":
      return `fault ${record.id}: ${record.node} answers again`;
    default:
      return undefined;
  }
}
