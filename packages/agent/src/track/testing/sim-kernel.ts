/** A conntrack table in short: entries come, count and go, and put messages into a queue that can overrun. */
import { EVENT_DESTROY, EVENT_NEW } from "../../capture/conntrack/record.ts";
import {
  STATUS_CONFIRMED,
  STATUS_SEEN_REPLY,
  type TCP_CLOSE,
  TCP_ESTABLISHED,
  TCP_SYN_SENT,
  TCP_TIME_WAIT,
} from "../../capture/conntrack/states.ts";
import { makeRecord, type RecordSpec } from "./records.ts";
import { fits } from "./track.ts";

export interface SimEntry {
  readonly spec: RecordSpec & { startMs: number; id: number };
  counters: [number, number, number, number];
  status: number;
  tcpState: number;
  /** True once a message about its end was put into the queue and not dropped from it. */
  endTold: boolean;
}

export type Message = ReturnType<typeof makeRecord>;

export class SimKernel {
  nowMs: number;
  queue: { message: Message; entry: SimEntry }[] = [];
  readonly all: SimEntry[] = [];
  /** At most one entry per tuple. */
  readonly #live = new Map<number, SimEntry>();
  /** Nobody listens: no messages. */
  listened = true;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  get tuples(): IterableIterator<number> {
    return this.#live.keys();
  }

  at(tuple: number): SimEntry | undefined {
    return this.#live.get(tuple);
  }

  open(tuple: number, id: number): void {
    if (this.#live.has(tuple)) return;
    // Entries with one tuple and id are told apart by their start.
    this.nowMs += 1500;
    const tcp = tuple % 2 === 0;
    const spec = {
      protocol: tcp ? 6 : 17,
      src: `100.64.0.1:${40000 + tuple}`,
      dst: "100.64.0.2:443",
      id,
      startMs: this.nowMs,
    };
    const entry = {
      spec,
      counters: [60, 1, 0, 0],
      status: STATUS_CONFIRMED,
      tcpState: tcp ? TCP_SYN_SENT : -1,
      endTold: false,
    } satisfies SimEntry;
    this.all.push(entry);
    this.#live.set(tuple, entry);
    this.#say(entry, makeRecord("new", { ...spec, startMs: 0, eventMs: this.nowMs, status: entry.status }));
  }

  send(tuple: number, bytes: number, reply: boolean): void {
    const entry = this.#live.get(tuple);
    if (!entry) return;
    entry.counters[reply ? 2 : 0] += bytes;
    entry.counters[reply ? 3 : 1]++;
    if (!reply) return;
    entry.status |= STATUS_SEEN_REPLY;
    if (entry.tcpState === TCP_SYN_SENT) entry.tcpState = TCP_ESTABLISHED;
  }

  finish(tuple: number, tcpState: typeof TCP_TIME_WAIT | typeof TCP_CLOSE): void {
    const entry = this.#live.get(tuple);
    if (!entry || entry.tcpState < 0 || entry.tcpState >= TCP_TIME_WAIT) return;
    this.send(tuple, 40, true);
    entry.tcpState = tcpState;
    this.#say(entry, makeRecord("update", { ...entry.spec, startMs: 0, eventMs: this.nowMs, status: entry.status, tcpState }));
  }

  remove(tuple: number): void {
    const entry = this.#live.get(tuple);
    if (!entry) return;
    this.#live.delete(tuple);
    entry.endTold = this.listened;
    this.#say(entry, makeRecord("destroy", { ...this.#now(entry), stopMs: this.nowMs }));
  }

  /** What a dump or a question is answered with. */
  describe(tuple: number): Message | undefined {
    const entry = this.#live.get(tuple);
    return entry && makeRecord("entry", { ...this.#now(entry), timeoutS: 20 });
  }

  refresh(record: Message): boolean {
    const answer = this.describe(record.srcPort - 40000);
    if (!answer || answer.id !== record.id || !fits(record, answer)) return false;
    const { words, ...fields } = answer;
    record.words.set(words);
    Object.assign(record, fields);
    return true;
  }

  /** Everything that waits is dropped. */
  overrun(): void {
    for (const { message, entry } of this.queue.splice(0)) if (message.event === EVENT_DESTROY) entry.endTold = false;
  }

  #now(entry: SimEntry): RecordSpec {
    return { ...entry.spec, counters: [...entry.counters], status: entry.status, tcpState: entry.tcpState };
  }

  #say(entry: SimEntry, message: Message): void {
    if (this.listened) this.queue.push({ message, entry });
  }
}

export const isBirth = (message: Message): boolean => message.event === EVENT_NEW;
