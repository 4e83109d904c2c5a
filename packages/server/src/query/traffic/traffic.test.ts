import { allFilters, type JsonRow, parseFilter, type TimeRange } from "@flowtrail/model";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROLLUPS } from "../../store/schema/rollup-tables.ts";
import { batchOf } from "../../store/test-batches.ts";
import { startTestStore, type TestStore, testStoreConfig } from "../../store/testing.ts";
import { Inquiry } from "../inquiry.ts";
import { externalsOf } from "../overview-externals.ts";
import { tilesOf } from "../overview-tiles.ts";
import { FOLDED_PORTS, type GroupField, groupField, groupValue } from "./fields.ts";
import type { TrafficMeasure } from "./question.ts";
import { alignDown } from "./steps.ts";
import { DAY, fillRollup, naive, someFlows } from "./testing.ts";
import { type Ranked, type Series, Traffic } from "./traffic.ts";

const HOUR_MS = 3_600_000;
const flows = someFlows(300, 7);
let test: TestStore;
beforeAll(async () => {
  const { settle } = testStoreConfig("");
  // Nothing is settled while it is written.
  const config = { settle: { ...settle, lookBackMs: -HOUR_MS } };
  test = await startTestStore({ config });
  const rows = flows.flatMap(({ revisions }) => revisions);
  await test.store.insert(batchOf(rows));
  // Whatever comes again changes nothing.
  await test.store.insert(batchOf(rows.filter((_, i) => i % 3 === 0)));
  for (const rollup of ROLLUPS) await fillRollup(test.store.clickhouse, rollup);
});
afterAll(() => test.stop());

interface Asked {
  readonly q: string;
  readonly by: readonly string[];
  readonly measure: TrafficMeasure;
  readonly fromMs: number;
  readonly lengthMs: number;
  readonly stepMs: number;
  readonly throughMs: number;
  readonly deltasFromMs: number;
  readonly limit: number;
}

const ALL_KEPT = { rollupFromMs: () => 0, deltasFromMs: () => 0, flowsFromMs: () => 0 };
const field = (name: string) => groupField(name) as GroupField;

function trafficOf({ throughMs, deltasFromMs }: Pick<Asked, "throughMs" | "deltasFromMs">): Traffic {
  return new Traffic({
    sources: {
      throughMs: (rollup) => {
        const stepMs = ROLLUPS.find(({ table }) => table.name === rollup)?.stepMs ?? 1;
        return alignDown(throughMs, stepMs);
      },
      ...ALL_KEPT,
      deltasFromMs: () => deltasFromMs,
    },
    heard: { ids: () => ["node-1"] },
  });
}

function ask(asked: Asked): Promise<Ranked> {
  const traffic = trafficOf(asked);
  const { q, by, measure, fromMs, lengthMs, stepMs, limit } = asked;
  const question = { filter: parseFilter(q), groups: by.map(field), measure, range: { fromMs, toMs: fromMs + lengthMs }, stepMs };
  return traffic.ranked(question, limit, new Inquiry(test.store.clickhouse, { signal: AbortSignal.timeout(30_000) }));
}

const COLUMN_OF: Readonly<Record<string, string>> = { "src.name": "src_name", "dst.port": "dst_port", proto: "protocol" };

/** As the answer tells a row's group. */
function labelOf(by: readonly string[], row: JsonRow, folded: boolean): string {
  const values = by.map((name) => {
    const stored = row[COLUMN_OF[name] ?? field(name).column.name];
    const isHigh = folded && name === "dst.port" && (Number(stored) > 32_767 || stored === 0);
    if (name === "src.domain" || name === "dst.domain") {
      const ofSource = row.src_type === "external" && row.dst_type !== "external";
      return (name === "src.domain") === ofSource ? row.domain : null;
    }
    return isHigh ? FOLDED_PORTS : groupValue(field(name), stored as string, false);
  });
  return JSON.stringify(values);
}

