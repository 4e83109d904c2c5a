/**
 * Copies of the packets that carry names, from the chosen interfaces, on the agent's one thread. Its queues (one per interface) and its memory (one slab)
 * are its own: whatever comes, it takes a bounded share of the time, and what it can't take the kernel drops from these queues, counted.
 */
import { CaptureError } from "../errors.ts";
import { EAGAIN, ENETDOWN } from "../netlink/constants.ts";
import { libc } from "../netlink/libc.ts";
import { ReadableWatch } from "../netlink/readable.ts";
import { ReceiveRing } from "../netlink/ring.ts";
import { share } from "../share.ts";
import { packetFilter, SNAP_BYTES } from "./filter.ts";
import { Rota } from "./rota.ts";
import { PacketSocket, packetError } from "./socket.ts";

export interface PacketTapConfig {
  /** UDP ports on which QUIC is looked for. */
  readonly quicPorts: readonly number[];
  /** Queue of each interface, at most. A packet is charged with some 2 KB or what it has. */
  readonly receiveBufferBytes: number;
  /** Queues of all interfaces that are wanted: each has its part, if that is less. */
  readonly allReceiveBufferBytes: number;
  /** Packets are collected for this long before they are fetched together. */
  readonly coalesceMs: number;
}

export const PACKET_TAP_DEFAULTS: PacketTapConfig = {
  quicPorts: [443],
  receiveBufferBytes: 4 * 1024 * 1024,
  allReceiveBufferBytes: 16 * 1024 * 1024,
  coalesceMs: 15,
};

export interface PacketListener {
  /** A packet of `interfaceName` in `bytes` from `start` to `end`, which are reused. `atMs`: when it came, ms since 1970, by the kernel. */
  onPacket(bytes: Uint8Array, start: number, end: number, atMs: number, interfaceName: string): void;
}

export interface PacketTapStats {
  packets: number;
  /** Dropped by the kernel, as a queue was full. */
  overruns: number;
}

const SLOTS = 64;
/** Of all interfaces together, then others have their turn: 512 DNS answers are about 2 ms. */
const PACKETS_PER_TURN = 512;
const RECONCILE_MS = 10_000;

interface Tapped {
  readonly name: string;
  readonly socket: PacketSocket;
  readonly watch: ReadableWatch;
  armed: boolean;
}

export class PacketTap {
  readonly #config: PacketTapConfig;
  readonly #listener: PacketListener;
  readonly #now: () => number;
  readonly #stats: PacketTapStats = { packets: 0, overruns: 0 };
  readonly #tapped = new Map<string, Tapped>();
  readonly #rota = new Rota(PACKETS_PER_TURN, SLOTS);
  #wanted: readonly string[] = [];
  #ring: ReceiveRing | undefined;
  #filter: Uint8Array | undefined;
  #timer: NodeJS.Timeout | undefined;
  #reconciling: NodeJS.Timeout | undefined;
  #closedDrops = 0;
  #problem = "";

  /** @param now ms since 1970, for packets without a time stamp of the kernel's */
  constructor(config: Partial<PacketTapConfig>, listener: PacketListener, now: () => number = Date.now) {
    this.#config = { ...PACKET_TAP_DEFAULTS, ...config };
    this.#listener = listener;
    this.#now = now;
  }

