/** Counts what a job does. */
import { NO_PROGRESS, type Progress } from "./job.ts";

/** Kinds of change that are counted apart; further ones are one sum. */
const MAX_KINDS = 1000;
const TOLD = 20;
const OTHERS = "others";

export class Tally {
  #counts: Omit<Progress, "changes"> = NO_PROGRESS;
  readonly #changes = new Map<string, number>();

  read(rows: number, atMs: number): void {
    this.#counts = { ...this.#counts, rowsRead: this.#counts.rowsRead + rows, atMs };
  }

  changed(whats: readonly string[], wasPrimary: boolean, isPrimary: boolean): void {
    const { rowsChanged, nowPrimary, noLongerPrimary } = this.#counts;
    this.#counts = {
      ...this.#counts,
      rowsChanged: rowsChanged + 1,
      nowPrimary: nowPrimary + Number(isPrimary && !wasPrimary),
      noLongerPrimary: noLongerPrimary + Number(wasPrimary && !isPrimary),
    };
    for (const what of whats) {
      const key = this.#changes.has(what) || this.#changes.size < MAX_KINDS ? what : OTHERS;
      this.#changes.set(key, (this.#changes.get(key) ?? 0) + 1);
    }
  }

  get progress(): Progress {
    const changes = [...this.#changes]
      .map(([what, rows]) => ({ what, rows }))
      .sort((a, b) => b.rows - a.rows || (a.what < b.what ? -1 : 1));
    return { ...this.#counts, changes: changes.slice(0, TOLD) };
  }
}
