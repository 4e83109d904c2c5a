/** What scenarios are written with: "from there to there, so many bytes", done by the peers of the lab and kept as LabConnections. */
import { exactCounters, type KnownName, type LabConnection, nameless, protocolNumbers, verdictsFor } from "./connection.ts";
import { type Denial, destinationAddress, expectedDenial, expectedReports, sourceAddress } from "./expected.ts";
import { certificateFiles } from "./internet.ts";
import { labDir } from "./names.ts";
import { connectPeer, type PeerClient } from "./peers/peer-client.ts";
import type { OpResult, TrafficOp } from "./peers/protocol.ts";
import { ports } from "./services.ts";
import type { LabFile } from "./state.ts";
import { type Addresses, dnsServer, type Family, type HostName, hostAddresses, type NodeName, pick } from "./topology.ts";

export interface Ends {
  from: NodeName;
  to: NodeName;
  family: Family;
  /** In words. */
  what: string;
  /** The client's port, if it is free; default: any. */
  localPort?: number;
  /** A node on the way drops it. */
  denied?: Denial;
  /** The name that agents on the way should give it; default: none, or what a web request says of itself. */
  known?: KnownName;
}
interface WebRequest {
  tls: boolean;
  /** False: TLS that does not say whom it wants. */
  sendsServerName?: boolean;
  up: number;
  down: number;
}
export interface BedOptions {
  onConnection?: (connection: LabConnection) => void;
  signal?: AbortSignal;
}

/** More than this many are not kept in the result; `omitted` counts them. */
const maxConnections = 20_000;
const connectTimeoutMs = 5000;

export class Bed {
  readonly connections: LabConnection[] = [];
  omitted = 0;
  readonly lab: string;
  readonly signal: AbortSignal | undefined;
  readonly #masquerade: LabFile["masquerade"];
  readonly #onConnection: (connection: LabConnection) => void;
  readonly #peers = new Map<NodeName, Promise<PeerClient>>();
  readonly #close = (): void => void this.close();

