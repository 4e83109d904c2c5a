/**
 * Which buckets do not know all rows. A row is known by when it was stored; but it may become visible as late as a write takes, so all
 * that was stored lately is counted again each time, in slots, and a slot that is as it was has nothing new.
 */
import type { ClickHouse } from "../clickhouse.ts";
import { moment } from "../delta-sql.ts";
import { FLOW_DELTAS, FLOWS } from "../schema/flow-tables.ts";
import { OpenFlows } from "./open-flows.ts";
import type { Local } from "./statements.ts";

const MINUTE_MS = 60_000;
const SLOT_MS = 10_000;
/** Beyond, all is taken as new each time: fingerprints tell that it is not. */
const MOST_SLOTS = 200_000;
/** A pass over months takes so long. */
const MOST_BETWEEN_MS = 3_600_000;
const LIMITS = { maxExecutionMs: 60_000, maxRowsToRead: 10_000_000_000 } as const;

interface Row {
  readonly minute: number;
  readonly slot: string;
  readonly n: string;
  readonly newest: string;
}

export class Changes {
  readonly #node: ClickHouse;
  readonly #local: Local;
  readonly #marginMs: number;
  readonly #open: OpenFlows;
  #slots = new Map<string, string>();

  /** @param marginMs how much later than it says a row may become visible */
  constructor(node: ClickHouse, local: Local, marginMs: number) {
    this.#node = node;
    this.#local = local;
    this.#marginMs = marginMs;
    this.#open = new OpenFlows(node, local);
  }

  /**
   * Beginnings of minutes in which rows were last seen (deltas) or began (flows) that are new, or not as they were.
   * @param sinceMs all that was stored before was looked at
   * @param nowMs by the node's clock
   * @throws StoreError
   */
  async minutes(sinceMs: number, nowMs: number, signal: AbortSignal): Promise<Set<number>> {
    const fromMs = Math.max(0, Math.floor((sinceMs - this.#marginMs) / SLOT_MS) * SLOT_MS);
    // What is older is told once only, unless the last look was so long ago that some of it was known then.
    const knownFromMs = Math.max(fromMs, nowMs - MOST_BETWEEN_MS);
    const slotsFromMs = Math.floor(Math.min(nowMs - 2 * this.#marginMs, knownFromMs) / SLOT_MS) * SLOT_MS;
    const slots = new Map<string, string>();
    const minutes = new Set<number>();
    for (const [table, time] of [
      [FLOW_DELTAS.name, "last_seen"],
      [FLOWS.name, "start"],
    ] as const) {
      const sql = `SELECT toUInt32(intDiv(toUnixTimestamp(${time}), 60)) AS minute,
          if(stored < ${moment("slots")}, 0, intDiv(toUnixTimestamp64Milli(stored), ${SLOT_MS})) AS slot,
          count() AS n, toUnixTimestamp64Milli(max(stored)) AS newest
        FROM ${this.#local(table)} WHERE stored >= ${moment("from")} GROUP BY minute, slot`;
      const bindings = { from: fromMs, slots: slotsFromMs };
      const options = { signal, limits: LIMITS, settings: { max_threads: 1 } } as const;
      for await (const rows of this.#node.stream<Row>(sql, bindings, options)) {
        for (const { minute, slot, n, newest } of rows) {
          const place = `${table} ${minute} ${slot}`;
          const is = `${n} ${newest}`;
          if (slot !== "0" && slots.size < MOST_SLOTS) slots.set(place, is);
          if (this.#slots.get(place) !== is) minutes.add(minute * MINUTE_MS);
        }
      }
    }
    for (const minute of await this.#open.changed(fromMs, signal)) minutes.add(minute * MINUTE_MS);
    this.#slots = slots;
    return minutes;
  }

  /** Takes all as new the next time: what was found could not be computed, or another server did. */
  forget(): void {
    this.#slots = new Map();
    this.#open.forget();
  }
}
