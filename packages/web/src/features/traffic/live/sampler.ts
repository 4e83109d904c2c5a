/** Hands live rows on as fast as a page can take them: nobody reads more, and a page that is busy with rows answers nobody. */
import type { FlowJson } from "@flowtrail/model";

/** Each time that rows are taken: fewer than a screen holds, since what a row costs is to be drawn. */
const MOST_NEW = 20;
const MOST_UPDATES = 200;
/** Rows that wait to be taken: a burst of one report. */
const MOST_WAITING = 600;
const MOST_KNOWN = 5000;

export class LiveSampler {
  #new = new Map<string, FlowJson>();
  #updates = new Map<string, FlowJson>();
  /** Open flows that are on the page: as it says, and those that were handed on since. */
  #known = new Set<string>();
  #came = 0;

  watch(keys: readonly string[]): void {
    for (const key of keys) this.#remember(key);
  }

  add(flow: FlowJson): void {
    const key = `${flow.reporter}/${flow.flow_id}`;
    if (this.#known.has(key)) {
      if (!this.#updates.has(key)) this.#came++;
      this.#updates.set(key, flow);
      return;
    }
    if (!this.#new.has(key)) this.#came++;
    this.#new.set(key, flow);
    if (this.#new.size > MOST_WAITING) this.#thinOut();
  }

  /** Rows that the server left out. */
  miss(count: number): void {
    this.#came += count;
  }

  /** What a page takes now, and of how many that came in since the last time. */
  take(): { readonly flows: readonly FlowJson[]; readonly of: number } {
    const flows = [...takeFrom(this.#updates, MOST_UPDATES), ...takeFrom(this.#new, MOST_NEW)];
    for (const flow of flows) if (flow.state === "open") this.#remember(`${flow.reporter}/${flow.flow_id}`);
    const stillWaiting = this.#updates.size + this.#new.size;
    const of = Math.max(flows.length, this.#came - stillWaiting);
    this.#came = stillWaiting;
    return { flows, of };
  }

  /** Every second one goes, so that what stays is from all of the time. */
  #thinOut(): void {
    let i = 0;
    for (const key of this.#new.keys()) if (i++ % 2 === 0) this.#new.delete(key);
  }

  #remember(key: string): void {
    this.#known.delete(key);
    this.#known.add(key);
    if (this.#known.size <= MOST_KNOWN) return;
    const [oldest] = this.#known;
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}

function takeFrom(rows: Map<string, FlowJson>, most: number): FlowJson[] {
  const taken: FlowJson[] = [];
  for (const [key, flow] of rows) {
    if (taken.length >= most) break;
    taken.push(flow);
    rows.delete(key);
  }
  return taken;
}
