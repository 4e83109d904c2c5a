/** What is kept of sinks between starts: their places, their backfills, what they last told of themselves. */
import type { ClickHouse } from "../../store/clickhouse.ts";
import { insertObjects } from "../../store/deliveries.ts";
import { SINK_PLACES } from "../../store/schema/sink-tables.ts";

/** `place`, `status` and `backfill` are the runner's, `order` is what somebody asked of the backfill. */
export const TRACKS = ["place", "status", "backfill", "order"] as const;
export type Track = (typeof TRACKS)[number];

interface Kept {
  readonly sink: string;
  readonly track: Track;
  readonly version: number;
  readonly value: unknown;
}

interface Row {
  readonly sink: string;
  readonly track: Track;
  readonly version: string;
  readonly value: string;
}

export class SinkPlaces {
  readonly #clickhouse: Pick<ClickHouse, "rows" | "insert">;

  constructor(clickhouse: Pick<ClickHouse, "rows" | "insert">) {
    this.#clickhouse = clickhouse;
  }

  /** Null: nothing is kept. @throws StoreError */
  async read(sink: string, track: Track): Promise<Kept | null> {
    const found = await this.#rows("sink = {sink:String} AND track = {track:String}", { sink, track });
    return found[0] ?? null;
  }

  /** Of all sinks. @throws StoreError */
  all(track: Track): Promise<Kept[]> {
    return this.#rows("track = {track:String}", { track });
  }

  /** @param before the version that was read. Of two writers the higher one counts: both places were reached. @throws StoreError */
  async write(sink: string, track: Track, before: number, value: unknown): Promise<number> {
    const version = before + 1;
    await insertObjects(this.#clickhouse, SINK_PLACES.name, [
      { sink, track, version: String(version), value: JSON.stringify(value) },
    ]);
    return version;
  }

  async #rows(where: string, bindings: Record<string, unknown>): Promise<Kept[]> {
    const rows = await this.#clickhouse.rows<Row>(
      `SELECT sink, track, version, value FROM ${SINK_PLACES.name} FINAL WHERE ${where} ORDER BY sink`,
      bindings,
    );
    return rows.map(({ sink, track, version, value }) => ({
      sink,
      track,
      version: Number(version),
      value: JSON.parse(value) as unknown,
    }));
  }
}
