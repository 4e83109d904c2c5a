/** Batches that were stored a moment ago: an agent whose answer got lost sends the same one again. */
import { createHash } from "node:crypto";

export class RecentBatches {
  readonly #capacity: number;
  /** Content by batch id. Oldest first. */
  readonly #contents = new Map<string, string>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Stands for the content: an agent whose state was set back to a backup counts its batches anew, under numbers that we know already. */
  static contentOf(body: Uint8Array): string {
    return createHash("sha256").update(body).digest("base64");
  }

  has(reporterId: string, batchId: string, content: string): boolean {
    return this.#contents.get(`${reporterId} ${batchId}`) === content;
  }

  add(reporterId: string, batchId: string, content: string): void {
    const key = `${reporterId} ${batchId}`;
    this.#contents.delete(key);
    this.#contents.set(key, content);
    if (this.#contents.size <= this.#capacity) return;
    const oldest = this.#contents.keys().next();
    if (!oldest.done) this.#contents.delete(oldest.value);
  }
}