function check(asked: Asked, found: Ranked, spreadBeforeMs: number): void {
  const { q, by, measure, fromMs, lengthMs, stepMs, limit } = asked;
  const state = (row: JsonRow) => (row.state === "open" && row.reporter_id !== "node-1" ? { ...row, state: "lost" } : row);
  const question = { measure, range: { fromMs, toMs: fromMs + lengthMs }, stepMs, spreadBeforeMs };
  const expected = naive(
    flows.map(({ revisions, last }) => ({ revisions, last: state(last) })),
    { ...question, filter: parseFilter(q), keyOf: (row) => labelOf(by, row, found.plan.folded) },
  );
  const sumOf = (steps: ReadonlyMap<number, bigint>) => [...steps.values()].reduce((sum, value) => sum + value, 0n);
  const sums = [...expected.values()].map(sumOf).sort((a, b) => (a < b ? 1 : -1));
  const plain = ({ steps }: Series) => new Map([...steps].filter(([, value]) => value > 0n).sort(([a], [b]) => a - b));
  const sorted = (steps: ReadonlyMap<number, bigint>) =>
    new Map([...steps].filter(([, value]) => value > 0n).sort(([a], [b]) => a - b));

  expect(found.total.sum).toBe(sums.reduce((sum, value) => sum + value, 0n));
  if (by.length === 0) {
    expect(plain(found.total)).toEqual(sorted(expected.get("[]") ?? new Map()));
    return;
  }
  expect(found.found).toBe(expected.size);
  expect(found.groups.map(({ sum }) => sum)).toEqual(sums.slice(0, limit));
  for (const group of found.groups) {
    const label = JSON.stringify(by.map((name, i) => groupValue(field(name), group.values[i] ?? null, found.plan.folded)));
    expect(plain(group), label).toEqual(sorted(expected.get(label) ?? new Map()));
    expect(group.sum).toBe(sumOf(group.steps));
  }
}

const FILTERS = [
  "",
  "network!=sample",
  "network=netmaker proto=tcp",
  "src.name=ana or src.name=null",
  "not src.name~a",
  "dst.port=443",
  "dst.port!=443 network!=sample",
  "dst.port=40000",
  "dst.port=0",
  "dst.port>443",
  "dst.port<=65535",
  "dst.port=null",
  "verdict!=refused",
  "verdict=null",
  "domain=github.com",
  "dst.domain=null",
  "src.ip in 10.0.0.0/16",
  "type=external",
  "reporter=debian",
  "primary=false",
  "network=none-such",
  "port=443",
  "src.port=44006",
  "port!=53 an",
  "laptop",
];
const BY = ["proto", "src.name", "dst.port", "verdict", "direction", "src.type", "dst.domain", "src.ip", "reporter", "network"];
const around = (asked: fc.Arbitrary<string>, by: fc.Arbitrary<string[]>, measures: readonly TrafficMeasure[]) =>
  fc.record({
    q: asked,
    by,
    measure: fc.constantFrom(...measures),
    fromMs: fc.integer({ min: DAY - HOUR_MS, max: DAY + 20 * HOUR_MS }),
    lengthMs: fc.oneof(fc.integer({ min: 1, max: HOUR_MS }), fc.integer({ min: HOUR_MS, max: 40 * HOUR_MS })),
    stepMs: fc.constantFrom(60_000, 900_000, HOUR_MS, 6 * HOUR_MS),
    throughMs: fc.oneof(fc.constant(0), fc.integer({ min: DAY, max: DAY + 40 * HOUR_MS })),
    deltasFromMs: fc.constant(0),
    limit: fc.integer({ min: 1, max: 8 }),
  });
const groups = fc.uniqueArray(fc.constantFrom(...BY), { maxLength: 3 });
/** What rollups know, mostly. */
const KNOWN = ["", "network!=sample", "network=netmaker", "dst.port!=443 network!=sample", "domain=github.com", "src.name=ana"];
const knownGroups = fc.constantFrom<string[]>([], ["proto"], ["src.name"], ["dst.port"], ["dst.domain"], ["network", "src.type"]);
const ALL = ["bytes", "packets", "connections", "reports"] as const;

