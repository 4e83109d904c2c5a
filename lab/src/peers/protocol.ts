/** What may be asked of a peer (the process in each namespace that talks to the others), as JSON lines over a unix socket: those reach across network namespaces by their path. */

export interface Endpoint {
  readonly ip: string;
  readonly port: number;
}
/** A port of 0: any free one. */
export type Local = Endpoint;

/** What TCP and UDP servers do with what they get. `transfer`: TCP_HEADER. */
export type Service =
  | { kind: "echo"; at: Endpoint }
  | { kind: "transfer"; at: Endpoint }
  | { kind: "udp"; at: Endpoint }
  | { kind: "http"; at: Endpoint }
  | { kind: "https"; at: Endpoint; certFile: string; keyFile: string };

/** How the other end took it. `unreachable`: the path said so (ICMP), `silent`: nothing came back in time, `broken`: it was answered, and torn off later. */
export type Outcome = "answered" | "refused" | "silent" | "unreachable" | "broken";

export interface ServeOp {
  op: "serve";
  services: Service[];
}
/** Sends `up` bytes to a transfer server and asks for `down` bytes. */
export interface TransferOp {
  op: "transfer";
  local: Local;
  remote: Endpoint;
  up: number;
  down: number;
  timeoutMs: number;
}
/** Sends a few bytes at a time to an echo server. */
export interface TrickleOp {
  op: "trickle";
  local: Local;
  remote: Endpoint;
  bytes: number;
  everyMs: number;
  seconds: number;
  timeoutMs: number;
}
export interface UdpOp {
  op: "udp";
  local: Local;
  remote: Endpoint;
  requestBytes: number;
  replyBytes: number;
  count: number;
  everyMs: number;
  timeoutMs: number;
}
export interface DnsOp {
  op: "dns";
  local: Local;
  remote: Endpoint;
  name: string;
  type: "A" | "AAAA";
  timeoutMs: number;
}
export interface HttpOp {
  op: "http";
  local: Local;
  remote: Endpoint;
  /** The name that is asked for: Host of HTTP, and server name of TLS. */
  host: string;
  /** False: TLS without server name. */
  sendsServerName: boolean;
  /** null: plain HTTP. */
  caFile: string | null;
  up: number;
  down: number;
  timeoutMs: number;
}
/** Writes bytes (base64) as they are, each part in packets of its own, and ends with the first answer. */
export interface WriteOp {
  op: "write";
  local: Local;
  remote: Endpoint;
  parts: string[];
  pauseMs: number;
  timeoutMs: number;
}
export interface PingOp {
  op: "ping";
  local: string;
  remote: string;
  /** The identifier of the echo requests, 1 to 65535. */
  id: number;
  count: number;
  everyMs: number;
}
export type TrafficOp = TransferOp | TrickleOp | UdpOp | DnsOp | HttpOp | WriteOp | PingOp;
export type PeerOp = ServeOp | TrafficOp;

export interface OpResult {
  outcome: Outcome;
  /** null where the protocol has none. */
  localPort: number | null;
  /** Payload above TCP, UDP or ICMP, in bytes, and datagrams; those of TCP are null: the kernel cuts them as it likes. */
  sentBytes: number;
  receivedBytes: number;
  sentPackets: number | null;
  receivedPackets: number | null;
  /** ms UTC, by the peer's clock. */
  startedAt: number;
  endedAt: number;
}

export interface PeerRequest {
  id: number;
  op: PeerOp;
}
/** `open` comes as soon as the connection stands, `result` or `error` at its end. */
export type PeerReply =
  | { id: number; open: { localPort: number; startedAt: number } }
  | { id: number; result: OpResult | null }
  | { id: number; error: string };

/** A transfer begins with two big-endian u64: how many bytes the client sends after them, how many it wants back. */
export const transferHeaderBytes = 16;
/** A UDP request begins with a big-endian u16: the size of the reply. */
export const udpHeaderBytes = 2;
