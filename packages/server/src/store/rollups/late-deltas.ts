/**
 * Deltas that come for days whose deltas were deleted: an agent that was off for longer than deltas are kept, an import. The buckets of
 * such days hold bytes that can't be computed any more, and these are added to them.
 *
 * Adding twice must be impossible, so nothing is added up in place: since the last time that the day was dropped as a whole, everything
 * that is there came later, and what it makes is written to a bucket of its own, some seconds after the real one, where it is
 * computed and replaced like any other. Readers, who ask for stretches of time, see it in its bucket. Which second tells when the day was
 * dropped: what came between two deletions stays in its own.
 */
import type { ClickHouse } from "../clickhouse.ts";
import { FLOW_DELTAS } from "../schema/flow-tables.ts";
import type { Rollup } from "../schema/rollup-tables.ts";
import { RETENTION_DROPS } from "../schema/settings-table.ts";
import { DAY_MS, floorTo, MINUTE_MS } from "./extents.ts";
import { type Late, type Local, lateQuestion } from "./statements.ts";

/** The smallest bucket has so many seconds besides its first. */
const SECONDS = 59;
/** What was computed so long before a deletion is of an earlier one that had the same second. Clocks may differ by as much. */
const EARLIER_MS = 30 * MINUTE_MS;

/** When a day (by its beginning) was dropped last; null: not as a whole, so that older deltas may be among those that are there. */
type Drops = ReadonlyMap<number, number | null>;

interface Row {
  readonly partition: string;
  readonly how: "whole" | "rows";
  readonly dropped: string;
}

export class LateDeltas {
  readonly #node: ClickHouse;
  readonly #local: Local;
  /** Of the node, in the list of the store's nodes. */
  readonly #place: number;

  constructor(node: ClickHouse, local: Local, place: number) {
    this.#node = node;
    this.#local = local;
    this.#place = place;
  }

  /**
   * Where in its bucket that is written which came late.
   * @returns null: there is nothing, or it can't be told from what the bucket has already, since a deletion is under way
   * @throws StoreError
   */
  async of(rollup: Rollup, fromMs: number, toMs: number, signal: AbortSignal): Promise<Late | null> {
    const dropped = (await this.#drops()).get(floorTo(fromMs, DAY_MS));
    if (dropped === null) return null;
    // Never dropped: there was nothing on that day.
    const late: Late =
      dropped === undefined
        ? { seconds: 0, sinceMs: 0 }
        : { seconds: 1 + (Math.floor(dropped / MINUTE_MS) % SECONDS), sinceMs: dropped - EARLIER_MS };
    const [found] = await this.#node.rows<{ there: string; held: string }>(
      lateQuestion(rollup, this.#local, late),
      { from: fromMs, to: toMs },
      { signal, limits: { maxRowsToRead: 10_000_000_000 }, settings: { max_threads: 1 } },
    );
    const there = BigInt(found?.there ?? 0);
    // Less than was counted: they are being deleted.
    return there > 0n && there >= BigInt(found?.held ?? 0) ? late : null;
  }

  async #drops(): Promise<Drops> {
    const rows = await this.#node.rows<Row>(
      `SELECT partition, how, toUnixTimestamp64Milli(max(dropped)) AS dropped FROM ${RETENTION_DROPS.name}
       WHERE of_table = {table:String} AND node = {node:UInt16} GROUP BY partition, how ORDER BY dropped`,
      { table: FLOW_DELTAS.name, node: this.#place },
    );
    const dayMs = (day: string) => Date.parse(day.replace(/^(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3"));
    return new Map(rows.map(({ partition, how, dropped }) => [dayMs(partition), how === "whole" ? Number(dropped) : null]));
  }
}