describe("traffic", () => {
  it("is what the rows say, from rollups and from rows, for any filter, groups, measure and time", async () => {
    const kinds = new Map<string, number>();
    const any = around(fc.constantFrom(...FILTERS), groups, ALL);
    const known = around(fc.constantFrom(...KNOWN), knownGroups, ALL).map((asked) => ({
      ...asked,
      throughMs: DAY + 40 * HOUR_MS,
    }));
    await fc.assert(
      fc.asyncProperty(fc.oneof(any, known), async (asked) => {
        const found = await ask(asked);
        for (const { kind } of found.plan.segments) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        check(asked, found, 0);
      }),
      { numRuns: 60 },
    );
    // One way alone would show nothing of the others.
    for (const kind of ["rollup", "deltas", "begun"]) expect(kinds.get(kind), kind).toBeGreaterThan(4);
    expect(kinds.get("spread")).toBeUndefined();
  });

  it("is spread over the flows' lives where deltas are gone, or do not know a field", async () => {
    const filters = ["state=open", "state=lost or state=closed", "bytes>1k", "duration>1m", "an app=null"];
    const unknown = around(fc.constantFrom(...filters), groups, ["bytes", "packets"]);
    await fc.assert(
      fc.asyncProperty(unknown, async (asked) => {
        const found = await ask(asked);
        expect(found.plan.estimated).toBe(true);
        check(asked, found, Number.POSITIVE_INFINITY);
      }),
      { numRuns: 15 },
    );
    const gone = around(fc.constantFrom(...FILTERS), groups, ["bytes", "packets"]);
    await fc.assert(
      fc.asyncProperty(gone, fc.integer({ min: DAY, max: DAY + 30 * HOUR_MS }), async (asked, deltasFromMs) => {
        const withoutRollups = { ...asked, throughMs: 0, deltasFromMs };
        check(withoutRollups, await ask(withoutRollups), deltasFromMs);
      }),
      { numRuns: 15 },
    );
  });

  it("of an overview is what the rows say, in one pass over the range and the time before", async () => {
    const filter = parseFilter("network!=sample");
    const nowMs = DAY + 100 * HOUR_MS;
    const bytesOf = (q: string, range: TimeRange, stepMs: number, by: readonly string[]) =>
      naive(flows, {
        ...{ filter: parseFilter(q), measure: "bytes", range, stepMs, spreadBeforeMs: 0 },
        keyOf: (row) => labelOf(by, row, false),
      });
    const domainsOf = (range: TimeRange, stepMs: number) => {
      const all = bytesOf("network!=sample dst.type=external", range, stepMs, ["dst.domain"]);
      all.delete("[null]");
      return all;
    };
    const asked = fc.record({
      fromMs: fc.integer({ min: DAY + 2 * HOUR_MS, max: DAY + 25 * HOUR_MS }),
      lengthMs: fc.integer({ min: HOUR_MS, max: 30 * HOUR_MS }),
      beforeMs: fc.constantFrom(HOUR_MS, 9 * HOUR_MS, 40 * 24 * HOUR_MS),
      throughMs: fc.constantFrom(0, DAY + 20 * HOUR_MS, DAY + 40 * HOUR_MS),
    });
    await fc.assert(
      fc.asyncProperty(asked, async ({ fromMs, lengthMs, beforeMs, throughMs }) => {
        const range = { fromMs, toMs: fromMs + lengthMs };
        const before = { fromMs: fromMs - beforeMs, toMs: fromMs };
        const traffic = trafficOf({ throughMs, deltasFromMs: 0 });
        const inquiry = new Inquiry(test.store.clickhouse, { signal: AbortSignal.timeout(30_000) });
        const query = { range, before, nowMs, filter, metric: "bytes", limit: 2 } as const;
        const { tile, fresh, list } = await externalsOf(traffic, query, inquiry);
        const now = domainsOf(range, lengthMs);
        const earlier = domainsOf({ fromMs: DAY - 31 * 24 * HOUR_MS, toMs: fromMs }, DAY);
        expect(tile.value).toBe(now.size);
        expect(tile.previous).toBe(domainsOf(before, beforeMs).size);
        expect(tile.series.reduce((sum: number, n) => sum + Number(n), 0)).toBeGreaterThanOrEqual(now.size);
        const isNew = [...now.keys()].filter((label) => !earlier.has(label));
        if (fresh.since !== null) expect(fresh.rows.map(({ domain }) => JSON.stringify([domain])).sort()).toEqual(isNew.sort());
        const listed = bytesOf("network!=sample dst.type=external", range, lengthMs, ["dst.domain"]);
        const sums = new Map([...listed].map(([label, steps]) => [label, [...steps.values()].reduce((a, b) => a + b, 0n)]));
        for (const { by, value } of list.rows) expect(BigInt(value)).toBe(sums.get(JSON.stringify(by)));
        expect(BigInt(list.total)).toBe([...sums.values()].reduce((a, b) => a + b, 0n));
        expect(list.rows.length + list.other.groups).toBe(sums.size);
        const tiles = await tilesOf(traffic, filter, query, inquiry);
        const steps = bytesOf("network!=sample", range, lengthMs, []).get("[]") ?? new Map<number, bigint>();
        const added = [...steps.values()].reduce((a, b) => a + b, 0n);
        expect(tiles.throughput.series.reduce((sum: bigint, n) => sum + BigInt(n), 0n)).toBe(added);
      }),
      { numRuns: 12 },
    );
  });

  it("of a few groups is that of the same groups among all", async () => {
    const asked = { q: "", by: ["src.name", "dst.name"], measure: "bytes" as const, fromMs: DAY, lengthMs: 30 * HOUR_MS };
    const all = { ...asked, stepMs: HOUR_MS, throughMs: 0, deltasFromMs: 0, limit: 100 };
    const found = await ask(all);
    const some = found.groups.filter((_, i) => i % 4 === 1);
    const traffic = new Traffic({ sources: { ...ALL_KEPT, throughMs: () => 0 }, heard: { ids: () => [] } });
    const range = { fromMs: DAY, toMs: DAY + 30 * HOUR_MS };
    const question = { filter: allFilters([]), groups: all.by.map(field), range, stepMs: HOUR_MS, measure: "bytes" as const };
    const inquiry = new Inquiry(test.store.clickhouse, { signal: AbortSignal.timeout(30_000) });
    const chosen = await traffic.ranked(question, 100, inquiry, some);
    expect(some.length).toBeGreaterThan(3);
    expect(chosen.groups).toEqual(some);
    expect(chosen.total).toEqual(found.total);
  });

  it("tells groups apart whose values changed places", async () => {
    const startMs = DAY + 300 * HOUR_MS;
    const names = ["ana", "db", "Анна"];
    const row = {
      ...flows[0]?.revisions[0],
      start: startMs,
      since: startMs,
      last_seen: startMs,
      network: "swapped",
      primary: true,
    };
    const all = names.flatMap((src_name) => names.flatMap((dst_name) => names.map((src_id) => ({ src_name, dst_name, src_id }))));
    const told = all.map((values, i) => ({
      ...{ ...row, ...values, flow_id: String(i + 1), revision: 0, state: "open" },
      ...{ src_bytes: i + 1, dst_bytes: 0, src_bytes_delta: i + 1, dst_bytes_delta: 0 },
    }));
    await test.store.insert(batchOf(told));
    const by = ["src.id", "src.name", "dst.name"];
    const rest = { throughMs: 0, deltasFromMs: 0, limit: 100 };
    const times = { fromMs: startMs, lengthMs: HOUR_MS, stepMs: HOUR_MS };
    const { groups, found } = await ask({ q: "network=swapped", by, measure: "bytes", ...times, ...rest });
    const expected = all.map(({ src_id, src_name, dst_name }, i) => [src_id, src_name, dst_name, i + 1]).reverse();
    expect(groups.map(({ values, sum }) => [...values, Number(sum)])).toEqual(expected);
    expect(found).toBe(all.length);
  });

  it("counts a flow once that is among the ended and the open ones, as it was told last", async () => {
    const startMs = DAY + 200 * HOUR_MS;
    const row = { ...flows[0]?.revisions[0], start: startMs, network: "both", primary: true, reporter_id: "node-1" };
    const told = (flow_id: string, revision: number, state: string, bytes: number) => ({
      ...row,
      ...{
        flow_id,
        revision,
        state,
        since: startMs,
        last_seen: startMs + (revision + 1) * HOUR_MS,
        src_bytes: bytes,
        dst_bytes: 0,
      },
    });
    // Taken for lost, and it spoke again; ended, and what was told before comes once more.
    const revived = [told("1", 1, "lost", 100), told("1", 2, "open", 5000)];
    const late = [told("2", 0, "closed", 70), told("2", 0, "open", 60)];
    for (const one of [...revived, ...late]) await test.store.insert(batchOf([one]));
    const asked = {
      q: "network=both duration>=0s",
      by: ["state"],
      fromMs: startMs,
      lengthMs: 100 * HOUR_MS,
      stepMs: 6 * HOUR_MS,
    };
    const rest = { throughMs: 0, deltasFromMs: 0, limit: 9 };
    const sums = async (measure: TrafficMeasure) =>
      (await ask({ ...asked, ...rest, measure })).groups.map(({ values, sum }) => [values[0], Number(sum)]);
    expect(await sums("bytes")).toEqual([
      ["open", 5000],
      ["closed", 70],
    ]);
    expect(new Map((await sums("connections")) as [string, number][])).toEqual(
      new Map([
        ["open", 1],
        ["closed", 1],
      ]),
    );
  });
});
