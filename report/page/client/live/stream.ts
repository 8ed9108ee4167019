import type { RunModel } from "./model.ts";

/** The server sends a beat every 2 s: after this the connection counts as lost, even if nobody said so. */
const SILENT_MS = 5_000;
const RETRY_MS = 500;

/**
 * Follows the server's events, over lost connections and restarts of the server. An EventSource comes back by itself, with the id of the last
 * event; one that gave up (the server answered with an error) is replaced by another that begins at that id.
 */
export class RunEvents {
  readonly #model: RunModel;
  readonly #onChange: () => void;
  #source: EventSource | undefined;
  #lastId = "";
  #heardMs = performance.now();
  #lostMs: number | undefined = performance.now();

  constructor(model: RunModel, onChange: () => void) {
    this.#model = model;
    this.#onChange = onChange;
    this.#open();
    setInterval(() => this.#watch(), RETRY_MS);
  }

  /** For how long the connection has been lost; undefined: it is not. */
  get lostForMs(): number | undefined {
    return this.#lostMs === undefined ? undefined : performance.now() - this.#lostMs;
  }

  #open(): void {
    this.#source?.close();
    const source = new EventSource(`/events?last=${encodeURIComponent(this.#lastId)}`);
    this.#source = source;
    const model = this.#model;
    const on = (name: string, take: (data: never) => void): void =>
      source.addEventListener(name, (event) => {
        this.#heard();
        if (event.lastEventId !== "") this.#lastId = event.lastEventId;
        take(JSON.parse(event.data as string) as never);
        this.#onChange();
      });
    on("samples", (data) => model.addSamples(data));
    on("journal", (data) => model.addRecords(data));
    on("state", (data) => model.setState(data));
    on("beat", (data) => model.setNow(data));
    on("reset", () => model.reset());
    source.addEventListener("error", () => this.#lose());
  }

  #heard(): void {
    this.#heardMs = performance.now();
    this.#lostMs = undefined;
  }

  #lose(): void {
    this.#lostMs ??= performance.now();
    this.#onChange();
  }

  #watch(): void {
    if (performance.now() - this.#heardMs > SILENT_MS) {
      this.#lostMs ??= this.#heardMs;
      this.#heardMs = performance.now();
      this.#open();
    } else if (this.#source?.readyState === EventSource.CLOSED) this.#open();
    if (this.#lostMs !== undefined) this.#onChange();
  }
}