  get stats(): Readonly<PacketTapStats> {
    let overruns = this.#closedDrops;
    for (const { socket } of this.#tapped.values()) overruns += socket.readDrops();
    this.#stats.overruns = overruns;
    return this.#stats;
  }

  /** Names of the interfaces that are listened to. */
  get interfaces(): readonly string[] {
    return [...this.#tapped.keys()];
  }

  /** Why an interface that is wanted can't be listened to; empty if all are. */
  get problem(): string {
    return this.#problem;
  }

  /** From now on these, as far as they exist; one that comes later is joined within ten seconds. None: all sockets are closed. */
  setInterfaces(names: readonly string[]): void {
    this.#wanted = names;
    clearInterval(this.#reconciling);
    this.#reconciling = undefined;
    this.#reconcile();
    if (names.length === 0) return;
    this.#reconciling = setInterval(() => this.#reconcile(), RECONCILE_MS);
    this.#reconciling.unref();
  }

  /** Fetches what waits, but not more than one turn's share. */
  drain(): void {
    this.#fetch();
  }

  stop(): void {
    this.setInterfaces([]);
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #reconcile(): void {
    this.#problem = "";
    for (const [name, { socket }] of this.#tapped) {
      if (!this.#wanted.includes(name) || libc().if_nametoindex(name) !== socket.interfaceIndex) this.#leave(name);
    }
    const { receiveBufferBytes, allReceiveBufferBytes } = this.#config;
    const bufferBytes = Math.min(receiveBufferBytes, Math.floor(allReceiveBufferBytes / this.#wanted.length));
    for (const name of this.#wanted) {
      const tapped = this.#tapped.get(name);
      const index = libc().if_nametoindex(name);
      try {
        if (tapped) tapped.socket.setReceiveBuffer(bufferBytes);
        else if (index !== 0) this.#join(name, index, bufferBytes);
      } catch (error) {
        if (!(error instanceof CaptureError)) throw error;
        this.#problem = `${name}: ${error.message}`;
      }
    }
  }

  #join(name: string, index: number, receiveBufferBytes: number): void {
    this.#ring ??= new ReceiveRing(SLOTS, SNAP_BYTES, { stamped: true });
    this.#filter ??= packetFilter(this.#config);
    const socket = new PacketSocket(index, { filter: this.#filter, receiveBufferBytes });
    socket.open();
    const watch = new ReadableWatch(socket.fd, () => {
      tapped.armed = false;
      this.#later();
    });
    const tapped: Tapped = { name, socket, watch, armed: true };
    this.#tapped.set(name, tapped);
    watch.arm();
  }

  #leave(name: string): void {
    const { socket, watch } = this.#tapped.get(name)!;
    watch.close();
    socket.close();
    this.#closedDrops += socket.readDrops();
    this.#tapped.delete(name);
  }

  #later(): void {
    this.#timer ??= setTimeout(this.#turn, this.#config.coalesceMs);
  }

  /** As long as something comes, the timer wakes us, which is cheaper than epoll. */
  readonly #turn = (): void => {
    this.#timer = undefined;
    const before = this.#stats.packets;
    const { result: emptied, pauseMs } = share(() => this.#fetch());
    if (!emptied) this.#timer = setTimeout(this.#turn, pauseMs);
    else if (this.#stats.packets !== before) this.#later();
    else this.#arm();
  };

  #arm(): void {
    for (const tapped of this.#tapped.values()) {
      if (tapped.armed) continue;
      tapped.armed = true;
      tapped.watch.arm();
    }
  }

  /** Returns false if there may be more. */
  #fetch(): boolean {
    return this.#rota.turn([...this.#tapped.keys()], (name) => this.#receive(this.#tapped.get(name)!));
  }

  /** Returns how many packets there were. */
  #receive({ name, socket }: Tapped): number {
    const ring = this.#ring!;
    const count = ring.receive(socket.fd);
    // The interface went down: the socket hears again when it is up.
    if (count === -EAGAIN || count === -ENETDOWN) return 0;
    if (count < 0) {
      this.#leave(name);
      this.#problem = `${name}: ${packetError("recvmmsg(AF_PACKET)", -count).message}`;
      return 0;
    }
    for (let i = 0; i < count; i++) {
      const atMs = ring.stampMs(i) ?? this.#now();
      this.#listener.onPacket(ring.u8, i * SNAP_BYTES, ring.end(i), atMs, name);
    }
    this.#stats.packets += count;
    return count;
  }
}
