/** When the declaration goes with a batch: with the first one of a run, with the next one after a change, and now and then. */
import type { AgentDeclaration } from "@flowtrail/model";

const EVERY_MS = 5 * 60_000;

export class Declarer {
  #declaration: AgentDeclaration | null = null;
  #text = "";
  #isNew = false;
  #toldMs = 0;

  /** What is to be told from now on. */
  set(declaration: AgentDeclaration): void {
    const text = JSON.stringify(declaration);
    if (text === this.#text) return;
    this.#text = text;
    this.#declaration = declaration;
    this.#isNew = true;
  }

  /** For the metadata of a batch that is being written: it counts as told. */
  take(nowMs: number): { declares?: AgentDeclaration } {
    const isDue = this.#isNew || nowMs - this.#toldMs >= EVERY_MS || nowMs < this.#toldMs;
    if (this.#declaration === null || !isDue) return {};
    this.#isNew = false;
    this.#toldMs = nowMs;
    return { declares: this.#declaration };
  }
}
