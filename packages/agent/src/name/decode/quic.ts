/** ClientHellos of QUIC connections, out of the Initial packets that clients send (RFC 9000, RFC 9001, RFC 9369). */
import { DecodeError } from "@flowtrail/model";
import { latin1 } from "./bytes.ts";
import { type ClientHello, MAX_CLIENT_HELLO } from "./client-hello.ts";
import { CryptoStream } from "./crypto-stream.ts";
import { readFrames } from "./quic-frames.ts";
import { type QuicPacket, readLongHeader } from "./quic-header.ts";
import { InitialKeys, type QuicVersion } from "./quic-keys.ts";
import type { Work, WorkBound } from "./work.ts";

/**
 * A byte is decrypted with at most two keys; a CRYPTO frame of one byte takes four and may look at 64 parts; what was there of the hello before (up to
 * MAX_CLIENT_HELLO) is read again with each datagram.
 */
export const QUIC_WORK: WorkBound = { perByte: 24, fixed: 2 * MAX_CLIENT_HELLO };

export interface QuicInitialsConfig {
  /** Connections that are kept at a time; the one that was heard least recently goes first. */
  readonly maxConnections: number;
  /** Bytes of unfinished handshakes that are kept at a time. */
  readonly maxBytes: number;
  /** After so long, another connection may have the same addresses and ports. Milliseconds. */
  readonly maxAgeMs: number;
}

export interface QuicInitialsDeps {
  /** Is asked before each packet that costs a decryption (some 10 µs; with new keys 40 µs more): false leaves it unread. */
  mayDecrypt(): boolean;
  /** Milliseconds of a clock that does not go back. */
  now(): number;
}

/** Monotonic counts of packets, by what became of them. */
export interface QuicStats {
  /** Initial packets that were opened. */
  decrypted: number;
  /** `mayDecrypt` said no. */
  refused: number;
  /** Made with other keys than a client's first packets: of a server, of another connection's rest, forged. */
  unauthentic: number;
  /** Of a connection whose hello was read before. */
  done: number;
  /** Connections whose hello was not all there when they had to go. */
  evicted: number;
  /** Datagrams that were read up to a packet that is malformed or cut off. */
  cut: number;
}

interface Connection {
  readonly version: QuicVersion;
  /** The ids as text, one character each octet. */
  readonly destination: string;
  readonly source: string;
  readonly untilMs: number;
  /** Null once the hello was read: then only the ids matter. */
  unfinished: { readonly keys: InitialKeys; readonly stream: CryptoStream } | null;
}

export class QuicInitials {
  readonly stats: QuicStats = { decrypted: 0, refused: 0, unauthentic: 0, done: 0, evicted: 0, cut: 0 };
  readonly #config: QuicInitialsConfig;
  readonly #deps: QuicInitialsDeps;
  /** By flow, the one heard least recently first. */
  readonly #connections = new Map<string, Connection>();
  #heldBytes = 0;

  constructor(config: QuicInitialsConfig, deps: QuicInitialsDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Of unfinished handshakes. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * Reads the datagram that a client sent. `flow` tells connections apart (addresses and ports); connection ids alone would let one client put words
   * into another's mouth. Null: nothing new is known of a hello. Otherwise what is there of it so far: once it is `complete`, its connection is done.
   * @throws DecodeError of malformed packets, frames and hellos; a connection that sent such frames or such a hello is forgotten.
   */
  decode(flow: string, bytes: Uint8Array, offset: number, end: number, work: Work): ClientHello | null {
    try {
      this.#packets(flow, bytes, offset, Math.min(end, bytes.length), work);
    } catch (error) {
      // What lies before the fault may be all of the hello: the capture cuts datagrams off, and senders pad them with anything.
      const hello = error instanceof DecodeError ? this.#hello(flow, work) : null;
      if (hello === null) throw error;
      this.stats.cut++;
      return hello;
    }
    return this.#hello(flow, work);
  }

  /** Forgets a connection, whose flow has ended. */
  forget(flow: string): void {
    const connection = this.#connections.get(flow);
    if (!connection) return;
    this.#heldBytes -= connection.unfinished?.stream.heldBytes ?? 0;
    this.#connections.delete(flow);
  }

  /** Forgets connections that are too old, whose packets would no longer be taken for theirs. */
  sweep(): void {
    const nowMs = this.#deps.now();
    for (const [flow, { untilMs, unfinished }] of this.#connections) {
      if (untilMs > nowMs) continue;
      if (unfinished) this.stats.evicted++;
      this.forget(flow);
    }
  }

  clear(): void {
    this.#connections.clear();
    this.#heldBytes = 0;
  }

  /** Several packets may be in one datagram, all to the same connection id (RFC 9000 §12.2); padding after them is no packet. */
  #packets(flow: string, bytes: Uint8Array, offset: number, stop: number, work: Work): void {
    let destination: string | null = null;
    for (let at = offset; at < stop; ) {
      const packet = readLongHeader(bytes, at, stop, work);
      if (packet === null) return;
      const to = latin1(bytes, packet.destination, packet.destinationEnd);
      destination ??= to;
      if (packet.isInitial && to === destination) this.#initial(flow, bytes, at, packet, to, work);
      at = packet.end;
    }
  }

