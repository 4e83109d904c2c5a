/** Stretches of `start` that a list looks at one after the other: whoever asks for 100 rows of a month mostly finds them in an hour. */
import type { TimeRange } from "@flowtrail/model";
import { FLOWS, FLOWS_LONG, LONG_MS } from "../store/schema/flow-tables.ts";
import { type FlowListQuery, isAscending } from "./flow-list-order.ts";

export interface Segment {
  readonly table: string;
  /** Of `start`. */
  readonly began: TimeRange;
}

const HOUR_MS = 3_600_000;
const WIDER = 4;

/** Disjoint, in the order of the list, together all ended flows that may have been active in the range. */
export function* segments(query: Pick<FlowListQuery, "range" | "order" | "place">): Generator<Segment> {
  const { range, place } = query;
  const startMs = place?.key.startMs ?? null;
  const table = FLOWS.name;
  if (isAscending(query)) {
    const beginMs = startMs ?? 0;
    yield* within({ fromMs: beginMs, toMs: range.toMs }, before(range));
    let fromMs = Math.max(range.fromMs, beginMs);
    for (let widthMs = HOUR_MS; fromMs < range.toMs; fromMs += widthMs, widthMs *= WIDER)
      yield { table, began: { fromMs, toMs: Math.min(range.toMs, fromMs + widthMs) } };
    return;
  }
  const endMs = Math.min(range.toMs, (startMs ?? range.toMs) + 1);
  let toMs = endMs;
  for (let widthMs = HOUR_MS; toMs > range.fromMs; toMs -= widthMs, widthMs *= WIDER)
    yield { table, began: { fromMs: Math.max(range.fromMs, toMs - widthMs), toMs } };
  yield* within({ fromMs: 0, toMs: endMs }, before(range).reverse());
}

/** What began before the range and may have been active in it. Of what began long before it, only what lived long. */
export function before({ fromMs }: TimeRange): Segment[] {
  const shortMs = Math.max(0, fromMs - LONG_MS);
  return [
    { table: FLOWS_LONG.name, began: { fromMs: 0, toMs: shortMs } },
    { table: FLOWS.name, began: { fromMs: shortMs, toMs: fromMs } },
  ];
}

function* within(bounds: TimeRange, parts: readonly Segment[]): Generator<Segment> {
  for (const { table, began } of parts) {
    const fromMs = Math.max(began.fromMs, bounds.fromMs);
    const toMs = Math.min(began.toMs, bounds.toMs);
    if (fromMs < toMs) yield { table, began: { fromMs, toMs } };
  }
}
