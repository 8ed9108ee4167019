/** Called when a source stops answering, with the reason, and when it answers again, without one. */
export type SourceListener = (source: string, problem: string | undefined) => void;

/** `atMs`: when the answer was there, ms since 1970. */
export type Answer<T> = { value: T; atMs: number };

/**
 * A source that is asked again and again, and may hang. At most one question is open, so a source that hangs costs one pending promise, not
 * one per second.
 */
export class BoundedSource<T> {
  readonly #name: string;
  readonly #ask: () => Promise<T>;
  readonly #listener: SourceListener;
  #busy = false;
  #problem: string | undefined;

  /** @param ask must end by itself, by limits of its own; until it ends, the source is unknown. */
  constructor(name: string, ask: () => Promise<T>, listener: SourceListener = () => undefined) {
    this.#name = name;
    this.#ask = ask;
    this.#listener = listener;
  }

  /**
   * @returns the answer; null if none came within the deadline, or while an older question still hangs. A late answer is dropped: its figures
   *   may be older than the pause that delayed it.
   */
  async sample(deadlineMs: number): Promise<Answer<T> | null> {
    if (this.#busy) return null;
    this.#busy = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), deadlineMs);
    });
    const answer = this.#start();
    try {
      const first = await Promise.race([answer, late]);
      if (first === "late") {
        this.#report(`no answer within ${deadlineMs} ms`);
        return null;
      }
      this.#report("error" in first ? messageOf(first.error) : undefined);
      return "error" in first ? null : first;
    } finally {
      clearTimeout(timer);
    }
  }

  async #start(): Promise<Answer<T> | { error: unknown }> {
    try {
      const value = await this.#ask();
      return { value, atMs: Date.now() };
    } catch (error) {
      return { error };
    } finally {
      this.#busy = false;
    }
  }

  #report(problem: string | undefined): void {
    if ((problem === undefined) === (this.#problem === undefined)) return;
    this.#problem = problem;
    this.#listener(this.#name, problem);
  }
}

/** @returns the message of an error, with the messages inside an AggregateError, whose own message is often empty. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    const inner = error.errors.slice(0, 3).map(messageOf);
    return [error.message, ...new Set(inner)].filter((text) => text !== "").join(": ");
  }
  return error instanceof Error ? error.message || error.name : String(error);
}
