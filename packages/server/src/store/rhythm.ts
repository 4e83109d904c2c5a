/** Work that is done again and again, one run after the other. */
import type { Logger } from "./logger.ts";

export class Rhythm {
  readonly #name: string;
  readonly #everyMs: number;
  readonly #work: (signal: AbortSignal) => Promise<void>;
  readonly #logger: Logger;
  readonly #ending = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #run: Promise<void> = Promise.resolve();

  /** @param everyMs from the end of one run to the beginning of the next */
  constructor(name: string, everyMs: number, work: (signal: AbortSignal) => Promise<void>, deps: { logger: Logger }) {
    this.#name = name;
    this.#everyMs = everyMs;
    this.#work = work;
    this.#logger = deps.logger;
  }

  /** The first run is now. */
  start(): void {
    this.#plan(0);
  }

  /** No run begins any more. Who works is told by its signal. */
  end(): void {
    this.#ending.abort();
    clearTimeout(this.#timer);
  }

  /** Resolves when the last run is over. */
  async ended(): Promise<void> {
    await this.#run;
  }

  #plan(waitMs: number): void {
    const { signal } = this.#ending;
    if (signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#run = this.#work(signal)
        .catch((error: unknown) => {
          if (!signal.aborted) this.#logger.warn({ err: error }, `${this.#name} of the store failed, it is tried again later`);
        })
        .then(() => this.#plan(this.#everyMs));
    }, waitMs);
    this.#timer.unref();
  }
}
