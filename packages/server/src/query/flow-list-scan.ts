/** Rows in the order of their start, window by window, out of what has ended and what is open. */
import { FLOWS_OPEN } from "../store/schema/flow-tables.ts";
import { mayBeOutdated } from "./filters.ts";
import { withoutOutdated } from "./flow-list-newest.ts";
import { type FlowListQuery, isAscending } from "./flow-list-order.ts";
import { type Segment, segments } from "./flow-list-segments.ts";
import { endedActive, type Heard, mayPass, openActive } from "./flow-set.ts";
import type { Inquiry } from "./inquiry.ts";
import { compareKeys, type FlowRow, flowRow, type StoredRow } from "./rows.ts";
import { allOf, behind, type FlowKey, inOrder, SELECTED } from "./sql.ts";

export interface ScanOptions {
  /** Rows that are taken: no question asks for many more. */
  readonly wanted: number;
  /** Tells what each window holds at once, instead of asking the store as rarely as possible. */
  readonly eager: boolean;
}

/** Ended flows, in order. `until`: no more of them come before this place. */
interface Chunk {
  readonly rows: readonly FlowRow[];
  readonly until: FlowKey;
}

/** Rows of older revisions that a question may meet before it needs a second one. */
const SPARE_ROWS = 10;
const MOST_ROWS = 5000;

/**
 * The flows of a list in order, from its place on. Ends when there are no more, or when so many were told as are wanted.
 * @throws StoreError
 */
export async function* scanFlows(
  query: FlowListQuery,
  options: ScanOptions,
  heard: Heard,
  inquiry: Inquiry,
): AsyncGenerator<FlowRow[], null> {
  const ascending = isAscending(query);
  const order = (a: FlowKey, b: FlowKey) => (ascending ? -1 : 1) * compareKeys(a, b);
  let open = mayPass(query.filter, "open") ? await openFlows(query, options.wanted, heard, inquiry) : [];
  let told = 0;
  const chunks = mayPass(query.filter, "ended") ? endedFlows(query, options, inquiry) : [];
  for await (const { rows, until } of chunks) {
    const ready = open.filter(({ key }) => order(key, until) <= 0);
    open = open.slice(ready.length);
    const merged = firstOfEach([...rows, ...ready].sort((a, b) => order(a.key, b.key) || newerFirst(a, b)));
    if (merged.length > 0) yield merged.slice(0, options.wanted - told);
    told += merged.length;
    if (told >= options.wanted) return null;
  }
  if (open.length > 0) yield open.slice(0, options.wanted - told);
  return null;
}

/** Of one flow that is in both tables, the newer revision, or what has ended among equals. */
const newerFirst = (a: FlowRow, b: FlowRow) => Number(b.version - a.version) || Number(b.ended) - Number(a.ended);

/** Of neighbours with the same key the first. */
export function firstOfEach(rows: readonly FlowRow[]): FlowRow[] {
  return rows.filter((row, i) => i === 0 || compareKeys(row.key, (rows[i - 1] as FlowRow).key) !== 0);
}

/** The table is small, so it is read at once and as it is now. */
async function openFlows(query: FlowListQuery, wanted: number, heard: Heard, inquiry: Inquiry): Promise<FlowRow[]> {
  const ascending = isAscending(query);
  const where = allOf(
    openActive(query.range, query.filter, heard),
    ...(query.place === null ? [] : [behind(query.place.key, ascending)]),
  );
  const rows = await inquiry.rows<StoredRow>({
    table: FLOWS_OPEN.name,
    sql: `SELECT ${SELECTED} FROM ${FLOWS_OPEN.name} FINAL WHERE ${where.text} ${inOrder(ascending)} LIMIT {limit:UInt32}`,
    bindings: { ...where.bindings, limit: wanted },
  });
  return rows.map((row) => flowRow(row, false));
}

/** Without FINAL: it would read all of a window. */
async function* endedFlows(query: FlowListQuery, { wanted, eager }: ScanOptions, inquiry: Inquiry): AsyncGenerator<Chunk> {
  const outdated = mayBeOutdated(query.filter);
  const check = async (rows: readonly FlowRow[]) => {
    // Whether a flow was active in the range may change, too, if it began before.
    const doubtful = outdated ? rows : rows.filter(({ key }) => key.startMs < query.range.fromMs);
    const newest = new Set(await withoutOutdated(doubtful, inquiry));
    const sure = new Set(doubtful);
    return rows.filter((row) => newest.has(row) || !sure.has(row));
  };
  let found = 0;
  let unchecked: FlowRow[] = [];
  for await (const { rows: more, until, isLast } of candidates(query, Math.min(wanted, MOST_ROWS) + SPARE_ROWS, inquiry)) {
    unchecked.push(...more);
    if (!eager && !isLast && found + unchecked.length < wanted) continue;
    const rows = await check(unchecked);
    unchecked = [];
    found += rows.length;
    yield { rows, until };
    if (found >= wanted) return;
  }
}

/** Rows that pass, window by window. Older revisions of one flow are neighbours and are dropped here. */
async function* candidates(query: FlowListQuery, limit: number, inquiry: Inquiry): AsyncGenerator<Chunk & { isLast: boolean }> {
  const ascending = isAscending(query);
  const all = [...segments(query)];
  for (const [i, segment] of all.entries()) {
    let after = query.place?.key ?? null;
    for (let ends = false; !ends; ) {
      const rows = await endedIn(segment, query, after, limit, inquiry);
      ends = rows.length < limit;
      const { fromMs, toMs } = segment.began;
      const end = { startMs: ascending ? toMs : fromMs, flowId: "0", reporterId: "" };
      after = rows.at(-1)?.key ?? after;
      yield { rows: firstOfEach(rows), until: ends || after === null ? end : after, isLast: ends && i === all.length - 1 };
    }
  }
}

async function endedIn(
  segment: Segment,
  query: FlowListQuery,
  after: FlowKey | null,
  limit: number,
  inquiry: Inquiry,
): Promise<FlowRow[]> {
  const ascending = isAscending(query);
  const where = allOf(endedActive(segment, query.range, query.filter), ...(after === null ? [] : [behind(after, ascending)]));
  const rows = await inquiry.rows<StoredRow>({
    table: segment.table,
    sql: `SELECT ${SELECTED} FROM ${segment.table} WHERE ${where.text} ${inOrder(ascending)} LIMIT {limit:UInt32}`,
    bindings: { ...where.bindings, limit },
  });
  return rows.map((row) => flowRow(row, true));
}
