/** Rows in the order of their start, out of what has ended and what is open. */
import type { TimeRange } from "@flowtrail/model";
import { FLOWS_OPEN } from "../store/schema/flow-tables.ts";
import { type Chunk, endedFlows } from "./flow-list-ended.ts";
import { keyText } from "./flow-list-keys.ts";
import { type FlowListQuery, isAscending } from "./flow-list-order.ts";
import { endedByKeys, openByKeys } from "./flow-list-rows.ts";
import { nearest } from "./flow-list-segments.ts";
import { endedActive, type Heard, mayPass, openActive } from "./flow-set.ts";
import type { Inquiry } from "./inquiry.ts";
import { compareKeys, type FlowRow, flowRow, type StoredRow } from "./rows.ts";
import { allOf, behind, type FlowKey, inOrder, KEY, moment, SELECTED } from "./sql.ts";

/** A list that ends after it is one of what goes on. */
const RECENT_MS = 3_600_000;

/**
 * The flows of a list in order, from its place on. Ends when there are no more, or when so many were told as are wanted.
 * @throws StoreError
 */
export async function* scanFlows(
  query: FlowListQuery,
  wanted: number,
  { heard, now }: { readonly heard: Heard; readonly now: () => number },
  inquiry: Inquiry,
): AsyncGenerator<FlowRow[], null> {
  const ascending = isAscending(query);
  const order = (a: FlowKey, b: FlowKey) => (ascending ? -1 : 1) * compareKeys(a, b);
  const whole = (rows: readonly FlowRow[]) => withAllColumns(rows, query, heard, inquiry);
  // Before what has ended: whatever ends in between is found there.
  const asked = mayPass(query.filter, "open") ? openFlows(query, wanted, { heard, nowMs: now() }, inquiry) : null;
  let open: readonly FlowRow[] = (await asked?.next())?.value ?? [];
  let told = 0;
  const chunks: AsyncIterable<Chunk> | Chunk[] = mayPass(query.filter, "ended") ? endedFlows(query, wanted, inquiry) : [];
  for await (const { rows, until } of chunks) {
    const ready = open.filter(({ key }) => order(key, until) <= 0);
    open = open.slice(ready.length);
    const merged = firstOfEach([...rows, ...ready].sort((a, b) => order(a.key, b.key) || newerFirst(a, b)));
    const found = await whole(merged.slice(0, wanted - told));
    if (found.length > 0) yield found;
    told += found.length;
    if (told >= wanted) return null;
    open = [...open, ...((await asked?.next())?.value ?? [])];
  }
  if (open.length < wanted - told) for await (const more of asked ?? []) open = [...open, ...more];
  const found = await whole(open.slice(0, wanted - told));
  if (found.length > 0) yield found;
  return null;
}

/** Of one flow that is in both tables, the newer revision, or what has ended among equals. */
const newerFirst = (a: FlowRow, b: FlowRow) => Number(b.version - a.version) || Number(b.ended) - Number(a.ended);

/** Of neighbours with the same key the first. */
function firstOfEach(rows: readonly FlowRow[]): FlowRow[] {
  return rows.filter((row, i) => i === 0 || compareKeys(row.key, (rows[i - 1] as FlowRow).key) !== 0);
}

/**
 * Which flows are open, as it is now, in order. The rows are wide, and most lists show few of them: only the keys. But a list that
 * begins now mostly shows some that began a moment ago, so these come first, with all columns, and the keys of the others thereafter.
 */
async function* openFlows(
  query: FlowListQuery,
  wanted: number,
  { heard, nowMs }: { readonly heard: Heard; readonly nowMs: number },
  inquiry: Inquiry,
): AsyncGenerator<FlowRow[], null> {
  const ascending = isAscending(query);
  const ask = async (columns: string, began: TimeRange) => {
    const where = allOf(
      { text: `start >= ${moment("lo")} AND start < ${moment("hi")}`, bindings: { lo: began.fromMs, hi: began.toMs } },
      openActive(query.range, query.filter, heard),
      ...(query.place === null ? [] : [behind(query.place.key, ascending)]),
    );
    const rows = await inquiry.rows<StoredRow>({
      table: FLOWS_OPEN.name,
      sql: `SELECT ${columns} FROM ${FLOWS_OPEN.name} FINAL WHERE ${where.text} ${inOrder(ascending)} LIMIT {limit:UInt32}`,
      bindings: { ...where.bindings, limit: wanted },
      options: { settings: { max_threads: 1 } },
    });
    return rows.map((row) => flowRow(row, false));
  };
  const { range } = query;
  const near = ascending ? null : nearest(query);
  const isNow = near !== null && near.toMs > nowMs - RECENT_MS;
  if (isNow) yield ask(SELECTED, near);
  yield ask(`${KEY}, toString(version) AS row_version`, { fromMs: 0, toMs: isNow ? near.fromMs : range.toMs });
  return null;
}

/** In the same order. Of open ones only the keys were known: what has ended since then is told as ended. */
async function withAllColumns(
  rows: readonly FlowRow[],
  query: FlowListQuery,
  heard: Heard,
  inquiry: Inquiry,
): Promise<FlowRow[]> {
  const { range, filter } = query;
  const keys = rows.filter(isKeyOnly).map(({ key }) => key);
  if (keys.length === 0) return [...rows];
  const open = byText(await openByKeys(keys, openActive(range, filter, heard), inquiry));
  const gone = keys.filter((key) => !open.has(keyText(key)));
  const active = endedActive({ began: { fromMs: 0, toMs: range.toMs } }, range, filter);
  const ended = mayPass(filter, "ended") ? byText(await endedByKeys(gone, active, inquiry)) : new Map<string, FlowRow>();
  return rows.flatMap((row) => {
    const text = keyText(row.key);
    return isKeyOnly(row) ? [open.get(text) ?? ended.get(text) ?? []].flat() : [row];
  });
}

const isKeyOnly = ({ stored }: FlowRow) => stored.state === undefined;

function byText(rows: readonly FlowRow[]): Map<string, FlowRow> {
  return new Map(rows.map((row) => [keyText(row.key), row]));
}
