/** Says what is being done, one line each, with the seconds since the command began. */
export class Progress {
  readonly #startMs = Date.now();
  readonly #output: NodeJS.WritableStream;

  constructor(output: NodeJS.WritableStream) {
    this.#output = output;
  }

  say(text: string): void {
    this.#output.write(`${((Date.now() - this.#startMs) / 1000).toFixed(1).padStart(6)} s  ${text}\n`);
  }
}
