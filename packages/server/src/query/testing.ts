/** Any flows for tests of questions: rows as they are stored, in several revisions and editions, and what should be found of them. */
import {
  DIRECTIONS,
  END_REASONS,
  type Filter,
  filterTest,
  type JsonRow,
  PARTICIPANT_TYPES,
  rowToJson,
  type TimeRange,
  VERDICTS,
} from "@flowtrail/model";
import fc from "fast-check";
import { Editions } from "../store/editions.ts";
import type { Store } from "../store/store.ts";
import { batchOf, type FlowRow } from "../store/test-batches.ts";

const from = <T>(values: readonly T[]) => fc.constantFrom(...values);
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 3 });
/** What filters and rows have in common, so that conditions are met: from the tests of the filter language. */
export interface Samples {
  readonly TEXTS: readonly string[];
  readonly ADDRESSES: readonly string[];
  readonly COUNTERS: readonly number[];
  readonly NUMBERS: readonly number[];
}

/** What a row says, but for its times, its state and who reported it. */
export function anyFields({ TEXTS, ADDRESSES, COUNTERS, NUMBERS }: Samples): fc.Arbitrary<FlowRow> {
  const text = orNull(from(TEXTS));
  const address = from(ADDRESSES);
  const port = orNull(from(NUMBERS));
  const counter = orNull(from(COUNTERS));
  return fc.record({
    reporter: from(TEXTS),
    reporter_type: text,
    network: from(TEXTS),
    direction: from(DIRECTIONS),
    protocol: from([0, 1, 6, 17, 58, 255]),
    src_ip: address,
    dst_ip: address,
    src_port: port,
    dst_port: port,
    icmp_type: orNull(from([0, 1, 22])),
    nat_src_ip: orNull(address),
    nat_dst_ip: orNull(address),
    nat_dst_port: port,
    src_bytes: counter,
    dst_bytes: counter,
    src_packets: counter,
    dst_packets: counter,
    counters_final: orNull(fc.boolean()),
    primary: fc.boolean(),
    end_reason: orNull(from(END_REASONS)),
    verdict: orNull(from(VERDICTS)),
    rule: text,
    src_type: from(PARTICIPANT_TYPES),
    dst_type: from(PARTICIPANT_TYPES),
    src_id: text,
    src_name: text,
    dst_name: text,
    src_device: text,
    domain: text,
    app: text,
    process: text,
    uid: orNull(from(NUMBERS)),
  });
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const LIVES_MS = [0, 1, 10_000, 40 * MINUTE_MS, HOUR_MS, HOUR_MS + 1, 5 * HOUR_MS, 40 * HOUR_MS];
export const REPORTERS = ["node-1", "node-2", "node-3"] as const;
/** Who reports right now. */
export const heard = { ids: () => REPORTERS.slice(0, 2), has: (id: string) => REPORTERS.slice(0, 2).some((one) => one === id) };

/** One flow from its first to its last revision. Few starts, so that keys differ in the rest only. */
const life = (samples: Samples, nowMs: number, hours: number) =>
  fc
    .record({
      first: anyFields(samples),
      last: anyFields(samples),
      startMs: fc
        .oneof(fc.integer({ min: 0, max: hours * 60 }), fc.integer({ min: 0, max: 10 }))
        .map((n) => nowMs - n * MINUTE_MS),
      lifeMs: from(LIVES_MS),
      path: from([
        ["open"],
        ["open", "open"],
        ["closed"],
        ["open", "closed"],
        ["closed", "closed"],
        ["open", "lost"],
        ["lost", "open"],
      ]),
      ended: fc.boolean(),
      reporter_id: from(REPORTERS),
    })
    .map(({ first, last, startMs, lifeMs, path, ended, reporter_id }) => {
      const { network, reporter, direction, protocol, src_ip, dst_ip, src_port, dst_port, icmp_type, reporter_type } = first;
      const lasting = { network, reporter, direction, protocol, src_ip, dst_ip, src_port, dst_port, icmp_type, reporter_type };
      return path.map((state, revision): FlowRow => {
        const isLast = revision === path.length - 1;
        const seenMs = startMs + (isLast ? lifeMs : Math.floor(lifeMs / 3));
        return {
          ...(isLast ? last : first),
          ...lasting,
          reporter_id,
          revision,
          state,
          start: startMs,
          last_seen: seenMs,
          // Upkeep removes tombstones of flows that nothing came of for a while.
          received: Date.now(),
          end: ended && state === "closed" ? startMs + Math.floor((seenMs - startMs) / 2) : null,
        };
      });
    });

export interface AnyFlows {
  /** In their newest editions, as the API tells them. */
  readonly rows: readonly JsonRow[];
  /** What a list of this range and filter holds, newest first. */
  among(range: TimeRange, filter: Filter): JsonRow[];
}

/** Stores flows that began in the hours before `nowMs`, in any order, old revisions and new editions among them. */
export async function storeAnyFlows(
  store: Store,
  { samples, flows, nowMs, seed, hours = 60 }: { samples: Samples; flows: number; nowMs: number; seed: number; hours?: number },
): Promise<AnyFlows> {
  const lives = fc
    .sample(life(samples, nowMs, hours), { numRuns: flows, seed })
    .map((revisions, i) => revisions.map((row) => ({ ...row, flow_id: String(100 + i) })));
  const shuffled =
    fc.sample(fc.shuffledSubarray(lives.flat(), { minLength: lives.flat().length }), { numRuns: 1, seed })[0] ?? [];
  // Several inserts, so that the revisions of one flow stand in parts of their own.
  for (let at = 0; at < shuffled.length; at += Math.ceil(shuffled.length / 5))
    await store.insert(batchOf(shuffled.slice(at, at + Math.ceil(shuffled.length / 5))));
  const newest = lives.map((revisions) => revisions.at(-1) as FlowRow);
  const known = batchOf(newest);
  const rows = newest.map((_, i) => rowToJson(known, i) as JsonRow);
  await reedit(store, rows, { samples, nowMs, seed });
  const told = rows.map(
    (row): JsonRow => ({
      ...row,
      state: row.state === "open" && !heard.has(String(row.reporter_id)) ? "lost" : (row.state ?? null),
    }),
  );
  const open = new Set(newest.flatMap(({ flow_id, state }) => (state === "open" ? [flow_id] : [])));
  const isActive = (row: JsonRow, { fromMs, toMs }: TimeRange) => {
    const startMs = Date.parse(String(row.start));
    const goesOn = open.has(row.flow_id) && heard.has(String(row.reporter_id));
    return startMs < toMs && (startMs >= fromMs || goesOn || Date.parse(String(row.end ?? row.last_seen)) >= fromMs);
  };
  const place = (row: JsonRow) => [Date.parse(String(row.start)), Number(row.flow_id)] as const;
  const newestFirst = told.sort((a, b) => place(b)[0] - place(a)[0] || place(b)[1] - place(a)[1]);
  return {
    rows: newestFirst,
    among: (range, filter) => newestFirst.filter((row) => isActive(row, range)).filter(filterTest(filter)),
  };
}

/** As the server does that learned something later: a new edition of what is stored. */
async function reedit(
  store: Store,
  rows: JsonRow[],
  { samples, nowMs, seed }: { samples: Samples; nowMs: number; seed: number },
): Promise<void> {
  const editions = new Editions(store.clickhouse, store.nodes);
  const changes = fc.sample(anyFields(samples), { numRuns: rows.length, seed: seed + 1 });
  for (const table of ["flows", "flows_open"] as const) {
    const all = { table, fromMs: 0, toMs: nowMs, byStart: true, network: null, onlyContested: false, after: null, limit: 10_000 };
    const { flows } = await editions.page(all, AbortSignal.timeout(60_000));
    const chosen = flows.flatMap((flow) => {
      const at = rows.findIndex(({ flow_id, revision }) => flow_id === flow.flowId && revision === flow.values.revision);
      if (at < 0 || Number(flow.flowId) % 4 !== 0) return [];
      const { primary, domain, src_name } = changes[at] as FlowRow;
      const set = { primary, domain, src_name } as Record<"primary" | "domain" | "src_name", boolean | string | null>;
      rows[at] = { ...rows[at], ...set };
      return [{ flow, set }];
    });
    await editions.write(table, chosen);
  }
}

/** Windows of up to 62 hours in the last five days before `nowMs`. */
export function anyRange(nowMs: number): fc.Arbitrary<TimeRange> {
  return fc.tuple(fc.integer({ min: 0, max: 62 * 60 }), fc.integer({ min: 1, max: 62 * 60 })).map(([agoMinutes, minutes]) => ({
    fromMs: nowMs - (agoMinutes + minutes) * 60_000,
    toMs: nowMs + 60_000 - agoMinutes * 60_000,
  }));
}
