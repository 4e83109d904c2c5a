/** Ended flows in the order of their start: near ones with all that they say, what is rarer by its key first. */
import type { Filter } from "@flowtrail/model";
import { lastingAndRest } from "./filters.ts";
import { byKnownDays } from "./flow-list-days.ts";
import { byKnownValues, type KnownDeps } from "./flow-list-known.ts";
import { newestOfEach, withoutOpenAgain, withoutOutdated } from "./flow-list-newest.ts";
import { type FlowListQuery, isAscending } from "./flow-list-order.ts";
import { endedByKeys } from "./flow-list-rows.ts";
import { looks, type Segment } from "./flow-list-segments.ts";
import { endedActive } from "./flow-set.ts";
import type { Inquiry } from "./inquiry.ts";
import { compareKeys, type FlowRow, flowKey, flowRow, type StoredRow } from "./rows.ts";
import { allOf, behind, type FlowKey, inOrder, KEY, SELECTED } from "./sql.ts";

/** Ended flows, in order. `until`: no more of them come before this place. */
export interface Chunk {
  readonly rows: readonly FlowRow[];
  readonly until: FlowKey;
}

/** `isAll`: of what was looked at. */
interface Found {
  readonly rows: readonly FlowRow[];
  readonly last: FlowKey | null;
  readonly isAll: boolean;
}

/** Rows of older revisions that a question may meet before it needs a second one. */
const SPARE_ROWS = 10;
const MOST_ROWS = 5000;
/** Each connection is reported by both of its ends, or by one. */
const REPORTS_EACH = 2;

export interface EndedDeps {
  readonly inquiry: Inquiry;
  /** Null: no values are counted, or nobody asks for them. */
  readonly known: KnownDeps | null;
}

/**
 * All of a list, from its place on. More of them than wanted may be told.
 * @throws StoreError
 */
export async function* endedFlows(query: FlowListQuery, wanted: number, { inquiry, known }: EndedDeps): AsyncGenerator<Chunk> {
  const ascending = isAscending(query);
  const all = looks(query);
  let found = 0;
  const left = () => Math.max(1, Math.min(wanted - found, MOST_ROWS));
  for (let look = all.next(); look.done !== true; look = all.next({ found, wanted: left() })) {
    const { segments, isNear } = look.value;
    const parts = isNear || known === null ? [segments] : await partsOf(segments, query, left(), known, inquiry);
    for (const part of parts) {
      const { fromMs, toMs } = (part.at(-1) as Segment).began;
      const end = { startMs: ascending ? toMs : fromMs, flowId: "0", reporterId: "" };
      let after = query.place?.key ?? null;
      for (let isFirst = true, isAll = false; !isAll; isFirst = false) {
        const ask = isNear && isFirst ? nearIn : rareIn;
        const { rows, last, isAll: ends } = await ask(part, query, after, left(), inquiry);
        isAll = ends || last === null;
        found += rows.length;
        after = last;
        yield { rows, until: isAll || last === null ? end : last };
      }
    }
  }
}

/** Segments to be looked at one after the other: of what is rare, the newest that are enough come first. */
async function partsOf(
  segments: readonly Segment[],
  query: FlowListQuery,
  wanted: number,
  known: KnownDeps,
  inquiry: Inquiry,
): Promise<(readonly Segment[])[]> {
  const narrower = await Promise.all(
    segments.map(
      async (segment) =>
        (await byKnownValues(segment, query, known, inquiry, wanted)) ??
        (await byKnownDays(segment, query, known, inquiry, wanted)),
    ),
  );
  if (narrower.every((one) => one === null)) return [segments];
  const all = segments.flatMap((segment, i) => {
    const own = narrower[i] ?? [segment];
    return isAscending(query) ? own.toReversed() : own;
  });
  const isSplit = !isAscending(query) && narrower.some((one) => one !== null && one.filter(({ only }) => only).length > 1);
  const [first, ...others] = all;
  // Where nothing is left to be read, that is what is told of it.
  if (first === undefined) return [];
  return isSplit ? [[first], others] : [all];
}

type Ask = (
  segments: readonly Segment[],
  query: FlowListQuery,
  after: FlowKey | null,
  wanted: number,
  inquiry: Inquiry,
) => Promise<Found>;

