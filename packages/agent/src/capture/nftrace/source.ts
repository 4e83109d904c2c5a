/** Listens to the kernel's traces of packets that the agent's own rules marked, and tells of those that were dropped. */
import { CaptureError } from "../errors.ts";
import { EAGAIN, ENOBUFS, NFNLGRP_NFTRACE } from "../netlink/constants.ts";
import { socketDrops } from "../netlink/drops.ts";
import { captureError } from "../netlink/errno.ts";
import { ReadableWatch } from "../netlink/readable.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import { share } from "../share.ts";
import { TraceMarks } from "./marks.ts";
import { Traces } from "./traces.ts";

export interface TraceListener {
  onTraced(headers: Uint8Array, rule: () => string, atMs: number): void;
}

export interface TraceStats {
  messages: number;
  drops: number;
  /** Messages that the kernel could not deliver. */
  lost: number;
  /** First packets that were not traced, as there were too many. */
  untraced: number;
}

const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
const MESSAGES_PER_TURN = 1000;
const COALESCE_MS = 20;
const RECONCILE_MS = 10_000;
/** Two questions to the kernel. */
const COUNT_EVERY_MS = 1000;

export class TraceSource {
  readonly #listener: TraceListener;
  readonly #now: () => number;
  readonly #stats: TraceStats = { messages: 0, drops: 0, lost: 0, untraced: 0 };
  readonly #marks = new TraceMarks();
  readonly #datagram = Buffer.allocUnsafeSlow(8192);
  #traces = new Traces();
  #socket: NetlinkSocket | undefined;
  #inode = "";
  #watch: ReadableWatch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #reconciling: NodeJS.Timeout | undefined;
  #isMarking = false;
  #countedMs = Number.NEGATIVE_INFINITY;
  /** Of tables and sockets that are gone. */
  #before = { lost: 0, untraced: 0 };
  #problem = "";

  /** @param now ms since 1970 */
  constructor(listener: TraceListener, now: () => number = Date.now) {
    this.#listener = listener;
    this.#now = now;
  }

  get stats(): Readonly<TraceStats> {
    if (this.#socket && performance.now() - this.#countedMs >= COUNT_EVERY_MS) this.#countIfTold();
    return this.#stats;
  }

  /** Why nothing is traced, and what to do about it; empty if it is, or is not to. */
  get problem(): string {
    return this.#problem;
  }

  /** From now on; what can't be had is tried again every ten seconds. */
  start(): void {
    if (this.#reconciling) return;
    this.#reconcile();
    this.#reconciling = setInterval(() => this.#reconcile(), RECONCILE_MS);
    this.#reconciling.unref();
  }

  stop(): void {
    clearInterval(this.#reconciling);
    this.#reconciling = undefined;
    this.#leave();
    this.#problem = "";
  }

  /** Fetches what waits, but not more than one turn's share. */
  drain(): void {
    if (this.#socket) this.#fetch();
  }

  #reconcile(): void {
    try {
      // The listener first: packets are marked for somebody.
      if (!this.#socket) this.#listen();
      if (!this.#isMarking) this.#isMarking = this.#marks.add();
      this.#problem = "";
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
      this.#leave();
      this.#problem = error.message;
    }
  }

  #listen(): void {
    const socket = new NetlinkSocket({ groups: [NFNLGRP_NFTRACE], receiveBufferBytes: RECEIVE_BUFFER_BYTES });
    socket.open();
    this.#socket = socket;
    this.#inode = socket.inode();
    this.#traces = new Traces();
    this.#watch = new ReadableWatch(socket.fd, () => this.#later());
    this.#watch.arm();
  }

  /** Without an answer, the numbers stay as they were. */
  #countIfTold(): void {
    try {
      this.#count();
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
      this.#problem = error.message;
    }
  }

  #count(): void {
    this.#countedMs = performance.now();
    this.#stats.untraced = this.#before.untraced + this.#marks.untraced();
    this.#stats.lost = this.#before.lost + (socketDrops(this.#inode) ?? 0);
  }

  #leave(): void {
    if (this.#socket) this.#countIfTold();
    this.#before = { lost: this.#stats.lost, untraced: this.#stats.untraced };
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#marks.remove();
    this.#isMarking = false;
    this.#watch?.close();
    this.#watch = undefined;
    this.#socket?.close();
    this.#socket = undefined;
  }

  #later(): void {
    this.#timer ??= setTimeout(this.#turn, COALESCE_MS);
  }

  readonly #turn = (): void => {
    this.#timer = undefined;
    const before = this.#stats.messages;
    const { result: emptied, pauseMs } = share(() => this.#fetch());
    if (!this.#socket) return;
    if (!emptied) this.#timer = setTimeout(this.#turn, pauseMs);
    else if (this.#stats.messages !== before) this.#later();
    else this.#watch?.arm();
  };

  /** Returns false if there may be more. */
  #fetch(): boolean {
    for (let i = 0; i < MESSAGES_PER_TURN; i++) {
      const length = this.#socket!.receive(this.#datagram);
      if (length === -EAGAIN) return true;
      if (length === -ENOBUFS) continue;
      if (length < 0) {
        this.#leave();
        this.#problem = captureError("recv(nftrace)", -length).message;
        return true;
      }
      const atMs = this.#now();
      this.#stats.messages += this.#traces.read(this.#datagram, length, ({ headers, rule }) => {
        this.#stats.drops++;
        this.#listener.onTraced(headers, () => rule, atMs);
      });
    }
    return false;
  }
}
