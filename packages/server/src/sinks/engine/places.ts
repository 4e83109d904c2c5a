/** What is kept of sinks between starts: their places, their backfills, what they last told of themselves. */
import type { ClickHouse } from "../../store/clickhouse.ts";
import { insertObjects } from "../../store/deliveries.ts";
import { SINK_PLACES } from "../../store/schema/sink-tables.ts";
import type { StoredSink } from "./stored-sink.ts";

/** `place`, `status` and `backfill` are the runner's, `order` is what somebody asked of the backfill. */
export const TRACKS = ["place", "status", "backfill", "order"] as const;
export type Track = (typeof TRACKS)[number];

/** All that is kept is of the sink that was made then: one of the same name that is made later begins anew. */
export type OfSink = Pick<StoredSink, "id" | "created_ms">;

interface Kept {
  readonly version: number;
  /** Undefined: it is of an older sink of this name. */
  readonly value: unknown;
}

interface Row {
  readonly sink: string;
  readonly version: string;
  readonly value: string;
}

export class SinkPlaces {
  readonly #clickhouse: Pick<ClickHouse, "rows" | "insert">;

  constructor(clickhouse: Pick<ClickHouse, "rows" | "insert">) {
    this.#clickhouse = clickhouse;
  }

  /** Null: nothing is kept. @throws StoreError */
  async read(sink: OfSink, track: Track): Promise<Kept | null> {
    const [row] = await this.#rows("sink = {sink:String} AND track = {track:String}", { sink: sink.id, track });
    return row === undefined ? null : { version: Number(row.version), value: ownValue(sink, row) };
  }

  /** Values by the sink's id. @throws StoreError */
  async all(sinks: readonly OfSink[], track: Track): Promise<Map<string, unknown>> {
    const rows = new Map((await this.#rows("track = {track:String}", { track })).map((row) => [row.sink, row]));
    return new Map(
      sinks.flatMap((sink) => {
        const row = rows.get(sink.id);
        const value = row === undefined ? undefined : ownValue(sink, row);
        return value === undefined ? [] : [[sink.id, value]];
      }),
    );
  }

  /** @param before the version that was read. Of two writers the higher one counts: both places were reached. @throws StoreError */
  async write({ id, created_ms }: OfSink, track: Track, before: number, value: object): Promise<number> {
    const version = before + 1;
    await insertObjects(this.#clickhouse, SINK_PLACES.name, [
      { sink: id, track, version: String(version), value: JSON.stringify({ ...value, created_ms }) },
    ]);
    return version;
  }

  #rows(where: string, bindings: Record<string, unknown>): Promise<Row[]> {
    return this.#clickhouse.rows<Row>(`SELECT sink, version, value FROM ${SINK_PLACES.name} FINAL WHERE ${where}`, bindings);
  }
}

function ownValue(sink: OfSink, row: Row): unknown {
  const { created_ms, ...value } = JSON.parse(row.value) as { readonly created_ms?: number };
  return created_ms === sink.created_ms ? value : undefined;
}
