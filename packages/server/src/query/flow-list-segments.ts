/** Stretches of `start` that a list looks at one after the other: whoever asks for 100 rows of a month mostly finds them in an hour. */
import type { TimeRange } from "@flowtrail/model";
import { FLOWS, FLOWS_LONG, LONG_MS } from "../store/schema/flow-tables.ts";
import { type FlowListQuery, isAscending } from "./flow-list-order.ts";
import type { Sql } from "./sql.ts";

export interface Segment {
  readonly table: string;
  /** Of `start`. */
  readonly began: TimeRange;
  /** What all its rows pass that pass the filter: indexes find these. */
  readonly only?: Sql;
}

/** What is looked at together. */
export interface Look {
  /** Disjoint, in the order of the list. */
  readonly segments: readonly Segment[];
  /** The next rows of the range, which are as good as any: as many as are wanted are probably there. */
  readonly isNear: boolean;
}

/** What became of it. */
export interface Seen {
  /** Rows that were found since the first look, and how many more are wanted. */
  readonly found: number;
  readonly wanted: number;
}

const HOUR_MS = 3_600_000;
const LEAST_WIDER = 4;
/** Where nothing was found: an hour, 32 hours, six weeks. */
const MOST_WIDER = 32;
/** Rows are not spread evenly. */
const MORE = 1.5;

/** All looks together: all ended flows that may have been active in the range. How wide the next one is follows from what was found. */
export function* looks(query: Pick<FlowListQuery, "range" | "order" | "place">): Generator<Look, void, Seen | undefined> {
  const { range, place } = query;
  const startMs = place?.key.startMs ?? null;
  const table = FLOWS.name;
  if (isAscending(query)) {
    const beginMs = startMs ?? 0;
    yield* together(within({ fromMs: beginMs, toMs: range.toMs }, before(range)));
    const firstMs = Math.max(range.fromMs, beginMs);
    for (let fromMs = firstMs, widthMs = HOUR_MS; fromMs < range.toMs; ) {
      const toMs = Math.min(range.toMs, fromMs + widthMs);
      const seen = yield { segments: [{ table, began: { fromMs, toMs } }], isNear: fromMs === firstMs };
      fromMs = toMs;
      widthMs = nextWidth(widthMs, fromMs - firstMs, seen);
    }
    return;
  }
  const endMs = nearest(query).toMs;
  let toMs = endMs;
  for (let widthMs = HOUR_MS; toMs > range.fromMs; ) {
    const fromMs = Math.max(range.fromMs, toMs - widthMs);
    // Behind the first look, what is left is asked for at once with what began before the range.
    if (fromMs === range.fromMs && toMs < endMs) break;
    const seen = yield { segments: [{ table, began: { fromMs, toMs } }], isNear: toMs === endMs };
    toMs = fromMs;
    widthMs = nextWidth(widthMs, endMs - toMs, seen);
  }
  const [long, short] = before(range);
  const rest = { table, began: { fromMs: short.began.fromMs, toMs: Math.max(toMs, short.began.toMs) } };
  yield* together(within({ fromMs: 0, toMs: endMs }, [rest, long]));
}

/** What is looked at first where the newest stand first: empty if the list goes on before its range. */
export function nearest({ range, place }: Pick<FlowListQuery, "range" | "place">): TimeRange {
  const toMs = Math.min(range.toMs, (place?.key.startMs ?? range.toMs) + 1);
  return { fromMs: Math.min(toMs, Math.max(range.fromMs, toMs - HOUR_MS)), toMs };
}

function nextWidth(widthMs: number, lookedMs: number, { found, wanted }: Seen = { found: 0, wanted: 1 }): number {
  const needed = found === 0 ? Number.POSITIVE_INFINITY : Math.ceil((MORE * wanted * lookedMs) / found);
  return Math.min(MOST_WIDER * widthMs, Math.max(LEAST_WIDER * widthMs, needed));
}

/** What began before the range and may have been active in it. Of what began long before it, only what lived long. */
export function before({ fromMs }: TimeRange): [long: Segment, short: Segment] {
  const shortMs = Math.max(0, fromMs - LONG_MS);
  return [
    { table: FLOWS_LONG.name, began: { fromMs: 0, toMs: shortMs } },
    { table: FLOWS.name, began: { fromMs: shortMs, toMs: fromMs } },
  ];
}

function* together(segments: readonly Segment[]): Generator<Look> {
  if (segments.length > 0) yield { segments, isNear: false };
}

function within(bounds: TimeRange, parts: readonly Segment[]): Segment[] {
  return parts.flatMap(({ table, began }) => {
    const fromMs = Math.max(began.fromMs, bounds.fromMs);
    const toMs = Math.min(began.toMs, bounds.toMs);
    return fromMs < toMs ? [{ table, began: { fromMs, toMs } }] : [];
  });
}