  #initial(flow: string, bytes: Uint8Array, start: number, packet: QuicPacket, destination: string, work: Work): void {
    const known = this.#known(flow, packet, bytes);
    if (known && !known.unfinished) {
      this.stats.done++;
      return;
    }
    if (!this.#deps.mayDecrypt()) {
      this.stats.refused++;
      return;
    }
    work.steps += packet.end - start;
    let connection = known;
    let plain = known?.unfinished?.keys.open(bytes, start, packet.number, packet.end) ?? null;
    // Unknown, or begun anew: after a Retry the keys are those of the server's id (RFC 9001 §5.2).
    if (plain === null && known?.destination !== destination) {
      work.steps += packet.end - start;
      connection = this.#connect(packet, bytes, destination);
      plain = connection.unfinished!.keys.open(bytes, start, packet.number, packet.end);
    }
    if (plain === null || !connection) {
      this.stats.unauthentic++;
      return;
    }
    this.stats.decrypted++;
    if (connection !== known) this.forget(flow);
    this.#add(flow, connection, plain, work);
  }

  /** The connection of this flow that the packet may belong to. */
  #known(flow: string, packet: QuicPacket, bytes: Uint8Array): Connection | undefined {
    const connection = this.#connections.get(flow);
    if (!connection) return undefined;
    // A client keeps its own id and the version, while the server's id takes the place of the one it began with (RFC 9000 §7.2).
    const isSame =
      connection.version === packet.version &&
      connection.source === latin1(bytes, packet.source, packet.sourceEnd) &&
      connection.untilMs > this.#deps.now();
    return isSame ? connection : undefined;
  }

  #connect(packet: QuicPacket, bytes: Uint8Array, destination: string): Connection {
    const keys = new InitialKeys(packet.version, bytes.subarray(packet.destination, packet.destinationEnd));
    return {
      version: packet.version,
      destination,
      source: latin1(bytes, packet.source, packet.sourceEnd),
      untilMs: this.#deps.now() + this.#config.maxAgeMs,
      unfinished: { keys, stream: new CryptoStream() },
    };
  }

  /** Adds what the packet brings of the handshake, and makes its connection the last that was heard. */
  #add(flow: string, connection: Connection, plain: Uint8Array, work: Work): void {
    const { stream } = connection.unfinished!;
    const heldBefore = stream.heldBytes;
    this.#connections.delete(flow);
    this.#connections.set(flow, connection);
    try {
      readFrames(plain, (offset, at, length) => stream.add(offset, plain, at, length, work), work);
      this.#heldBytes += stream.heldBytes - heldBefore;
    } catch (error) {
      this.#heldBytes += stream.heldBytes - heldBefore;
      this.forget(flow);
      throw error;
    }
    this.#evict();
  }

  /** The hello of the flow, if there is more of it than before. Is read once for each datagram, however many packets are in it. */
  #hello(flow: string, work: Work): ClientHello | null {
    const connection = this.#connections.get(flow);
    if (!connection?.unfinished) return null;
    const { stream } = connection.unfinished;
    let hello: ClientHello | null;
    try {
      hello = stream.hello(work);
    } catch (error) {
      this.forget(flow);
      throw error;
    }
    if (hello?.complete) {
      this.#heldBytes -= stream.heldBytes;
      connection.unfinished = null;
    }
    return hello;
  }

  #evict(): void {
    for (const [flow, connection] of this.#connections) {
      if (this.#connections.size <= this.#config.maxConnections && this.#heldBytes <= this.#config.maxBytes) return;
      if (connection.unfinished) this.stats.evicted++;
      this.forget(flow);
    }
  }
}
