/**
 * In which minutes open flows began of which rollups would say something else than before. Each update of a flow writes its row again,
 * mostly with nothing that they know: looking at what was stored would make an hour of each long flow new, with every update.
 */
import type { ClickHouse } from "../clickhouse.ts";
import { moment } from "../delta-sql.ts";
import { EDITIONS, FLOW_KEY, FLOWS_OPEN } from "../schema/flow-tables.ts";
import { KNOWN_OF_FLOWS, type Local } from "./statements.ts";

const LIMITS = { maxExecutionMs: 60_000, maxRowsToRead: 10_000_000_000 } as const;
/** So long after its begin a row may be the first one of its flow, for who does not know what was there before. */
const NEW_SECONDS = 600;

interface Row {
  readonly minute: number;
  readonly hash: string;
  readonly fresh: string;
}

export class OpenFlows {
  readonly #node: ClickHouse;
  readonly #local: Local;
  /** By minute; null: nobody looked yet. As many as there are open flows, at most. */
  #known: ReadonlyMap<number, string> | null = null;

  constructor(node: ClickHouse, local: Local) {
    this.#node = node;
    this.#local = local;
  }

  /**
   * Since the last look (beginnings of minutes, in minutes since 1970). At the first one: by what was stored, of rows
   * that may say something new; what they leave out comes with the row in `flows`, when the flow ends.
   * @param storedFromMs all that was stored before was looked at
   * @throws StoreError
   */
  async changed(storedFromMs: number, signal: AbortSignal): Promise<Set<number>> {
    const sql = `SELECT toUInt32(intDiv(toUnixTimestamp(start), 60)) AS minute,
        toString(sum(cityHash64((${[...FLOW_KEY, ...KNOWN_OF_FLOWS].join(", ")})))) AS hash,
        countIf(stored >= ${moment("from")} AND (version % ${EDITIONS} != 0 OR revision = 0 OR stored < start + ${NEW_SECONDS})) AS fresh
      FROM ${this.#local(FLOWS_OPEN.name)} FINAL GROUP BY minute`;
    const options = { signal, limits: LIMITS, settings: { max_threads: 1 } } as const;
    const before = this.#known;
    const known = new Map<number, string>();
    const changed = new Set<number>();
    for await (const rows of this.#node.stream<Row>(sql, { from: storedFromMs }, options)) {
      for (const { minute, hash, fresh } of rows) {
        known.set(minute, hash);
        const isChanged = before === null ? fresh !== "0" : before.get(minute) !== hash;
        if (isChanged) changed.add(minute);
      }
    }
    // Nothing of it is open any more: ended, so that it is in `flows`, or hidden.
    for (const minute of before?.keys() ?? []) if (!known.has(minute)) changed.add(minute);
    this.#known = known;
    return changed;
  }

  forget(): void {
    this.#known = null;
  }
}