  constructor(lab: string, masquerade: LabFile["masquerade"], options: BedOptions) {
    this.lab = lab;
    this.signal = options.signal;
    this.#masquerade = masquerade;
    this.#onConnection = options.onConnection ?? (() => undefined);
    this.signal?.addEventListener("abort", this.#close, { once: true });
  }

  /** Takes back what the peers are still doing for this bed. */
  async close(): Promise<void> {
    this.signal?.removeEventListener("abort", this.#close);
    const peers = await Promise.allSettled(this.#peers.values());
    for (const peer of peers) if (peer.status === "fulfilled") peer.value.close();
  }

  /** TCP to one of the servers that take and give so many bytes, or to a port where nobody is. */
  tcp(ends: Ends & { port: number; up: number; down: number; at?: Addresses; timeoutMs?: number }): Promise<LabConnection> {
    const { local, remote } = addresses(ends, ends.port, ends.at);
    const op = {
      op: "transfer",
      local,
      remote,
      up: ends.up,
      down: ends.down,
      timeoutMs: ends.timeoutMs ?? connectTimeoutMs,
    } as const;
    return this.#perform(ends, protocolNumbers.tcp, op);
  }

  /** TCP with a few bytes each way now and then. */
  trickle(ends: Ends & { bytes: number; everyMs: number; seconds: number }): Promise<LabConnection> {
    const { local, remote } = addresses(ends, ports.ssh);
    const { bytes, everyMs, seconds } = ends;
    return this.#perform(ends, protocolNumbers.tcp, {
      op: "trickle",
      local,
      remote,
      bytes,
      everyMs,
      seconds,
      timeoutMs: connectTimeoutMs,
    });
  }

  udp(
    ends: Ends & { port: number; requestBytes: number; replyBytes: number; count?: number; host?: HostName; timeoutMs?: number },
  ): Promise<LabConnection> {
    const { local, remote } = addresses(ends, ends.port, ends.host && hostAddresses(ends.host));
    const { requestBytes, replyBytes, count = 1, timeoutMs = 2000 } = ends;
    return this.#perform(ends, protocolNumbers.udp, {
      op: "udp",
      local,
      remote,
      requestBytes,
      replyBytes,
      count,
      everyMs: 50,
      timeoutMs,
    });
  }

  /** Asks the lab's DNS server. The family is that of the way to the server and, unless `record` is another, of the address that is asked for. */
  dns(ends: Omit<Ends, "to" | "what"> & { name: HostName; record?: Family }): Promise<LabConnection> {
    const type = (ends.record ?? ends.family) === 4 ? "A" : "AAAA";
    const full: Ends = { ...ends, to: "internet", what: `${ends.from} asks for the ${type} record of ${ends.name}` };
    const local = { ip: sourceAddress(ends.from, "internet", ends.family), port: ends.localPort ?? 0 };
    const remote = { ip: pick(dnsServer, ends.family), port: 53 };
    return this.#perform(full, protocolNumbers.udp, { op: "dns", local, remote, name: ends.name, type, timeoutMs: 3000 });
  }

  /** A web request to a host of the internet, or of the LAN. `at`: another address than that of its name. */
  web(ends: Omit<Ends, "to"> & { to?: "internet" | "lan"; name: HostName; at?: Addresses } & WebRequest): Promise<LabConnection> {
    const { to = "internet", name, tls, sendsServerName = true, up, down } = ends;
    const says: KnownName = tls
      ? { domain: sendsServerName ? name : null, domainSource: sendsServerName ? "sni" : null }
      : { domain: name, domainSource: "http" };
    const full = { known: says, ...ends, to };
    const { local, remote } = addresses(full, tls ? ports.https : ports.http, ends.at ?? hostAddresses(name));
    const caFile = tls ? certificateFiles(labDir(this.lab)).caFile : null;
    const op = { op: "http", local, remote, host: name, sendsServerName, caFile, up, down, timeoutMs: connectTimeoutMs } as const;
    return this.#perform(full, protocolNumbers.tcp, op);
  }

  /** Says to a web server of the internet, over TCP, just these bytes, each part in packets of its own. */
  write(ends: Omit<Ends, "to"> & { name: HostName; parts: readonly Uint8Array[] }): Promise<LabConnection> {
    const full = { ...ends, to: "internet" } as const;
    const { local, remote } = addresses(full, ports.https, hostAddresses(ends.name));
    const parts = ends.parts.map((part) => Buffer.from(part).toString("base64"));
    const op = { op: "write", local, remote, parts, pauseMs: 50, timeoutMs: connectTimeoutMs } as const;
    return this.#perform(full, protocolNumbers.tcp, op);
  }

  ping(ends: Ends & { id: number; count: number; everyMs?: number }): Promise<LabConnection> {
    const protocol = ends.family === 4 ? protocolNumbers.icmp : protocolNumbers.icmpv6;
    const { local, remote } = addresses(ends, 0);
    const { id, count, everyMs = 200 } = ends;
    return this.#perform(ends, protocol, { op: "ping", local: local.ip, remote: remote.ip, id, count, everyMs });
  }

  /** Keeps a connection that was made without a peer. */
  keep(connection: LabConnection): LabConnection {
    if (this.connections.push(connection) > maxConnections) {
      this.connections.shift();
      this.omitted++;
    }
    this.#onConnection(connection);
    return connection;
  }

  /** A connection as it looks when it has just begun. */
  describe(ends: Ends, protocol: number, dst: { ip: string; port: number | null }): LabConnection {
    const { from, to, family, what, denied, known = nameless } = ends;
    return {
      what,
      from,
      to,
      family,
      protocol,
      srcIp: sourceAddress(from, to, family),
      srcPort: null,
      dstIp: dst.ip,
      dstPort: dst.port,
      icmpId: null,
      ...known,
      startedAt: Date.now(),
      endedAt: null,
      outcome: null,
      verdicts: ["answered"],
      srcBytes: null,
      dstBytes: null,
      srcPackets: null,
      dstPackets: null,
      payload: null,
      reports: expectedReports({ from, to, family, droppedAt: denied?.at }, this.#masquerade),
      denied: denied === undefined ? null : expectedDenial({ from, to, family }, denied, this.#masquerade),
    };
  }

  async #perform(ends: Ends, protocol: number, op: TrafficOp): Promise<LabConnection> {
    const dst = op.op === "ping" ? { ip: op.remote, port: null } : op.remote;
    const begun: LabConnection = { ...this.describe(ends, protocol, dst), icmpId: op.op === "ping" ? op.id : null };
    const peer = await this.#peer(ends.from);
    const result = await peer.request(op, (open) =>
      this.#onConnection({ ...begun, srcPort: open.localPort, startedAt: open.startedAt }),
    );
    return this.keep(finished(begun, result!));
  }

  #peer(node: NodeName): Promise<PeerClient> {
    this.signal?.throwIfAborted();
    let peer = this.#peers.get(node);
    if (!peer) {
      peer = connectPeer(this.lab, node);
      this.#peers.set(node, peer);
    }
    return peer;
  }
}

function finished(connection: LabConnection, result: OpResult): LabConnection {
  return {
    ...connection,
    srcPort: result.localPort,
    startedAt: result.startedAt,
    endedAt: result.endedAt,
    outcome: result.outcome,
    verdicts: verdictsFor(connection.protocol, result.outcome),
    payload: { sent: result.sentBytes, received: result.receivedBytes },
    ...exactCounters(connection.protocol, connection.family, result),
  };
}

function addresses(
  ends: Ends,
  port: number,
  at?: Addresses,
): { local: { ip: string; port: number }; remote: { ip: string; port: number } } {
  const ip = at ? pick(at, ends.family) : destinationAddress(ends.to, ends.family);
  return { local: { ip: sourceAddress(ends.from, ends.to, ends.family), port: ends.localPort ?? 0 }, remote: { ip, port } };
}
