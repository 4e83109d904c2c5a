/** What the stage counts. Monotonic but for the gauges. */

export interface NameStats {
  /** Packets that told something, by protocol. */
  readonly read: Record<"dns" | "tls" | "quic" | "http", number>;
  /** Packets that were not what they claim to be, by protocol. */
  readonly malformed: Record<"packet" | "dns" | "tls" | "quic" | "http", number>;
  /** Packets of clients whose names are not wanted, dropped before they were read. */
  off: number;
  /** … with an end in an excluded range. */
  excluded: number;
  /** DNS answers to clients that had not asked. */
  unasked: number;
  /** … to this host, which had asked for another client, whose address it translated. */
  forwarded: number;
  /** QUIC packets that were not decrypted, as there were too many. */
  rateLimited: number;
  /** … that no client's keys of their connection opened. */
  unauthentic: number;
  /** … that were read up to a fault behind the hello: the capture cuts them off, and senders pad them with anything. */
  quicCut: number;
  /** Hellos and DNS messages in several packets that had to go before they were all there. */
  evicted: number;
  /** Hellos with an encrypted ClientHello (a real or a fake one). */
  ech: number;
  /** Flows for which such a hello's outer name was all that is known. */
  echOuter: number;
  /** Gauges of the cache of DNS answers; entries that had to go before they were out of date (monotonic). */
  cacheEntries: number;
  cacheBytes: number;
  cacheEvicted: number;
  /** Gauge: names that connections told, kept for a minute. */
  waiting: number;
}

export function newNameStats(): NameStats {
  return {
    read: { dns: 0, tls: 0, quic: 0, http: 0 },
    malformed: { packet: 0, dns: 0, tls: 0, quic: 0, http: 0 },
    off: 0,
    excluded: 0,
    unasked: 0,
    forwarded: 0,
    rateLimited: 0,
    unauthentic: 0,
    quicCut: 0,
    evicted: 0,
    ech: 0,
    echOuter: 0,
    cacheEntries: 0,
    cacheBytes: 0,
    cacheEvicted: 0,
    waiting: 0,
  };
}
