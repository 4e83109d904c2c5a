import { FILTER_FIELDS, filterTest, type JsonRow, parseFilter, printFilter } from "@flowtrail/model";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as samples from "../../../model/src/filter/testing.ts";
import { type Scope, WHOLE } from "../auth/identity.ts";
import { startTestStore, type TestStore } from "../store/testing.ts";
import { FlowCounts } from "./count.ts";
import { entityTraffic } from "./entity-traffic.ts";
import { FlowFacets, hasFacet } from "./facets.ts";
import { FlowDetails } from "./flow-detail.ts";
import { FlowList } from "./flow-list.ts";
import type { CountedSources } from "./flow-list-known.ts";
import { histogram } from "./histogram.ts";
import { Inquiry } from "./inquiry.ts";
import { isOfNetworkOnly, narrowed } from "./narrowed.ts";
import { networksOfFlows } from "./networks.ts";
import { FlowSeen } from "./seen.ts";
import { type AnyFlows, heard, storeAnyFlows } from "./testing.ts";
import { timeline } from "./timeline.ts";
import { Traffic } from "./traffic/traffic.ts";

const HOUR_MS = 3_600_000;
const nowMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - HOUR_MS;
const everything = { fromMs: nowMs - 60 * HOUR_MS, toMs: nowMs + 60_000 };
const FACETS = FILTER_FIELDS.filter((field) => hasFacet(field) && ["network", "src.name", "state", "ip"].includes(field.name));

let test: TestStore;
let stored: AnyFlows;
let sources: CountedSources;
beforeAll(async () => {
  test = await startTestStore();
  stored = await storeAnyFlows(test.store, { samples, flows: 400, nowMs, seed: 17, hours: 6 });
  const { rollups } = test.store;
  await rollups.pass(AbortSignal.timeout(60_000), { all: true });
  sources = {
    counted: () => rollups.counted(),
    throughMs: (name) => rollups.throughMs(name),
    rollupFromMs: () => 0,
    deltasFromMs: () => 0,
    flowsFromMs: () => 0,
  };
});
afterAll(() => test.stop());

/** As the issue says it, without the filter language. */
function maySee({ networks, own }: Scope, row: JsonRow): boolean {
  if (networks !== null && !networks.includes(String(row.network))) return false;
  return own === null || (row.src_type === "user" && row.src_name === own) || (row.dst_type === "user" && row.dst_name === own);
}

const inquiryOf = (scope: Scope) =>
  new Inquiry(test.store.clickhouse, {
    signal: AbortSignal.timeout(60_000),
    within: narrowed(scope, parseFilter("")),
  });

const OWN = ["ana@example.com", "debian", "Анна"];
const scope: fc.Arbitrary<Scope> = fc.record({
  networks: fc.option(fc.uniqueArray(fc.constantFrom(...samples.TEXTS), { maxLength: 12 }), { nil: null }),
  own: fc.option(fc.constantFrom(...OWN), { nil: null }),
});
const question = fc.oneof(
  samples.filterArbitrary,
  fc.constantFrom(...["", "debian", "src.name~a", "not network=debian", "type=user or network!=x"].map(parseFilter)),
);

