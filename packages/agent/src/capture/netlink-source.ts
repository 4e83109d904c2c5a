/** Conntrack events, dumps and single answers straight from the kernel, on the agent's one thread. */
import { parseConntrack } from "./conntrack/parse.ts";
import { ConntrackRecord, EVENT_DESTROY, EVENT_NEW } from "./conntrack/record.ts";
import { Dumper } from "./dump.ts";
import { Lookup } from "./lookup.ts";
import {
  EAGAIN,
  ENOBUFS,
  NFNLGRP_CONNTRACK_DESTROY,
  NFNLGRP_CONNTRACK_NEW,
  NFNLGRP_CONNTRACK_UPDATE,
} from "./netlink/constants.ts";
import { socketDrops } from "./netlink/drops.ts";
import { captureError } from "./netlink/errno.ts";
import { conntrackFilter } from "./netlink/filter.ts";
import { ReadableWatch } from "./netlink/readable.ts";
import { ReceiveRing } from "./netlink/ring.ts";
import { NetlinkSocket } from "./netlink/socket.ts";
import type { CaptureStats, ConntrackListener, ConntrackSource } from "./source.ts";

export interface NetlinkSourceConfig {
  /** SO_RCVBUFFORCE of the event socket. The kernel doubles it; an event is charged 1,280 B: 64 MiB hold 104,857 events. */
  receiveBufferBytes: number;
  /** Events are collected for this long before they are fetched together: half of the cost of an event is the wake-up. */
  coalesceMs: number;
  /** Least time between dumps that overruns cause: a machine that can't keep up must not be kept busy with dumps as well. */
  resyncPauseMs: number;
}

export const NETLINK_SOURCE_DEFAULTS: NetlinkSourceConfig = {
  receiveBufferBytes: 64 * 1024 * 1024,
  coalesceMs: 15,
  resyncPauseMs: 1000,
};

const GROUPS = [NFNLGRP_CONNTRACK_NEW, NFNLGRP_CONNTRACK_UPDATE, NFNLGRP_CONNTRACK_DESTROY];
// An event is one message of 150–300 B, at most some 600 with labels, helper and security context.
const SLOTS = 256;
const SLOT_BYTES = 2048;
/** Then others have their turn: about 4 ms. */
const ROUNDS_PER_TURN = 8;

