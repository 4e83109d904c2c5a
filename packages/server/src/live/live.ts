/** Rows as they are stored, to whoever follows: a bounded queue for each, so that a slow reader costs rows and never memory. */
import { randomUUID } from "node:crypto";
import { type FlowBatch, filterTest, type JsonRow, rowToJson } from "@flowtrail/model";
import type { Narrowed } from "../query/narrowed.ts";

export interface LiveConfig {
  readonly maxClients: number;
  /** Events kept for a follower whose connection is full. */
  readonly queueRows: number;
  /** Events kept for followers that come back. */
  readonly historyRows: number;
}

export interface LiveEvent {
  /** Nothing can be read from it: counted up, it would tell a follower how many rows there were that were not for it. */
  readonly id: string;
  readonly row: JsonRow;
  /** The row as JSON: made once, sent to many. */
  readonly json: string;
}

/** Where events go. */
export interface LiveSink {
  /** True if it wants more at once; else `Follower.drain` is called when it does. */
  send(event: LiveEvent): boolean;
  /** Events that it could not take were dropped. */
  dropped(count: number): boolean;
  /** The server stops. */
  end(): void;
}

export class Follower {
  readonly #sink: LiveSink;
  readonly #accepts: (row: JsonRow) => boolean;
  readonly #capacity: number;
  #queue: LiveEvent[] = [];
  #dropped = 0;
  #blocked = false;

  constructor(sink: LiveSink, accepts: (row: JsonRow) => boolean, capacity: number) {
    this.#sink = sink;
    this.#accepts = accepts;
    this.#capacity = capacity;
  }

  /** The number of events that it lost when its queue was full. */
  offer(event: LiveEvent): number {
    if (!this.#accepts(event.row)) return 0;
    if (!this.#blocked) {
      this.#blocked = !this.#sink.send(event);
      return 0;
    }
    this.#queue.push(event);
    if (this.#queue.length <= this.#capacity) return 0;
    // The oldest goes: whoever follows live wants what is now.
    this.#queue.shift();
    this.#dropped++;
    return 1;
  }

  /** The sink can take more again. */
  drain(): void {
    this.#blocked = false;
    if (this.#dropped > 0) {
      const dropped = this.#dropped;
      this.#dropped = 0;
      this.#blocked = !this.#sink.dropped(dropped);
    }
    let sent = 0;
    for (const event of this.#queue) {
      if (this.#blocked) break;
      this.#blocked = !this.#sink.send(event);
      sent++;
    }
    this.#queue = this.#queue.slice(sent);
  }

  end(): void {
    this.#sink.end();
  }
}

/** A page that lost its connection tries again within seconds. */
const COMES_BACK_MS = 60_000;

export class Live {
  readonly #config: LiveConfig;
  readonly #followers = new Set<Follower>();
  #history: LiveEvent[] = [];
  #count = 0;
  #dropped = 0;
  /** When somebody followed last. */
  #followedMs = Number.NEGATIVE_INFINITY;
  readonly #now: () => number;

  constructor(config: LiveConfig, deps: { now: () => number }) {
    this.#config = config;
    this.#now = deps.now;
  }

  get stats(): { clients: number; events: number; dropped: number } {
    return { clients: this.#followers.size, events: this.#count, dropped: this.#dropped };
  }

  /** Hands stored rows on. */
  publish(batch: FlowBatch): void {
    if (this.#followers.size > 0) this.#followedMs = this.#now();
    // While nobody follows and nobody will come back, rows are not even made.
    if (this.#now() - this.#followedMs > COMES_BACK_MS) {
      this.#history = [];
      this.#count += batch.length;
      return;
    }
    for (let i = 0; i < batch.length; i++) {
      const row = rowToJson(batch, i);
      this.#count++;
      const event = { id: randomUUID(), row, json: JSON.stringify(row) };
      this.#history.push(event);
      for (const follower of this.#followers) this.#dropped += follower.offer(event);
    }
    if (this.#history.length > this.#config.historyRows) this.#history = this.#history.slice(-this.#config.historyRows);
  }

  /** What is kept for followers that come back. */
  forget(isGone: (row: JsonRow) => boolean): void {
    this.#history = this.#history.filter(({ row }) => !isGone(row));
  }

  /** A place for a follower, or null if all are taken. Nothing is sent before `begin`. */
  follow(sink: LiveSink, filter: Narrowed): Follower | null {
    if (this.#followers.size >= this.#config.maxClients) return null;
    const follower = new Follower(sink, filterTest(filter), this.#config.queueRows);
    this.#followers.add(follower);
    return follower;
  }

  /** @param lastId of the last event that it got earlier, if it comes back: what it missed is sent first, as far as it is still here */
  begin(follower: Follower, lastId: string | null): void {
    const last = lastId === null ? -1 : this.#history.findIndex(({ id }) => id === lastId);
    for (const event of last < 0 ? [] : this.#history.slice(last + 1)) this.#dropped += follower.offer(event);
  }

  leave(follower: Follower): void {
    this.#followedMs = this.#now();
    this.#followers.delete(follower);
  }

  /** Ends all streams. */
  stop(): void {
    for (const follower of this.#followers) follower.end();
    this.#followers.clear();
  }
}
