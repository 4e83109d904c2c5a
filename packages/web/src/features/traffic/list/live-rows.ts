/** Rows that came in live and are not shown yet: since the last frame, and while somebody reads. */
import type { FlowJson } from "@flowtrail/model";
import { flowKey } from "../../../lib/api.ts";
import { writeFlowKey } from "../query.ts";

/** More than these are not kept: the list is asked for again. */
export const MOST_WAITING = 2000;

export class LiveRows {
  #incoming = new Map<string, FlowJson>();
  #waiting = new Map<string, FlowJson>();
  #hasLost = false;
  #lost = 0;

  /** Something belongs into the list that is not here any more. */
  get hasLost(): boolean {
    return this.#hasLost;
  }

  /** New rows that wait for the reader. */
  heldBeside(isThere: (key: string) => boolean): number {
    let count = this.#lost;
    for (const key of this.#waiting.keys()) if (!isThere(key)) count++;
    return count;
  }

  get hasIncoming(): boolean {
    return this.#incoming.size > 0;
  }

  clear(): void {
    this.#incoming = new Map();
    this.#waiting = new Map();
    this.#hasLost = false;
    this.#lost = 0;
  }

  receive(flows: Iterable<FlowJson>): void {
    for (const flow of flows) keepNewest(this.#incoming, flow);
    // A page in the background gets no frames: do not collect without end.
    if (this.#incoming.size <= MOST_WAITING) return;
    this.#lost += this.#incoming.size;
    this.#incoming = new Map();
    this.lose();
  }

  /** Rows are only counted from now on: the list must be asked for again. */
  lose(): void {
    this.#hasLost = true;
    this.#lost += this.#waiting.size;
    this.#waiting = new Map();
  }

  takeIncoming(): FlowJson[] {
    const rows = [...this.#incoming.values()];
    this.#incoming = new Map();
    return rows;
  }

  hold(flows: Iterable<FlowJson>): void {
    for (const flow of flows) {
      if (this.#hasLost) this.#lost++;
      else keepNewest(this.#waiting, flow);
    }
    if (this.#waiting.size > MOST_WAITING) this.lose();
  }

  takeWaiting(): FlowJson[] {
    const rows = [...this.#waiting.values()];
    this.#waiting = new Map();
    return rows;
  }
}

function keepNewest(rows: Map<string, FlowJson>, flow: FlowJson): void {
  const key = writeFlowKey(flowKey(flow));
  const known = rows.get(key);
  if (known === undefined || known.revision <= flow.revision) rows.set(key, flow);
}
