/**
 * Packets that log rules hand over, on the agent's one thread. The queue and its memory are its own: whatever comes, it takes a bounded share of the
 * time, and what it can't take the kernel drops from this queue, counted by the gaps in its numbers.
 */
import { CaptureError } from "../errors.ts";
import { EAGAIN, ENOBUFS } from "../netlink/constants.ts";
import { captureError } from "../netlink/errno.ts";
import { ReadableWatch } from "../netlink/readable.ts";
import { ReceiveRing } from "../netlink/ring.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import { share } from "../share.ts";
import { DATAGRAM_BYTES, joinGroup } from "./group.ts";
import { forEachLogged, LoggedPacket } from "./message.ts";

export interface LogListener {
  /** The packet is reused. `atMs`: when it was read, ms since 1970. */
  onLogged(packet: LoggedPacket, atMs: number): void;
}

export interface NflogStats {
  packets: number;
  /** Packets that the kernel could not deliver, as the queue was full. */
  lost: number;
  malformed: number;
}

const SLOTS = 16;
/** A datagram of 64 packets is charged with 17 KB. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
/** Some 2,000 packets: about 4 ms. */
const ROUNDS_PER_TURN = 2;
const COALESCE_MS = 20;
const JOIN_EVERY_MS = 10_000;
/** Of a u32. */
const NUMBERS = 2 ** 32;

export class NflogSource {
  readonly #group: number;
  readonly #listener: LogListener;
  readonly #now: () => number;
  readonly #stats: NflogStats = { packets: 0, lost: 0, malformed: 0 };
  readonly #packet = new LoggedPacket();
  #socket: NetlinkSocket | undefined;
  #watch: ReadableWatch | undefined;
  #ring: ReceiveRing | undefined;
  #timer: NodeJS.Timeout | undefined;
  #joining: NodeJS.Timeout | undefined;
  #nextSequence = -1;
  #atMs = 0;
  #problem = "";

  /** @param now ms since 1970 */
  constructor(group: number, listener: LogListener, now: () => number = Date.now) {
    this.#group = group;
    this.#listener = listener;
    this.#now = now;
  }

  get stats(): Readonly<NflogStats> {
    return this.#stats;
  }

  get listening(): boolean {
    return this.#socket !== undefined;
  }

  /** Why it does not listen, and what to do about it; empty if it does, or is not to. */
  get problem(): string {
    return this.#problem;
  }

  /** From now on; what can't be joined is tried again every ten seconds. */
  start(): void {
    if (this.#joining) return;
    this.#join();
    this.#joining = setInterval(() => this.#join(), JOIN_EVERY_MS);
    this.#joining.unref();
  }

  stop(): void {
    clearInterval(this.#joining);
    this.#joining = undefined;
    this.#leave();
    this.#problem = "";
  }

  /** Fetches what waits, but not more than one turn's share. */
  drain(): void {
    if (this.#socket) this.#fetch();
  }

  #join(): void {
    if (this.#socket) return;
    const socket = new NetlinkSocket({ receiveBufferBytes: RECEIVE_BUFFER_BYTES });
    try {
      socket.open();
      this.#problem = joinGroup(socket, this.#group);
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
      this.#problem = error.message;
    }
    if (this.#problem !== "") {
      socket.close();
      return;
    }
    this.#socket = socket;
    this.#nextSequence = -1;
    this.#ring ??= new ReceiveRing(SLOTS, DATAGRAM_BYTES);
    this.#watch = new ReadableWatch(socket.fd, () => this.#later());
    this.#watch.arm();
  }

  #leave(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
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
    const before = this.#stats.packets;
    const { result: emptied, pauseMs } = share(() => this.#fetch());
    if (!this.#socket) return;
    if (!emptied) this.#timer = setTimeout(this.#turn, pauseMs);
    else if (this.#stats.packets !== before) this.#later();
    else this.#watch?.arm();
  };

  /** Returns false if there may be more. */
  #fetch(): boolean {
    const ring = this.#ring!;
    for (let round = 0; round < ROUNDS_PER_TURN; round++) {
      const count = ring.receive(this.#socket!.fd);
      if (count === -EAGAIN) return true;
      // The numbers of what comes next tell how many are missing.
      if (count === -ENOBUFS) continue;
      if (count < 0) {
        this.#leave();
        this.#problem = captureError("recvmmsg(nflog)", -count).message;
        return true;
      }
      this.#atMs = this.#now();
      for (let i = 0; i < count; i++) {
        const at = i * DATAGRAM_BYTES;
        this.#stats.malformed += forEachLogged(ring.u8, at, ring.end(i), this.#packet, this.#take);
      }
      if (count < SLOTS) return true;
    }
    return false;
  }

  readonly #take = (packet: LoggedPacket): void => {
    const { sequence } = packet;
    if (sequence >= 0) {
      if (this.#nextSequence >= 0) this.#stats.lost += (sequence - this.#nextSequence + NUMBERS) % NUMBERS;
      this.#nextSequence = (sequence + 1) % NUMBERS;
    }
    this.#stats.packets++;
    this.#listener.onLogged(packet, this.#atMs);
  };
}