describe("a narrowed question", () => {
  it("tells of the rows of the whole answer those that whoever asks may see: list, count, facets, first and last", async () => {
    const known = { sources, leastMs: 0 };
    const deps = { heard, sources, known, now: () => nowMs };
    const [list, counts, facets, seen] = [new FlowList(deps), new FlowCounts(deps), new FlowFacets(deps), new FlowSeen(deps)];
    let told = 0;
    await fc.assert(
      fc.asyncProperty(scope, question, async (scope, asked) => {
        const filter = narrowed(scope, asked);
        const message = `${printFilter(asked)} of ${JSON.stringify(scope)}`;
        const rows = stored.among(everything, asked).filter((row) => maySee(scope, row));
        told += rows.length;
        const inquiry = inquiryOf(scope);
        const ids = (all: readonly JsonRow[]) => all.map(({ flow_id }) => flow_id).sort();
        const query = { range: everything, filter, limit: 1000, sort: "time", order: "desc", place: null } as const;
        const bySize = { ...query, sort: "bytes" } as const;
        expect(ids((await list.page(query, inquiry)).flows), message).toEqual(ids(rows));
        expect(ids((await list.page(bySize, inquiry)).flows), message).toEqual(ids(rows));
        expect((await counts.count(everything, filter, inquiry)).count, message).toBe(rows.length);
        const always = narrowed(scope, parseFilter(""));
        const counted = await facets.facets({ range: everything, asked, always, fields: FACETS, limit: 5000 }, inquiry);
        // A field's own conditions are left out where its values are counted; what may not be seen never comes in.
        const open = stored.among(everything, parseFilter("")).filter((row) => maySee(scope, row));
        for (const { value } of counted.values.get("network") ?? [])
          expect(
            open.map(({ network }) => network),
            message,
          ).toContain(value);
        const states = counted.values.get("state")?.reduce((sum, { count }) => sum + count, 0) ?? 0;
        expect(states, message).toBeLessThanOrEqual(open.length);
        const first = await seen.seen(filter, inquiry);
        const passing = stored.rows.filter(filterTest(asked)).filter((row) => maySee(scope, row));
        expect(first.firstMs === null, message).toBe(passing.length === 0);
        // What was read would count what others have.
        expect(inquiry.meta.rows_read === null).toBe(JSON.stringify(scope) !== JSON.stringify(WHOLE));
      }),
      { numRuns: 8, seed: 5 },
    );
    expect(told).toBeGreaterThan(20);
  });

  it("finds a report, its others and its timeline only where it may be seen, as it is known now", async () => {
    const details = new FlowDetails({ heard, now: () => nowMs });
    const scopes: Scope[] = [
      { networks: null, own: "ana@example.com" },
      { networks: ["debian", "kelvin", "Анна", "*", "and"], own: null },
      { networks: [], own: null },
    ];
    const found = { yes: 0, no: 0 };
    for (const scope of scopes) {
      const visible = stored.rows.filter((row) => maySee(scope, row)).slice(0, 4);
      // Names of sources were told otherwise of every fourth since they were stored.
      const others = stored.rows.filter((row) => row.src_type === "user" && Number(row.flow_id) % 4 === 0).slice(0, 6);
      for (const row of [...visible, ...others]) {
        const [reporter, id] = [String(row.reporter_id), BigInt(String(row.flow_id))];
        const detail = await details.find(reporter, id, inquiryOf(scope));
        expect(detail !== null, `${id} of ${JSON.stringify(scope)}`).toBe(maySee(scope, row));
        expect(detail?.reports.every((other) => maySee(scope, other)) ?? true).toBe(true);
        found[detail === null ? "no" : "yes"]++;
      }
      const [row = stored.rows[0] as JsonRow] = visible;
      const told = await timeline(String(row.reporter_id), BigInt(String(row.flow_id)), 10, inquiryOf(scope));
      expect(told !== null).toBe(maySee(scope, row));
    }
    expect(found.yes).toBeGreaterThan(3);
    expect(found.no).toBeGreaterThan(6);
  });

  it("is answered by rollups, of networks and of one user, as by rows", async () => {
    const flowed = new Traffic({ heard, sources });
    const fromRows = new Traffic({ heard, sources: { ...sources, throughMs: () => 0 } });
    const range = { fromMs: nowMs - 6 * HOUR_MS, toMs: nowMs - HOUR_MS };
    for (const [scope, rollup] of [
      [{ networks: ["debian", "kelvin", "Анна", "*"], own: null }, "rollup_"],
      [{ networks: null, own: "ana@example.com" }, "rollup_pairs"],
      [{ networks: ["debian", "and", "*", "a*b", "100%"], own: "debian" }, "rollup_pairs"],
    ] as const) {
      const filter = narrowed(scope, parseFilter(""));
      const query = { range, filter, group: null, metric: "reports", buckets: 5, limit: 5, previous: false } as const;
      const [inquiry, other] = [inquiryOf(scope), inquiryOf(scope)];
      const { series } = await histogram(flowed, query, inquiry);
      expect(series).toEqual((await histogram(fromRows, query, other)).series);
      expect(inquiry.meta.table).toContain(rollup);
      expect(other.meta.table).not.toContain("rollup");
      const began = stored.rows.filter((row) => {
        const startMs = Date.parse(String(row.start));
        return startMs >= range.fromMs && startMs < range.toMs && maySee(scope, row);
      });
      expect(series[0]?.reduce<number>((sum, value) => sum + Number(value), 0)).toBe(began.length);
      if (scope.own !== null) continue;
      const { byName } = await entityTraffic(flowed, { range, filter, type: null }, inquiryOf(scope));
      expect(byName.size).toBeGreaterThan(0);
      expect(scope.networks).toEqual(expect.arrayContaining([...byName.keys()]));
    }
  });

  it("of no network asks for nothing, and networks that may not be seen are not there", async () => {
    const nothing = narrowed({ networks: [], own: null }, parseFilter(""));
    const some = narrowed({ networks: ["debian", "kelvin"], own: null }, parseFilter(""));
    const networks = async (filter: typeof some) =>
      (await networksOfFlows(test.store.clickhouse, filter, nowMs)).map(({ network }) => network).sort();
    expect(await networks(nothing)).toEqual([]);
    expect(await networks(some)).toEqual(["debian", "kelvin"]);
    const inquiry = inquiryOf({ networks: [], own: null });
    expect((await new FlowCounts({ heard, sources }).count(everything, nothing, inquiry)).count).toBe(0);
    expect(inquiry.meta).toMatchObject({ table: "", rows_read: null });
  });

  it("reads the same tables for a text that only others have as for one that nobody has", async () => {
    const counts = new FlowCounts({ heard, sources, known: { sources, leastMs: 0 } });
    const tables = async (scope: Scope, text: string) => {
      const inquiry = inquiryOf(scope);
      await counts.count(everything, narrowed(scope, parseFilter(text)), inquiry);
      return inquiry.meta.table;
    };
    const nobody = "src.name~nobody-has-this";
    // Names that somebody has, but nobody in this network.
    const scope = { networks: ["nobody's network"], own: null };
    expect(await tables(WHOLE, "src.name~debian")).not.toBe(await tables(WHOLE, nobody));
    expect(await tables(scope, "src.name~debian")).toBe(await tables(scope, nobody));
    const own = { networks: null, own: "nobody at all" };
    expect(await tables(own, "src.name~debian")).toBe(await tables(own, nobody));
  });
});

it("knows what is counted by network alone", () => {
  const asked = ["", "network=a", "not (network=a or network!=b)", "network=a port=1", "word", "network~x"];
  expect(asked.filter((text) => isOfNetworkOnly(parseFilter(text)))).toEqual(asked.filter((_, i) => ![3, 4].includes(i)));
});
