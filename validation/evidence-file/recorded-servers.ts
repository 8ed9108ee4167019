import type { EvidenceWriter } from "./evidence-writer.ts";
import { SECTIONS } from "../../contract/evidence.ts";
import type { LookUpRows, RowLookUp } from "../read/commit-times.ts";
import { timeLineText, timesProblemText } from "../source/evidence-facts.ts";
import type { Question } from "../source/question.ts";
import type { RunServers } from "../source/run-servers.ts";

/** Asks the servers and keeps their answers, so that the code that asks for a verdict also makes the evidence. */
export class RecordedServers {
  readonly #servers: RunServers;
  readonly #answers: Record<string, unknown> = {};

  constructor(servers: RunServers) {
    this.#servers = servers;
  }

  ask = async <Answer>(question: Question<Answer>): Promise<Answer> => {
    const answer = await this.#servers.ask(question);
    this.keep(question, answer);
    return answer;
  };

  keep<Answer>({ name }: Question<Answer>, answer: Answer): void {
    this.#answers[name] = answer;
  }

  /**
   * Lets `read` look commit times up, and writes each of them into a section of its own. If PostgreSQL has none, its reason is written.
   */
  async lookUps(writer: EvidenceWriter, read: (lookUp: LookUpRows) => Promise<void>): Promise<void> {
    const section = writer.section(SECTIONS.TIMES, "facts");
    const lookUp = await this.#servers.lookUpRows();
    let problem = "";
    await read(async (lookUps) => {
      const rows = await lookUp(lookUps).catch((error: Error) => {
        problem = error.message;
        throw error;
      });
      for (const [place, row] of rows.entries())
        section.push(Buffer.from(timeLineText(lookUps[place] as RowLookUp, row)));
      return rows;
    });
    if (problem !== "") section.push(Buffer.from(timesProblemText(problem)));
    section.end();
  }

  /** Writes the answers. */
  finish(writer: EvidenceWriter): void {
    writer.whole(SECTIONS.FACTS, "facts", JSON.stringify(this.#answers));
  }
}
