import { join } from "node:path";
import type { FaultHistory } from "../contract/fault-history.ts";
import type { JournalRecord } from "../contract/journal.ts";
import { RUN_FILES } from "../contract/run.ts";
import { decodeSample, type Sample } from "../contract/sample.ts";
import { poll, systemClock } from "../machine/clock.ts";
import { LineTail } from "../machine/line-tail.ts";
import { JournalTail } from "../monitor/sources/journal-tail.ts";

/**
 * Called for each new sample. `active`: the faults that are active now. `records`: the lines added to the fault journal since the sample
 * before.
 */
type OnSample = (sample: Sample, seen: { active: FaultHistory[]; records: JournalRecord[] }) => void;

type FollowOptions = {
  runDirectory: string;
  /** Ms since 1970: what is older, of samples and of journal lines, is passed over. */
  sinceMs: number;
  onSample: OnSample;
  everyMs?: number;
};

/**
 * Follows a run as the monitor samples it, until `stop`. Neither file need exist yet; lines that can't be read are left out. A file that can't
 * be read now is read again at the next look.
 */
export function followRun({ runDirectory, sinceMs, onSample, everyMs = 200 }: FollowOptions): {
  stop(): Promise<void>;
} {
  const samples = new LineTail(join(runDirectory, RUN_FILES.samples));
  const journal = new JournalTail(join(runDirectory, RUN_FILES.journal));
  const end = new AbortController();
  const look = async (): Promise<void> => {
    const fresh: Sample[] = [];
    await samples.read((line) => {
      const sample = decodeSample(line);
      if (sample !== undefined && sample.at_ms >= sinceMs) fresh.push(sample);
    });
    // After the samples, so that they come with no less of the journal than there was at their time.
    if (fresh.length === 0) return;
    const { active, records } = await journal.read();
    const recent = records.filter(({ at_ms }) => at_ms >= sinceMs);
    for (const [index, sample] of fresh.entries()) onSample(sample, { active, records: index === 0 ? recent : [] });
  };
  const looking = poll(systemClock, Number.POSITIVE_INFINITY, async () => look().catch(() => undefined), {
    everyMs,
    signal: end.signal,
  });
  return {
    stop: async () => {
      end.abort();
      await looking;
    },
  };
}
