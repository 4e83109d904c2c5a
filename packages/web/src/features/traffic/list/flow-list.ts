/** The rows that the table holds: a stretch of the list, in its order, each flow once and in its newest revision. */
import type { FlowJson } from "@flowtrail/model";
import { flowKey } from "../../../lib/api.ts";
import { writeFlowKey } from "../query.ts";

export interface FlowEntry {
  /** Names the flow for ever, as in the page's address. */
  readonly key: string;
  readonly startMs: number;
  readonly flow: FlowJson;
  /** When it came in live, or null if it was asked for. */
  readonly arrivedMs: number | null;
}

/** `newest`, `oldest`: by start. `told`: as the server tells it, which alone knows by what. */
export type RowOrder = "newest" | "oldest" | "told";

const COMPARE = { newest: newestFirst, oldest: (a: FlowEntry, b: FlowEntry) => newestFirst(b, a) } as const;

export class FlowList {
  #entries: readonly FlowEntry[] = [];
  #byKey = new Map<string, FlowEntry>();
  #order: RowOrder = "newest";

  /** A new array whenever something has changed. */
  get entries(): readonly FlowEntry[] {
    return this.#entries;
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  get first(): FlowEntry | null {
    return this.#entries[0] ?? null;
  }

  get last(): FlowEntry | null {
    return this.#entries.at(-1) ?? null;
  }

  /** Empties it for rows of another question. */
  begin(order: RowOrder): void {
    this.#order = order;
    this.#entries = [];
    this.#byKey = new Map();
  }

  /** Adds rows where they belong, or newer revisions of those that are there. What is older than what is there changes nothing. */
  put(flows: Iterable<FlowJson>, arrivedMs: number | null = null): void {
    const added = this.#take(flows, arrivedMs);
    if (added.length === 0) return;
    const order = this.#order;
    if (order === "told") this.#entries = [...this.#entries, ...added];
    else this.#entries = mergeSorted(added.sort(COMPARE[order]), this.#entries, COMPARE[order]);
  }

  /** Adds the rows of the page before. */
  putBefore(flows: Iterable<FlowJson>): void {
    if (this.#order !== "told") this.put(flows);
    else this.#entries = [...this.#take(flows, null), ...this.#entries];
  }

  /** Newer revisions of what is there; whatever else is in it is not looked at. */
  update(flows: readonly FlowJson[]): void {
    this.put(flows.filter((flow) => this.#byKey.has(writeFlowKey(flowKey(flow)))));
  }

  /** Replaces what is there, and gives back what is not. */
  #take(flows: Iterable<FlowJson>, arrivedMs: number | null): FlowEntry[] {
    const added = new Map<string, FlowEntry>();
    let updated = false;
    for (const flow of flows) {
      const key = writeFlowKey(flowKey(flow));
      const known = this.#byKey.get(key);
      if (known !== undefined && known.flow.revision > flow.revision) continue;
      const entry = { key, startMs: Date.parse(flow.start), flow, arrivedMs: known === undefined ? arrivedMs : known.arrivedMs };
      this.#byKey.set(key, entry);
      if (known === undefined || added.has(key)) added.set(key, entry);
      else updated = true;
    }
    if (updated) this.#entries = this.#entries.map((entry) => this.#byKey.get(entry.key) ?? entry);
    return [...added.values()];
  }

  /** Forgets rows wherever they are. False: there was none. */
  drop(isGone: (entry: FlowEntry) => boolean): boolean {
    const kept = this.#entries.filter((entry) => !isGone(entry));
    if (kept.length === this.#entries.length) return false;
    this.#entries = kept;
    this.#byKey = new Map(kept.map((entry) => [entry.key, entry]));
    return true;
  }

  /** Forgets all but rows `from` (inclusive) to `to` (exclusive). */
  keep(from: number, to: number): void {
    if (from <= 0 && to >= this.#entries.length) return;
    const kept = this.#entries.slice(from, to);
    for (const { key } of this.#entries.slice(0, from)) this.#byKey.delete(key);
    for (const { key } of this.#entries.slice(to)) this.#byKey.delete(key);
    this.#entries = kept;
  }
}

/** The API's order: start, flow id, reporter, all descending. */
function newestFirst(a: FlowEntry, b: FlowEntry): number {
  if (a.startMs !== b.startMs) return b.startMs - a.startMs;
  const [left, right] = [String(a.flow.flow_id), String(b.flow.flow_id)];
  return right.length - left.length || descending(left, right) || descending(a.flow.reporter_id, b.flow.reporter_id);
}

function descending(a: string, b: string): number {
  return a === b ? 0 : a < b ? 1 : -1;
}

type Compare = (a: FlowEntry, b: FlowEntry) => number;

/** Both are sorted; the result is, in one pass: a live table does this many times a second. */
function mergeSorted(left: readonly FlowEntry[], right: readonly FlowEntry[], compare: Compare): readonly FlowEntry[] {
  const [last, first] = [left.at(-1), right[0]];
  // Mostly new rows are before all others.
  if (last === undefined || first === undefined || compare(last, first) < 0) return left.concat(right);
  const merged: FlowEntry[] = [];
  let l = 0;
  for (const entry of right) {
    for (let next = left[l]; next !== undefined && compare(next, entry) < 0; next = left[++l]) merged.push(next);
    merged.push(entry);
  }
  return merged.concat(left.slice(l));
}
