/** Which stretch of the past got rows that came late: agents deliver within seconds, but hours later after an outage. */
import type { TimeRange } from "@flowtrail/model";
import type { ClickHouse } from "../store/clickhouse.ts";
import { EDITIONS, FLOWS } from "../store/schema/flow-tables.ts";
import { AGENT_BATCHES } from "../store/schema/other-tables.ts";

/** What comes sooner is in the next looks anyway, as the shortest windows reach back nearly so far. */
export const LATE_AFTER_MS = 60_000;
/** Of senders that don't say what a batch covers: the row of an ended flow comes only when its connection has timed out. */
const LATE_ROW_AFTER_MS = 600_000;
/** Such a row is of traffic up to its last packet; of flows that lasted no more than this is looked at again. */
const LATE_ROW_COVERS_MS = 600_000;
/** Of rows that are older than that, no alert is news. */
export const LATE_AT_MOST_MS = 24 * 3_600_000;

interface Row {
  readonly from_ms: string | null;
  readonly to_ms: string | null;
}

const at = (name: string) => `fromUnixTimestamp64Milli({${name}:Int64}, 'UTC')`;

/**
 * By what agents say of their batches, and for senders that say nothing of theirs by the flows that ended long before they were stored. Rows
 * that are written again here, with what became known later, are nothing new.
 * @param stored when the rows were stored
 * @throws StoreError
 */
export async function lateRows(
  clickhouse: Pick<ClickHouse, "rows">,
  stored: TimeRange,
  signal: AbortSignal,
): Promise<TimeRange | null> {
  const bindings = {
    ...{ a: stored.fromMs, b: stored.toMs, known: stored.fromMs - LATE_AT_MOST_MS },
    ...{ late: LATE_AFTER_MS / 1000, lateRow: LATE_ROW_AFTER_MS / 1000, covers: LATE_ROW_COVERS_MS / 1000 },
  };
  const ranges = await clickhouse.rows<Row>(
    `SELECT toUnixTimestamp64Milli(min(covered_from)) AS from_ms, toUnixTimestamp64Milli(max(covered_to)) AS to_ms FROM ${AGENT_BATCHES.name}
     WHERE toYYYYMMDD(received) >= toYYYYMMDD(${at("a")}) AND received >= ${at("a")} AND received < ${at("b")} AND rows > 0
       AND covered_from < received - toIntervalSecond({late:UInt32}) AND covered_to < received - toIntervalSecond({late:UInt32})
     UNION ALL
     SELECT toUnixTimestamp64Milli(min(greatest(start, last_seen - toIntervalSecond({covers:UInt32})))) AS from_ms,
       toUnixTimestamp64Milli(max(last_seen)) + 1 AS to_ms FROM ${FLOWS.name}
     WHERE stored >= ${at("a")} AND stored < ${at("b")} AND state = 'closed' AND version % ${EDITIONS} = 0
       AND last_seen < stored - toIntervalSecond({lateRow:UInt32})
       AND reporter_id GLOBAL NOT IN (SELECT reporter_id FROM ${AGENT_BATCHES.name}
         WHERE toYYYYMMDD(received) >= toYYYYMMDD(${at("known")}) AND received >= ${at("known")} AND covered_to IS NOT NULL)`,
    bindings,
    { signal, limits: { maxExecutionMs: 10_000 } },
  );
  const found = ranges
    .map(({ from_ms, to_ms }) => ({ fromMs: Number(from_ms ?? 0), toMs: Number(to_ms ?? 0) }))
    .filter(({ fromMs }) => fromMs > 0);
  if (found.length === 0) return null;
  const [first] = found;
  return found.reduce(joined, first as TimeRange);
}

export function joined(a: TimeRange, b: TimeRange): TimeRange {
  return { fromMs: Math.min(a.fromMs, b.fromMs), toMs: Math.max(a.toMs, b.toMs) };
}

/** As much of it as is looked at again; null: nothing. */
export function worthALook({ fromMs, toMs }: TimeRange, nowMs: number): TimeRange | null {
  const range = { fromMs: Math.max(fromMs, nowMs - LATE_AT_MOST_MS), toMs: Math.min(toMs, nowMs) };
  return range.fromMs < range.toMs ? range : null;
}