/** All columns at once. Where an older revision can't be taken for the newest, nothing more is asked. */
const nearIn: Ask = async (segments, query, after, wanted, inquiry) => {
  const [segment] = segments as readonly [Segment];
  const { lasting, rest } = lastingAndRest(query.filter);
  const isLoose = isPrimary(rest);
  const asked = isLoose ? lasting : query.filter;
  const most = (isLoose ? REPORTS_EACH : 1) * (wanted + SPARE_ROWS);
  const { text, bindings } = conditions(segment, { ...query, filter: asked }, after);
  const stored = await inquiry.rows<StoredRow>({
    table: segment.table,
    sql: `SELECT ${SELECTED} FROM ${segment.table} WHERE ${text} ${inOrder(isAscending(query))} LIMIT {limit:UInt32}`,
    bindings: { ...bindings, limit: most },
    // A few thousand rows in order: a second thread would only wait.
    options: { settings: { max_threads: 1 } },
  });
  const isAll = stored.length < most;
  const rows = stored.map((row) => flowRow(row, true));
  // A newer revision of the last one may be behind the limit.
  const whole = isAll ? rows : withoutLast(rows);
  if (!isAll && whole.length === 0) return rareIn(segments, query, after, wanted, inquiry);
  const newest = newestOfEach(whole);
  const last = whole.at(-1)?.key ?? null;
  if (rest.kind === "all") return { rows: newest, last, isAll };
  if (!isLoose) return { rows: await withoutOutdated(newest, inquiry), last, isAll };
  const passing = newest.filter(({ stored: { primary } }) => primary === rest.values[0]);
  return { rows: await withoutOpenAgain(passing, inquiry), last, isAll };
};

/** The keys, out of few columns of many rows, then the rows. */
const rareIn: Ask = async (segments, query, after, wanted, inquiry) => {
  const ascending = isAscending(query);
  const limit = wanted + SPARE_ROWS;
  const answers = await Promise.all(
    segments.map((segment) => {
      const { text, bindings } = conditions(segment, query, after);
      return inquiry.rows<StoredRow>({
        table: segment.table,
        sql: `SELECT ${KEY} FROM ${segment.table} WHERE ${text} ${inOrder(ascending)} LIMIT {limit:UInt32}`,
        bindings: { ...bindings, limit },
        // What an index leaves is little: to sort it is cheaper than to read each part in order.
        ...(segment.only === undefined ? {} : { options: { settings: { optimize_read_in_order: 0 } } }),
      });
    }),
  );
  // What is behind the rows of one that has more is told with those.
  const full = answers.findIndex((rows) => rows.length >= limit);
  const keys = distinct(
    answers
      .slice(0, full < 0 ? answers.length : full + 1)
      .flat()
      .map(flowKey),
  );
  // Each may be in a place of its own, of which all columns are read: no more of them than are wanted.
  const chosen = keys.slice(0, wanted);
  const passes = endedActive({ began: { fromMs: 0, toMs: query.range.toMs } }, query.range, query.filter);
  const rows = await endedByKeys(chosen, passes, inquiry);
  return {
    rows: rows.sort((a, b) => (ascending ? -1 : 1) * compareKeys(a.key, b.key)),
    last: chosen.at(-1) ?? null,
    isAll: full < 0 && chosen.length === keys.length,
  };
};

type Conditions = Pick<FlowListQuery, "range" | "order" | "place"> & { readonly filter: Filter };

function conditions(segment: Segment, query: Conditions, after: FlowKey | null) {
  const active = endedActive(segment, query.range, query.filter);
  const { only } = segment;
  return allOf(active, ...(only === undefined ? [] : [only]), ...(after === null ? [] : [behind(after, isAscending(query))]));
}

function isPrimary(filter: Filter): filter is Filter & { readonly kind: "is" } {
  return filter.kind === "is" && filter.field === "primary" && filter.values.length === 1 && !filter.not;
}

function withoutLast(rows: readonly FlowRow[]): readonly FlowRow[] {
  const last = rows.at(-1);
  return last === undefined ? rows : rows.filter(({ key }) => compareKeys(key, last.key) !== 0);
}

/** Of neighbours with the same key one. */
function distinct(keys: readonly FlowKey[]): FlowKey[] {
  return keys.filter((key, i) => i === 0 || compareKeys(key, keys[i - 1] as FlowKey) !== 0);
}
