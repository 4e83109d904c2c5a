/** Hands over what is stored already, from a date on, in the order of `start`; beside the live stream, with a place of its own. */
import type { StoredRow } from "../../query/rows.ts";
import { compareKeys, flowKey } from "../../query/rows.ts";
import { allOf, type FlowKey, KEY, moment, type Sql } from "../../query/sql.ts";
import { FLOWS } from "../../store/schema/flow-tables.ts";
import { eventOf, newestOnly } from "../event.ts";
import type { SinkEvent } from "../ports.ts";
import type { SinkConfig } from "../sink-config.ts";
import type { Asked } from "../stream/node-stream.ts";
import { SELECTED_STORED, wantedSql } from "../stream/source.ts";

/** What somebody asked for. */
export interface BackfillOrder {
  readonly id: string;
  readonly fromMs: number;
  /** Not in it itself: what is stored later is the live stream's. */
  readonly toMs: number;
  readonly perSecond: number;
  readonly cancelled: boolean;
}

export interface BackfillState {
  readonly id: string;
  readonly state: "waiting" | "running" | "done" | "cancelled";
  readonly key: FlowKey | null;
  readonly sent: number;
  /** By time, 0 to 1. */
  readonly progress: number;
}

export const beginning = (order: BackfillOrder): BackfillState => ({
  id: order.id,
  state: order.cancelled ? "cancelled" : "waiting",
  key: null,
  sent: 0,
  progress: 0,
});

/** The next page of ended flows. @throws StoreError, FilterError */
export async function backfillPage(
  store: Asked,
  sink: Pick<SinkConfig, "q" | "reports" | "events">,
  order: BackfillOrder,
  from: FlowKey | null,
  max: number,
  signal: AbortSignal,
): Promise<{ readonly events: SinkEvent[]; readonly key: FlowKey | null }> {
  const range: Sql = {
    text: `start >= ${moment("b_from")} AND start < ${moment("b_to")}`,
    bindings: { b_from: Math.max(order.fromMs, from?.startMs ?? 0), b_to: order.toMs },
  };
  const behind: Sql[] =
    from === null
      ? []
      : [
          {
            text: `(${KEY}) > (${moment("k_start")}, {k_id:UInt64}, {k_reporter:String})`,
            bindings: { k_start: from.startMs, k_id: from.flowId, k_reporter: from.reporterId },
          },
        ];
  const { text, bindings } = allOf(range, wantedSql(sink), ...behind);
  const found = await store.rows<StoredRow>(
    `SELECT ${SELECTED_STORED} FROM ${FLOWS.name} WHERE ${text} ORDER BY ${KEY} LIMIT {max:UInt32}`,
    { ...bindings, max },
    {
      signal,
      limits: { maxExecutionMs: 60_000, maxRowsToRead: 20_000_000_000 },
      settings: { max_threads: 1, optimize_read_in_order: 1, max_block_size: "4096" },
    },
  );
  const last = found.at(-1);
  const isLast = last === undefined || found.length < max;
  // Of the last record there may be newer editions behind the end of the page.
  const sure = isLast ? found : found.filter((row) => compareKeys(flowKey(row), flowKey(last)) !== 0);
  const rows = sure.length === 0 ? found : sure;
  const kinds = sink.events;
  const events = newestOnly(rows.flatMap((row) => kinds.map((kind) => eventOf(row, kind))));
  const end = rows.at(-1);
  return { events, key: isLast || end === undefined ? null : flowKey(end) };
}
