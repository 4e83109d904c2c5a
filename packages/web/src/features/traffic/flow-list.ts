/** The rows of the table: sorted, each flow once, in its newest revision. */
import type { FlowJson } from "@flowtrail/model";
import { flowKey } from "../../lib/api.ts";
import { writeFlowKey } from "./query.ts";

export interface FlowEntry {
  /** Names the flow for ever, as in the page's address. */
  readonly key: string;
  readonly startMs: number;
  readonly flow: FlowJson;
  /** When it came in live, or null if it was asked for. */
  readonly arrivedMs: number | null;
}

export class FlowList {
  #entries: readonly FlowEntry[] = [];
  #byKey = new Map<string, FlowEntry>();

  /** Newest start first. A new array whenever something has changed. */
  get entries(): readonly FlowEntry[] {
    return this.#entries;
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  get oldest(): FlowEntry | null {
    return this.#entries.at(-1) ?? null;
  }

  /** Adds flows, or newer revisions of those that are there. What is older than what is there changes nothing. */
  put(flows: Iterable<FlowJson>, arrivedMs: number | null = null): void {
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
    if (added.size > 0) this.#entries = mergeSorted([...added.values()].sort(newestFirst), this.#entries);
  }

  /** Forgets all but the newest `count` rows; says whether there were more. */
  keepNewest(count: number): boolean {
    if (this.#entries.length <= count) return false;
    for (const { key } of this.#entries.slice(count)) this.#byKey.delete(key);
    this.#entries = this.#entries.slice(0, count);
    return true;
  }

  clear(): void {
    this.#entries = [];
    this.#byKey = new Map();
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

/** Both are sorted; the result is, in one pass: a live table does this in every frame. */
function mergeSorted(left: readonly FlowEntry[], right: readonly FlowEntry[]): readonly FlowEntry[] {
  const merged: FlowEntry[] = [];
  let l = 0;
  for (const entry of right) {
    for (let next = left[l]; next !== undefined && newestFirst(next, entry) < 0; next = left[++l]) merged.push(next);
    merged.push(entry);
  }
  return merged.concat(left.slice(l));
}
