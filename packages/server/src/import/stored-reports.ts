/** Which reports of a batch's flows are in the store already. */
import { addressTextSql } from "../query/filter-sql.ts";
import { eventEndMs, eventStartMs } from "../receive/netmaker/convert.ts";
import type { NetmakerEvent } from "../receive/netmaker/event.ts";
import { flowKey, sequenceOf } from "../receive/netmaker/identity.ts";
import { type Stretch, startsIn, stretchesOf } from "../receive/netmaker/stretches.ts";
import type { ClickHouse } from "../store/clickhouse.ts";
import { FLOWS, FLOWS_OPEN } from "../store/schema/flow-tables.ts";
import { START_SLACK_MS, type StoredReport } from "./join.ts";

interface Row {
  readonly reporter_id: string;
  readonly sequence: string;
  readonly start_ms: string;
  readonly is_closed: boolean;
  readonly tuple: string;
}

const cut = (column: string) => addressTextSql(`toIPv6(cutIPv6(${column}, 10, 1))`);
const TUPLE =
  `concat(toString(protocol), ' ', ${cut("src_ip")}, ' ', toString(ifNull(src_port, 0)), ' ', ` +
  `${cut("dst_ip")}, ' ', toString(ifNull(dst_port, 0)))`;

/** @throws StoreError */
export async function storedReports(
  clickhouse: Pick<ClickHouse, "rows">,
  events: readonly NetmakerEvent[],
  nowMs: number,
): Promise<StoredReport[]> {
  if (events.length === 0) return [];
  const { sql, bindings } = startsIn(stretchesOf(events.map((event) => startOf(event, nowMs))));
  const where = `${sql} AND reporter_id IN {reporters:Array(String)} AND bitAnd(flow_id, 4194303) IN {sequences:Array(UInt64)}`;
  const columns = "reporter_id, flow_id, start, state, protocol, src_ip, src_port, dst_ip, dst_port";
  const part = (table: string) => `SELECT ${columns} FROM ${table} WHERE ${where}`;
  const rows = await clickhouse.rows<Row>(
    `SELECT reporter_id, toString(bitAnd(flow_id, 4194303)) AS sequence, toString(toUnixTimestamp64Milli(start)) AS start_ms,
       max(state = 'closed') AS is_closed, any(${TUPLE}) AS tuple
     FROM (${part(FLOWS.name)} UNION ALL ${part(`${FLOWS_OPEN.name} FINAL`)}) GROUP BY reporter_id, flow_id, start`,
    {
      ...bindings,
      reporters: [...new Set(events.map(({ hostId }) => hostId))],
      sequences: [...new Set(events.map((event) => sequenceOf(flowKey(event))))],
    },
  );
  return rows.map(({ reporter_id, sequence, start_ms, is_closed, tuple }) => ({
    reporterId: reporter_id,
    sequence: Number(sequence),
    startMs: Number(start_ms),
    isClosed: Boolean(is_closed),
    tuple,
  }));
}

function startOf(event: NetmakerEvent, nowMs: number): Stretch {
  return {
    fromMs: eventStartMs(event, nowMs) - START_SLACK_MS,
    toMs: (event.startMs > 0 ? event.startMs : eventEndMs(event, nowMs)) + START_SLACK_MS,
  };
}
