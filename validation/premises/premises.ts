import { dirname, join } from "node:path";
import type { Pipeline } from "../../contract/pipeline.ts";
import { RUN_FILES } from "../../contract/run.ts";
import type { Premise } from "../../contract/verdict.ts";
import type { LogRange } from "../read/kafka-log.ts";
import type { RunFiles } from "../read/run-files.ts";
import { type Ask, logRanges } from "../source/question.ts";
import { FileSeals } from "./file-premises.ts";
import { topicQuestion } from "./kafka-facts.ts";
import { acksPremise, kafkaPremises, TOPIC_SETTINGS } from "./kafka-premises.ts";
import { postgresPremises } from "./postgres-premises.ts";
import { premiseSentence, unknown } from "./premise.ts";

/** What "acknowledged" and "committed" rest on, read while a run is judged. A source that is not reached gives none: the verdict is UNKNOWN then. */
export class Premises {
  readonly #seals = new FileSeals();
  readonly #files: RunFiles;
  readonly #found: Premise[] = [];

  constructor(files: RunFiles) {
    this.#files = files;
  }

  /** Call it before any of the run's files is read. */
  async sealFiles(): Promise<void> {
    const { run, pipeline, journal, ledger } = this.#files;
    const plan = join(run === undefined ? dirname(ledger) : dirname(run), RUN_FILES.plan);
    for (const file of [run, pipeline, plan, journal]) if (file !== undefined) await this.#seals.seal(file);
  }

  /** Call it when the producer is quiet, before the ledger is read. */
  async sealLedger(): Promise<void> {
    const { run, ledger } = this.#files;
    await this.#seals.seal(ledger);
    const directory = run === undefined ? dirname(ledger) : dirname(run);
    for (const name of ["samples", "producerStatus"] as const)
      await this.#seals.seal(join(directory, RUN_FILES[name]), { isLive: true });
  }

  /** Call it within the snapshot, before its rows are read. */
  async readPostgres(ask: Ask, pipeline: Pipeline): Promise<void> {
    this.#found.push(...(await postgresPremises(ask, pipeline)));
  }

  /**
   * Call it after the log was read.
   * @param judged First offset and end of each partition as they were read.
   * @param acks What the ledger's producers asked for; undefined for one that did not say.
   */
  async readKafka(ask: Ask, judged: (LogRange | undefined)[], acks: ReadonlySet<number | undefined>): Promise<void> {
    this.#found.push(acksPremise(acks));
    const ranges = await ask(logRanges("after")).catch(() => []);
    try {
      const facts = await ask(topicQuestion(TOPIC_SETTINGS));
      this.#found.push(...kafkaPremises({ ...facts, ranges }, judged));
    } catch (error) {
      this.#found.push(
        unknown("kafka.topic", `not readable (${(error as Error).message})`, "the claim depends on its copies"),
      );
    }
  }

  /** Call it when everything is read. @returns all premises, and the sentences for reasons of UNKNOWN and for "not proved". */
  async finish(): Promise<{ premises: Premise[]; unknown: string[]; notProved: string[] }> {
    const premises = [...this.#found, ...(await this.#seals.finish())];
    const sentences = (verdict: Premise["verdict"]) =>
      premises.filter((item) => item.verdict === verdict).map(premiseSentence);
    return { premises, unknown: sentences("unknown"), notProved: sentences("not-proved") };
  }
}
