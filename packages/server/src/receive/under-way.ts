/**
 * The uploads that are in memory at once, from their arrival until they are stored: a store that is slow, or does not answer, slows those who deliver,
 * and does not fill the memory. Rows alone (`ingest.max_waiting_rows`) do not bound it: a row may be large.
 */
import { ReceiveError } from "./errors.ts";

const RETRY_AFTER_MS = 2000;

export interface Place {
  /** It turned out to be so much larger. @throws ReceiveError TOO_MANY_UPLOADS; the place is to be left then, too */
  grow(bytes: number): void;
  leave(): void;
}

export class UnderWay {
  readonly #maxBytes: number;
  #bytes = 0;
  #uploads = 0;
  #refused = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get stats(): { readonly bytes: number; readonly uploads: number; readonly refused: number } {
    return { bytes: this.#bytes, uploads: this.#uploads, refused: this.#refused };
  }

  /** @throws ReceiveError TOO_MANY_UPLOADS */
  enter(bytes: number): Place {
    this.#mustFit(bytes, this.#uploads);
    let own = bytes;
    this.#uploads++;
    this.#bytes += bytes;
    return {
      grow: (more) => {
        this.#mustFit(more, this.#uploads - 1);
        own += more;
        this.#bytes += more;
      },
      leave: () => {
        this.#uploads--;
        this.#bytes -= own;
      },
    };
  }

  /** One that is larger than the limit on its own is taken when there is no other: it would never fit otherwise. */
  #mustFit(bytes: number, others: number): void {
    if (others === 0 || this.#bytes + bytes <= this.#maxBytes) return;
    this.#refused++;
    throw new ReceiveError(
      { code: "TOO_MANY_UPLOADS", retryAfterMs: RETRY_AFTER_MS, bytes: this.#bytes, limit: this.#maxBytes },
      `uploads of ${this.#bytes} bytes wait to be stored already (ingest.max_waiting)`,
    );
  }
}
