import type { TimeRange } from "@flowtrail/model";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as samples from "../../../model/src/filter/testing.ts";
import { startTestStore, type TestStore } from "../store/testing.ts";
import { FlowList, type FlowPage } from "./flow-list.ts";
import { type FlowListQuery, placeAt, type Sort } from "./flow-list-order.ts";
import { type Cut, topFlows } from "./flow-list-top.ts";
import { Inquiry } from "./inquiry.ts";
import type { Narrowed } from "./narrowed.ts";
import type { FlowRow } from "./rows.ts";
import { type AnyFlows, anyRange, heard, storeAnyFlows } from "./testing.ts";
import { askedByAll, parseForAll } from "./testing-narrowed.ts";

const nowMs = Date.UTC(2026, 10, 20, 12);
const HOUR_MS = 3_600_000;

let test: TestStore;
let stored: AnyFlows;
let list: FlowList;
beforeAll(async () => {
  test = await startTestStore();
  list = new FlowList({ heard, now: () => nowMs });
  stored = await storeAnyFlows(test.store, { samples, flows: 300, nowMs, seed: 11 });
});
afterAll(() => test.stop());

const inquiry = () => new Inquiry(test.store.clickhouse, { signal: AbortSignal.timeout(60_000) });
const ids = (rows: readonly { readonly [name: string]: unknown }[]) =>
  rows.map(({ flow_id, revision }) => `${flow_id}/${revision}`);
const all = parseForAll("");
const query = (change: Partial<FlowListQuery> & { readonly range: TimeRange }): FlowListQuery => ({
  filter: all,
  limit: 20,
  sort: "time",
  order: "desc",
  place: null,
  ...change,
});

/** All pages from a question on, one way. */
async function pages(first: FlowListQuery, way: "next" | "prev" = "next"): Promise<FlowPage[]> {
  const found: FlowPage[] = [];
  for (let asked: FlowListQuery | null = first; asked !== null; ) {
    const page: FlowPage = await list.page(asked, inquiry());
    found.push(page);
    asked = page[way] && { ...asked, place: page[way] };
  }
  return found;
}

const range = anyRange(nowMs);
const filter: fc.Arbitrary<Narrowed> = fc.oneof(
  samples.filterArbitrary.map(askedByAll),
  fc.constantFrom(
    ...["", "primary=true", "state=open", "state=lost", "state!=open", "src.domain!=null", "network!=debian"].map(parseForAll),
  ),
);

