/** Passes on changes only: the first problem of a source, and that it is over. */
export class ChangeTeller {
  readonly #listener: (source: string, problem: string | undefined) => void;
  readonly #failing = new Set<string>();

  constructor(listener: (source: string, problem: string | undefined) => void = () => undefined) {
    this.#listener = listener;
  }

  /** @returns what is to be called after each try, with the problem if it failed. */
  of(source: string): (problem: string | undefined) => void {
    return (problem) => {
      if (this.#failing.has(source) === (problem !== undefined)) return;
      if (problem === undefined) this.#failing.delete(source);
      else this.#failing.add(source);
      this.#listener(source, problem);
    };
  }
}
