/** Sends parked records again, when somebody asked for that: as they are stored now. What is not there any more is let go. */
import type { StoredRow } from "../../query/rows.ts";
import type { ClickHouse } from "../../store/clickhouse.ts";
import { FLOWS, FLOWS_OPEN } from "../../store/schema/flow-tables.ts";
import { eventOf, newestOnly } from "../event.ts";
import type { SinkEvent } from "../ports.ts";
import { keyedIn } from "../stream/node-stream.ts";
import { SELECTED_STORED } from "../stream/source.ts";
import type { Deliver } from "./deliver.ts";
import type { Parked, ParkedRecords } from "./parked.ts";
import type { StoredSink } from "./stored-sink.ts";

const AT_ONCE = 200;

/** @throws StoreError, and what the signal was aborted with */
export async function retryParked(
  sink: StoredSink,
  { clickhouse, parked }: { readonly clickhouse: Pick<ClickHouse, "rows">; readonly parked: ParkedRecords },
  deliver: Deliver,
  signal: AbortSignal,
): Promise<void> {
  const asked = await parked.toRetry(sink.id, AT_ONCE);
  if (asked.length === 0) return;
  const events = await eventsOf(clickhouse, asked);
  // They are gone when they were sent: a crash in between sends them once more.
  const refused = new Set<string>();
  await deliver.all(events, signal, {
    park: async (again) => {
      for (const { event } of again) refused.add(event.id);
      await parked.park(sink.id, again, new Map(asked.map(({ event, attempts }) => [event, attempts])));
    },
  });
  const done = asked.filter(({ event }) => !refused.has(event)).map(({ event }) => event);
  if (done.length > 0) await parked.set(sink.id, "gone", { events: done });
}

async function eventsOf(clickhouse: Pick<ClickHouse, "rows">, asked: readonly Parked[]): Promise<SinkEvent[]> {
  const { text, bindings } = keyedIn(asked.map(({ startMs, flowId, reporterId }) => [startMs, flowId, reporterId]));
  const found = await Promise.all(
    [`${FLOWS_OPEN.name} FINAL`, FLOWS.name].map((table) =>
      clickhouse.rows<StoredRow>(`SELECT ${SELECTED_STORED} FROM ${table} WHERE ${text}`, bindings),
    ),
  );
  const wanted = new Set(asked.map(({ event }) => event));
  const rows = found.flat();
  return newestOnly((["opened", "ended"] as const).flatMap((kind) => rows.map((row) => eventOf(row, kind)))).filter(({ id }) =>
    wanted.has(id),
  );
}
