/** How far a sink is behind, and whether retention is about to overtake it. */
import type { ClickHouse } from "../../store/clickhouse.ts";
import { moment } from "../../store/delta-sql.ts";
import { FLOWS } from "../../store/schema/flow-tables.ts";
import { RETENTION_DROPS } from "../../store/schema/settings-table.ts";
import type { NodeStream } from "../stream/node-stream.ts";
import { type NodePlace, whole } from "../stream/place.ts";
import type { Source } from "../stream/source.ts";
import type { Cursor } from "./cursor.ts";

export interface LagDeps {
  readonly clickhouse: Pick<ClickHouse, "rows">;
  readonly retention: { readonly flowsKeptMs: () => number | null };
  readonly now: () => number;
}

export interface Lag {
  readonly lag_ms: number;
  readonly waiting: number;
  readonly of_retention: number | null;
}

const DAY_MS = 86_400_000;

/** Behind by less, nothing that waits is old enough to be deleted. */
const NEVER_LOST_MS = 3_600_000;

/** Counts what was lost, too. @throws StoreError */
export async function lagOf(
  streams: ReadonlyMap<Source, readonly NodeStream[]>,
  cursor: Cursor,
  { clickhouse, retention, now }: LagDeps,
  signal: AbortSignal,
): Promise<Lag> {
  let lagMs = 0;
  let waiting = 0;
  let oldest: NodePlace | null = null;
  for (const [{ name }, nodes] of streams) {
    // Those wait on purpose.
    if (name === "unfinished") continue;
    for (const [at, stream] of nodes.entries()) {
      const place = cursor.at(name, at);
      // Also when nothing waits: all of it may have been deleted.
      if (oldest === null || whole(place) < whole(oldest)) oldest = place;
      const records = await stream.waiting(place, signal);
      if (records === 0 && place.key === null) continue;
      waiting += records;
      lagMs = Math.max(lagMs, now() - whole(place));
    }
  }
  const keptMs = retention.flowsKeptMs();
  const untilMs = now();
  const placeMs = oldest === null ? untilMs : whole(oldest);
  const sinceMs = cursor.countedMs;
  const isSafe = sinceMs === null || untilMs - placeMs < NEVER_LOST_MS;
  const lost = isSafe ? 0 : await lostBetween(clickhouse, sinceMs, untilMs, placeMs);
  cursor.countLost(lost, untilMs);
  return { lag_ms: lagMs, waiting, of_retention: keptMs === null ? null : lagMs / keptMs };
}

/** Rows that retention deleted then, of flows that were active after the place: of a day that the place is in, its later part. */
async function lostBetween(
  clickhouse: Pick<ClickHouse, "rows">,
  sinceMs: number,
  untilMs: number,
  placeMs: number,
): Promise<number> {
  const [row] = await clickhouse.rows<{ lost: number }>(
    `SELECT sum(rows * least(1, dateDiff('millisecond', greatest(from, ${moment("place")}), until) / ${DAY_MS})) AS lost
     FROM ${RETENTION_DROPS.name} FINAL
     WHERE of_table = {table:String} AND dropped > ${moment("since")} AND dropped <= ${moment("last")} AND until > ${moment("place")}`,
    { table: FLOWS.name, since: sinceMs, last: untilMs, place: placeMs },
  );
  return Math.ceil(Number(row?.lost ?? 0));
}
