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
  /** Since it was asked before. */
  readonly lost: number;
}

const DAY_MS = 86_400_000;

/** Behind by less, nothing that waits is old enough to be deleted. */
const NEVER_LOST_MS = 3_600_000;
const looked = new WeakMap<Cursor, number>();

/** @throws StoreError */
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
      const records = await stream.waiting(place, signal);
      if (records === 0 && place.key === null) continue;
      waiting += records;
      lagMs = Math.max(lagMs, now() - whole(place));
      if (oldest === null || whole(place) < whole(oldest)) oldest = place;
    }
  }
  const keptMs = retention.flowsKeptMs();
  const lost =
    oldest === null || lagMs < NEVER_LOST_MS ? 0 : await lostSince(clickhouse, looked.get(cursor) ?? now(), whole(oldest));
  looked.set(cursor, now());
  return { lag_ms: lagMs, waiting, of_retention: keptMs === null ? null : lagMs / keptMs, lost };
}

/** Rows that retention deleted since, of flows that were active after the place: of a day that the place is in, its later part. */
async function lostSince(clickhouse: Pick<ClickHouse, "rows">, sinceMs: number, placeMs: number): Promise<number> {
  const [row] = await clickhouse.rows<{ lost: number }>(
    `SELECT sum(rows * least(1, dateDiff('millisecond', greatest(from, ${moment("place")}), until) / ${DAY_MS})) AS lost
     FROM ${RETENTION_DROPS.name} FINAL
     WHERE of_table = {table:String} AND dropped > ${moment("since")} AND until > ${moment("place")}`,
    { table: FLOWS.name, since: sinceMs, place: placeMs },
  );
  return Math.ceil(Number(row?.lost ?? 0));
}
