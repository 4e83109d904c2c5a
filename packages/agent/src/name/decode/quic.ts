/** ClientHellos of QUIC connections, out of the Initial packets that clients send (RFC 9000, RFC 9001, RFC 9369). */
import { latin1 } from "./bytes.ts";
import { type ClientHello, decodeHandshake } from "./client-hello.ts";
import { CryptoStream } from "./crypto-stream.ts";
import { readFrames } from "./quic-frames.ts";
import { type QuicPacket, readLongHeader } from "./quic-header.ts";
import { InitialKeys, type QuicVersion } from "./quic-keys.ts";
import type { Work, WorkBound } from "./work.ts";

/**
 * A byte is decrypted with at most two keys; a CRYPTO frame of one byte takes four and may look at 64 parts; the hello that was there before is
 * read again with each packet.
 */
export const QUIC_WORK: WorkBound = { perByte: 24, fixed: 20_000 };

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
  readonly stats: QuicStats = { decrypted: 0, refused: 0, unauthentic: 0, done: 0, evicted: 0 };
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
   * @throws DecodeError of malformed packets, frames and hellos; the connection is forgotten then.
   */
  decode(flow: string, bytes: Uint8Array, offset: number, end: number, work: Work): ClientHello | null {
    let hello: ClientHello | null = null;
    const stop = Math.min(end, bytes.length);
    // Several packets may be in one datagram (RFC 9000 §12.2); padding after them is no packet.
    for (let at = offset; at < stop; ) {
      const packet = readLongHeader(bytes, at, stop, work);
      if (packet === null) break;
      if (packet.isInitial) hello = this.#initial(flow, bytes, at, packet, work) ?? hello;
      at = packet.end;
    }
    return hello;
  }

  /** Forgets a connection, whose flow has ended. */
  forget(flow: string): void {
    const connection = this.#connections.get(flow);
    if (!connection) return;
    this.#heldBytes -= connection.unfinished?.stream.heldBytes ?? 0;
    this.#connections.delete(flow);
  }

  #initial(flow: string, bytes: Uint8Array, start: number, packet: QuicPacket, work: Work): ClientHello | null {
    const known = this.#known(flow, packet, bytes);
    if (known && !known.unfinished) {
      this.stats.done++;
      return null;
    }
    if (!this.#deps.mayDecrypt()) {
      this.stats.refused++;
      return null;
    }
    work.steps += packet.end - start;
    let connection = known;
    let plain = known?.unfinished?.keys.open(bytes, start, packet.number, packet.end) ?? null;
    // Unknown, or begun anew: after a Retry the keys are those of the server's id (RFC 9001 §5.2).
    if (plain === null && known?.destination !== latin1(bytes, packet.destination, packet.destinationEnd)) {
      work.steps += packet.end - start;
      connection = this.#connect(packet, bytes);
      plain = connection.unfinished!.keys.open(bytes, start, packet.number, packet.end);
    }
    if (plain === null || !connection?.unfinished) {
      this.stats.unauthentic++;
      return null;
    }
    this.stats.decrypted++;
    if (connection !== known) this.forget(flow);
    try {
      return this.#read(flow, connection, plain, work);
    } catch (error) {
      this.forget(flow);
      throw error;
    }
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

  #connect(packet: QuicPacket, bytes: Uint8Array): Connection {
    const destination = bytes.subarray(packet.destination, packet.destinationEnd);
    return {
      version: packet.version,
      destination: latin1(bytes, packet.destination, packet.destinationEnd),
      source: latin1(bytes, packet.source, packet.sourceEnd),
      untilMs: this.#deps.now() + this.#config.maxAgeMs,
      unfinished: { keys: new InitialKeys(packet.version, destination), stream: new CryptoStream() },
    };
  }

  #read(flow: string, connection: Connection, plain: Uint8Array, work: Work): ClientHello | null {
    const { stream } = connection.unfinished!;
    const heldBefore = this.#connections.get(flow) === connection ? stream.heldBytes : 0;
    const contiguousBefore = stream.contiguous;
    try {
      readFrames(plain, (at, from, length) => stream.add(at, plain, from, length, work), work);
    } finally {
      this.#heldBytes += stream.heldBytes - heldBefore;
      this.#connections.delete(flow);
      this.#connections.set(flow, connection);
    }
    const isLonger = stream.contiguous > contiguousBefore;
    const hello = isLonger ? decodeHandshake(stream.bytes, 0, stream.contiguous, work) : null;
    if (hello?.complete) {
      this.#heldBytes -= stream.heldBytes;
      connection.unfinished = null;
    }
    this.#evict();
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