describe("pages of a list", () => {
  it("hold what was active in the range and passes, each flow once and as it is now, onwards and back", async () => {
    let rows = 0;
    await fc.assert(
      fc.asyncProperty(range, filter, fc.constantFrom("desc" as const, "asc" as const), async (given, passes, order) => {
        const expected = stored.among(given, passes);
        rows += expected.length;
        const wanted = ids(order === "desc" ? expected : expected.toReversed());
        const onwards = await pages(query({ range: given, filter: passes, order, limit: 60 }));
        expect(ids(onwards.flatMap(({ flows }) => flows))).toEqual(wanted);
        expect(onwards[0]?.prev).toBeNull();
        if (onwards.length < 2) return;
        const last = onwards.at(-1) as FlowPage;
        const back = await pages(query({ range: given, filter: passes, order, limit: 60, place: last.prev }), "prev");
        const before = back.toReversed().flatMap(({ flows }) => flows);
        expect(ids([...before, ...last.flows])).toEqual(wanted);
        // And from there on again: the neighbour pages lead to each other.
        expect(
          ids(
            (await list.page(query({ range: given, filter: passes, order, limit: 60, place: back[0]?.next ?? null }), inquiry()))
              .flows,
          ),
        ).toEqual(ids(last.flows.slice(0, 60)));
      }),
      { numRuns: 15 },
    );
    expect(rows).toBeGreaterThan(200);
  });

  it("begin at a time within the range, and lead both ways from there", async () => {
    const given = { fromMs: nowMs - 60 * HOUR_MS, toMs: nowMs + 1 };
    const atMs = nowMs - 20 * HOUR_MS;
    for (const order of ["desc", "asc"] as const) {
      const expected = ids(order === "desc" ? stored.among(given, all) : stored.among(given, all).toReversed());
      const first = await list.page(query({ range: given, order, place: placeAt(atMs, order) }), inquiry());
      const starts = first.flows.map(({ start }) => Date.parse(String(start)));
      expect(starts.every((ms) => (order === "desc" ? ms <= atMs : ms >= atMs))).toBe(true);
      const onwards = await pages(query({ range: given, order, place: placeAt(atMs, order) }));
      const back = await pages(query({ range: given, order, place: first.prev }), "prev");
      expect(ids([...back.toReversed(), ...onwards].flatMap(({ flows }) => flows))).toEqual(expected);
    }
  });

  it.each<[Sort, (row: Record<string, unknown>) => number]>([
    ["bytes", ({ src_bytes, dst_bytes }) => Number(src_bytes ?? 0) + Number(dst_bytes ?? 0)],
    ["packets", ({ src_packets, dst_packets }) => Number(src_packets ?? 0) + Number(dst_packets ?? 0)],
    ["duration", ({ start, end, last_seen }) => Date.parse(String(end ?? last_seen)) - Date.parse(String(start))],
  ])("stand in the order of %s, onwards and back", async (sort, rank) => {
    const given = { fromMs: nowMs - 30 * HOUR_MS, toMs: nowMs - 2 * HOUR_MS };
    const expected = stored.among(given, all).toSorted((a, b) => rank(b) - rank(a));
    for (const order of ["desc", "asc"] as const) {
      const wanted = ids(order === "desc" ? expected : expected.toReversed());
      const onwards = await pages(query({ range: given, sort, order }));
      expect(ids(onwards.flatMap(({ flows }) => flows))).toEqual(wanted);
      const last = onwards.at(-1) as FlowPage;
      const back = await pages(query({ range: given, sort, order, place: last.prev }), "prev");
      expect(ids([...back.toReversed().flatMap(({ flows }) => flows), ...last.flows])).toEqual(wanted);
    }
  });

  it("are sorted among the newest flows where there are too many, and say so on each page", async () => {
    const given = { fromMs: nowMs - 60 * HOUR_MS, toMs: nowMs + 1 };
    const most = 100;
    const asked = query({ range: given, sort: "bytes", filter: parseForAll("state=closed") });
    const inquiries = [inquiry(), inquiry()] as const;
    const first = topFlows(asked, 21, heard, inquiries[0], most);
    const rows = (await first.next()).value as FlowRow[];
    const cut = (await first.next()).value as Cut;
    expect(cut.note).toMatch(/^sorted are flows that began at .* or later: with older ones they are more than 100$/);
    expect(inquiries[0].meta.partial).toBe(true);
    const looked = stored.among(given, asked.filter).filter(({ start }) => Date.parse(String(start)) >= cut.fromMs);
    expect(looked.length).toBeLessThanOrEqual(most);
    const bytes = (row: Record<string, unknown>) => Number(row.src_bytes ?? 0) + Number(row.dst_bytes ?? 0);
    const expected = looked.toSorted((a, b) => bytes(b) - bytes(a)).map(({ flow_id }) => flow_id);
    expect(rows.map(({ key }) => key.flowId)).toEqual(expected.slice(0, 21));
    // The page behind looks at the same ones.
    const last = rows[19] as FlowRow;
    const place = { key: last.key, toward: "next", rank: last.rank, looksFromMs: cut.fromMs } as const;
    const second = topFlows({ ...asked, place }, 1000, heard, inquiries[1], most);
    expect(((await second.next()).value as FlowRow[]).map(({ key }) => key.flowId)).toEqual(expected.slice(20));
    expect(((await second.next()).value as Cut).fromMs).toBe(cut.fromMs);
  });

  it("of open flows need no look at what has ended", async () => {
    const asked = inquiry();
    const given = { fromMs: nowMs - 60 * HOUR_MS, toMs: nowMs + 1 };
    await list.page(query({ range: given, filter: parseForAll("state=open src.name~a") }), asked);
    expect(asked.meta.table).toBe("flows_open");
  });

  it("come piece by piece, the same rows", async () => {
    const given = { fromMs: nowMs - 50 * HOUR_MS, toMs: nowMs + 1 };
    const found: string[][] = [];
    const asked = query({ range: given, filter: parseForAll("verdict=refused or state=open"), limit: 1000 });
    for await (const rows of list.stream(asked, inquiry())) found.push(ids(rows));
    expect(found.length).toBeGreaterThan(2);
    expect(found.flat()).toEqual(ids(stored.among(given, asked.filter)));
  });
});
