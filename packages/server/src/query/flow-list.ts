/** `GET /api/flows`: page by page, out of what has ended and what is open. */
import type { JsonRow } from "@flowtrail/model";
import type { KnownDeps } from "./flow-list-known.ts";
import type { FlowListQuery, ListPlace } from "./flow-list-order.ts";
import { scanFlows } from "./flow-list-scan.ts";
import { topFlows } from "./flow-list-top.ts";
import type { Heard } from "./flow-set.ts";
import type { Inquiry } from "./inquiry.ts";
import { type FlowRow, toJson } from "./rows.ts";

export interface QueryDeps {
  readonly heard: Heard;
  readonly now: () => number;
  /** Left out: no values are counted. */
  readonly known?: KnownDeps;
}

/** Where the pages before and behind go on; null: there is none. */
export interface PagePlaces {
  readonly next: ListPlace | null;
  readonly prev: ListPlace | null;
  /** What was left out, for people. */
  readonly note: string | null;
}

export interface FlowPage extends PagePlaces {
  readonly flows: JsonRow[];
}

export class FlowList {
  readonly #deps: QueryDeps;

  constructor(deps: QueryDeps) {
    this.#deps = deps;
  }

  /** @throws StoreError */
  async page(query: FlowListQuery, inquiry: Inquiry): Promise<FlowPage> {
    const flows: JsonRow[] = [];
    const rows = this.stream(query, inquiry);
    for (;;) {
      const { value, done } = await rows.next();
      if (done) return { flows, ...value };
      flows.push(...value);
    }
  }

  /**
   * The same, as rows are found. A page towards the beginning of the list comes at once: its rows are found in the reverse order.
   * @throws StoreError
   */
  async *stream(query: FlowListQuery, inquiry: Inquiry): AsyncGenerator<JsonRow[], PagePlaces> {
    const { heard, now, known = null } = this.#deps;
    const wanted = query.limit + 1;
    const json = (row: FlowRow) => toJson(row, (id) => heard.has(id));
    const backwards = query.place?.toward === "prev";
    const source =
      query.sort === "time" ? scanFlows(query, wanted, { heard, now, known }, inquiry) : topFlows(query, wanted, heard, inquiry);
    const found: FlowRow[] = [];
    for (;;) {
      const { value, done } = await source.next();
      if (done) {
        const told = found.slice(0, query.limit);
        if (backwards) yield told.toReversed().map(json);
        return { ...places(query, told, found.length > told.length, value?.fromMs ?? null), note: value?.note ?? null };
      }
      const told = value.slice(0, Math.max(0, query.limit - found.length));
      if (!backwards && told.length > 0) yield told.map(json);
      found.push(...value);
    }
  }
}

/** @param told in the order in which they were found, from the place of the question on */
function places({ place }: FlowListQuery, told: readonly FlowRow[], more: boolean, looksFromMs: number | null) {
  const at = (row: FlowRow | undefined, toward: "next" | "prev"): ListPlace | null =>
    row === undefined
      ? place && { ...place, toward }
      : { key: row.key, toward, rank: row.rank, looksFromMs: looksFromMs ?? place?.looksFromMs ?? null };
  const toward = place?.toward ?? "next";
  const ahead = more ? at(told.at(-1), toward) : null;
  // The list begins where a question without a place begins.
  const back = place === null ? null : at(told[0], toward === "next" ? "prev" : "next");
  return toward === "next" ? { next: ahead, prev: back } : { next: back, prev: ahead };
}
