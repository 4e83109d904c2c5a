/** Rows in the order of their start, out of what has ended and what is open. */
import type { TimeRange } from "@flowtrail/model";
import { FLOWS_OPEN } from "../store/schema/flow-tables.ts";
import { type Chunk, endedFlows } from "./flow-list-ended.ts";
import { byText, keyText } from "./flow-list-keys.ts";
import type { KnownDeps } from "./flow-list-known.ts";
import { type FlowListQuery, isAscending } from "./flow-list-order.ts";
import { endedByKeys, openByKeys } from "./flow-list-rows.ts";
import { nearest } from "./flow-list-segments.ts";
import { endedActive, type Heard, mayPass, openActive } from "./flow-set.ts";
import type { Inquiry } from "./inquiry.ts";
import { compareKeys, type FlowRow, flowRow, type StoredRow } from "./rows.ts";
import { allOf, behind, type FlowKey, inOrder, KEY, moment, SELECTED } from "./sql.ts";

/** A list that ends after it is one of what goes on. */
const RECENT_MS = 3_600_000;

export interface ScanDeps {
  readonly heard: Heard;
  readonly now: () => number;
  readonly known: KnownDeps | null;
}

/**
 * The flows of a list in order, from its place on. Ends when there are no more, or when so many were told as are wanted.
 * @throws StoreError
 */
export async function* scanFlows(
  query: FlowListQuery,
  wanted: number,
  deps: ScanDeps,
  inquiry: Inquiry,
): AsyncGenerator<FlowRow[], null> {
  const { heard, now, known } = deps;
  const ascending = isAscending(query);
  const order = (a: FlowKey, b: FlowKey) => (ascending ? -1 : 1) * compareKeys(a, b);
  let told = 0;
  // Of those that are known by their key, some may no longer pass: others stand in for them.
  async function* tell(rows: readonly FlowRow[]): AsyncGenerator<FlowRow[]> {
    for (let at = 0; at < rows.length && told < wanted; ) {
      const some = rows.slice(at, at + wanted - told);
      const found = await withAllColumns(some, query, heard, inquiry);
      if (found.length > 0) yield found;
      told += found.length;
      at += some.length;
    }
  }
  // Before what has ended: whatever ends in between is found there.
  const asked = mayPass(query.filter, "open") ? openFlows(query, wanted, { heard, nowMs: now() }, inquiry) : null;
  let { rows: open, cut }: Open = (await asked?.next())?.value ?? NONE_OPEN;
  const chunks: AsyncIterable<Chunk> | Chunk[] = mayPass(query.filter, "ended")
    ? endedFlows(query, wanted, { inquiry, known })
    : [];
  for await (const { rows, until } of chunks) {
    const isCut = cut !== null && order(cut, until) < 0;
    const isReady = ({ key }: FlowRow) => order(key, isCut ? (cut as FlowKey) : until) <= 0;
    const ready = open.filter(isReady);
    open = open.slice(ready.length);
    const ended = isCut ? rows.filter(isReady) : rows;
    yield* tell(firstOfEach([...ended, ...ready].sort((a, b) => order(a.key, b.key) || newerFirst(a, b))));
    if (told >= wanted) return null;
    if (isCut) break;
    const more: Open = (await asked?.next())?.value ?? NONE_OPEN;
    open = [...open, ...more.rows];
    cut ??= more.cut;
  }
  yield* tell(open);
  for await (const more of asked ?? []) {
    if (told >= wanted) return null;
    yield* tell(more.rows);
    cut ??= more.cut;
  }
  if (cut === null || told >= wanted) return null;
  // What ended in the meantime is found there, too: both are asked again.
  const place = { key: cut, toward: query.place?.toward ?? "next", rank: null, looksFromMs: null } as const;
  return yield* scanFlows({ ...query, place }, wanted - told, deps, inquiry);
}

/** Of one flow that is in both tables, the newer revision, or what has ended among equals. */
const newerFirst = (a: FlowRow, b: FlowRow) => Number(b.version - a.version) || Number(b.ended) - Number(a.ended);

/** Of neighbours with the same key the first. */
function firstOfEach(rows: readonly FlowRow[]): FlowRow[] {
  return rows.filter((row, i) => i === 0 || compareKeys(row.key, (rows[i - 1] as FlowRow).key) !== 0);
}

/** Open flows in order. `cut`: as many as were asked for, and there may be more behind this one. */
interface Open {
  readonly rows: readonly FlowRow[];
  readonly cut: FlowKey | null;
}

const NONE_OPEN: Open = { rows: [], cut: null };

/**
 * Which flows are open, as it is now, in order. The rows are wide, and most lists show few of them: only the keys. But a list that
 * begins now mostly shows some that began a moment ago, so these come first, with all columns, and the keys of the others thereafter.
 */
async function* openFlows(
  query: FlowListQuery,
  wanted: number,
  { heard, nowMs }: { readonly heard: Heard; readonly nowMs: number },
  inquiry: Inquiry,
): AsyncGenerator<Open, null> {
  const ascending = isAscending(query);
  const ask = async (columns: string, began: TimeRange): Promise<Open> => {
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
    const found = rows.map((row) => flowRow(row, false));
    return { rows: found, cut: found.length < wanted ? null : (found.at(-1)?.key ?? null) };
  };
  const { range } = query;
  const near = ascending ? null : nearest(query);
  // Behind the beginning of the range nothing is near: what has ended is looked at far back, all together.
  const isNow = near !== null && near.fromMs < near.toMs && near.toMs > nowMs - RECENT_MS;
  if (isNow) {
    const first = await ask(SELECTED, near);
    yield first;
    if (first.cut !== null) return null;
  }
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