export class NetlinkConntrackSource implements ConntrackSource {
  readonly #config: NetlinkSourceConfig;
  readonly #now: () => number;
  readonly #record = new ConntrackRecord();
  readonly #dumper = new Dumper();
  readonly #lookup = new Lookup();
  readonly #stats: CaptureStats = {
    newEvents: 0,
    updateEvents: 0,
    destroyEvents: 0,
    dumps: 0,
    dumpEntries: 0,
    overruns: 0,
    overrunEvents: 0,
    malformed: 0,
  };
  #socket: NetlinkSocket | undefined;
  #inode = "";
  #ring: ReceiveRing | undefined;
  #watch: ReadableWatch | undefined;
  #listener: ConntrackListener | undefined;
  #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #resyncTimer: NodeJS.Timeout | undefined;
  #resyncWanted = false;
  /** By the clock that only counts on: after an overrun nobody may wait for a wall clock that was set back. */
  #lastDumpMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  #queued: Promise<void> | undefined;

  /** @param now ms since 1970 */
  constructor(config: Partial<NetlinkSourceConfig> = {}, now: () => number = Date.now) {
    this.#config = { ...NETLINK_SOURCE_DEFAULTS, ...config };
    this.#now = now;
  }

  get stats(): Readonly<CaptureStats> {
    return this.#stats;
  }

  /** Joins the event groups. From here on the kernel keeps events for us; they are delivered after `start`. @throws CaptureError */
  subscribe(): void {
    if (this.#socket) return;
    const socket = new NetlinkSocket({
      groups: GROUPS,
      receiveBufferBytes: this.#config.receiveBufferBytes,
      filter: conntrackFilter(),
    });
    socket.open();
    this.#socket = socket;
    this.#inode = socket.inode();
  }

  async start(listener: ConntrackListener): Promise<void> {
    this.subscribe();
    this.#listener = listener;
    this.#stopping = new AbortController();
    this.#ring ??= new ReceiveRing(SLOTS, SLOT_BYTES);
    this.#watch = new ReadableWatch(this.#socket!.fd, () => this.#later());
    this.#watch.arm();
    try {
      await this.dump();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  dump(): Promise<void> {
    if (!this.#running) {
      this.#running = this.#dump().finally(() => {
        this.#running = undefined;
      });
      return this.#running;
    }
    // Whoever asks while one runs gets one that began after the question. One is enough for all who ask in the meantime.
    this.#queued ??= this.#running
      .catch(() => undefined) // its own caller hears of it
      .then(() => {
        this.#queued = undefined;
        return this.dump();
      });
    return this.#queued;
  }

  refresh(record: ConntrackRecord): boolean {
    return this.#lookup.refresh(record);
  }

  /** Events that still wait in the kernel are dropped. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    clearTimeout(this.#resyncTimer);
    this.#timer = undefined;
    this.#resyncTimer = undefined;
    await Promise.allSettled([this.#running, this.#queued]);
    this.#listener = undefined;
    if (this.#socket) this.#countDrops();
    this.#watch?.close();
    this.#watch = undefined;
    this.#socket?.close();
    this.#socket = undefined;
    this.#lookup.close();
  }

  async #dump(): Promise<void> {
    const listener = this.#listener;
    if (!listener || this.#stopping.signal.aborted) return;
    this.#lastDumpMs = performance.now();
    listener.onDumpStart(this.#now());
    let complete = false;
    try {
      const result = await this.#dumper.dump((record) => listener.onDumpEntry(record, this.#now()), this.#stopping.signal);
      complete = result.complete;
      this.#stats.dumps++;
      this.#stats.dumpEntries += result.entries;
      this.#stats.malformed += result.malformed;
    } finally {
      listener.onDumpEnd(complete, this.#now());
    }
  }

  #later(): void {
    this.#timer = setTimeout(this.#turn, this.#config.coalesceMs);
  }

  /** Fetches what came in the meantime. As long as something came, the timer wakes us, which is cheaper than epoll. */
  readonly #turn = (): void => {
    const before = this.#received();
    const emptied = this.#drain();
    const any = this.#received() !== before;
    if (any) this.#listener!.onDrained(this.#now());
    if (!emptied) this.#timer = setTimeout(this.#turn, 0);
    else if (any) this.#later();
    else this.#watch!.arm();
    if (emptied && this.#resyncWanted) this.#resync();
  };

  #received(): number {
    const { newEvents, updateEvents, destroyEvents, malformed, overruns } = this.#stats;
    return newEvents + updateEvents + destroyEvents + malformed + overruns;
  }

  /** Returns false if there may be more. @throws CaptureError if the socket is broken */
  #drain(): boolean {
    const ring = this.#ring!;
    const fd = this.#socket!.fd;
    for (let round = 0; round < ROUNDS_PER_TURN; round++) {
      const count = ring.receive(fd);
      const now = this.#now();
      if (count === -ENOBUFS) this.#overrun(now);
      else if (count === -EAGAIN) return true;
      else if (count < 0) throw captureError("recvmmsg(conntrack events)", -count);
      else {
        this.#deliver(ring, count, now);
        // Fewer than there are slots: that was all. An error that waits behind them wakes us by itself.
        if (count < SLOTS) return true;
      }
    }
    return false;
  }

  #deliver(ring: ReceiveRing, count: number, now: number): void {
    const stats = this.#stats;
    const record = this.#record;
    const listener = this.#listener!;
    for (let i = 0; i < count; i++) {
      if (!parseConntrack(ring, i * SLOT_BYTES, ring.end(i), false, record)) {
        stats.malformed++;
        continue;
      }
      if (record.event === EVENT_NEW) stats.newEvents++;
      else if (record.event === EVENT_DESTROY) stats.destroyEvents++;
      else stats.updateEvents++;
      listener.onEvent(record, now);
    }
  }

  /** The kernel says it once per episode, and drops everything until the queue has been emptied. */
  #overrun(now: number): void {
    this.#stats.overruns++;
    this.#resyncWanted = true;
    this.#listener!.onOverrun(now);
  }

  #countDrops(): void {
    this.#stats.overrunEvents = socketDrops(this.#inode) ?? this.#stats.overrunEvents;
  }

  #resync(): void {
    if (this.#resyncTimer) return;
    const pauseMs = Math.max(0, this.#lastDumpMs + this.#config.resyncPauseMs - performance.now());
    this.#resyncTimer = setTimeout(() => {
      this.#resyncTimer = undefined;
      this.#resyncWanted = false;
      this.#countDrops();
      this.dump().catch(() => {
        this.#resyncWanted = true;
        this.#resync();
      });
    }, pauseMs);
  }
}
