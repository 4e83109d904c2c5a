/**
 * How long the kernel waits after the last packet of a connection before it forgets it, in seconds: sysctls of the network namespace.
 * `stop − timeout` of the last state is when a connection's last packet came.
 */
import { readFileSync } from "node:fs";
import type { ConntrackRecord } from "./conntrack/record.ts";
import { STATUS_ASSURED } from "./conntrack/states.ts";

const DIRECTORY = "/proc/sys/net/netfilter";

// In the order of TCP_CONNTRACK_* and SCTP_CONNTRACK_*: index = state. Null where the kernel keeps no entry in that state.
const TCP_STATES = [
  null,
  "syn_sent",
  "syn_recv",
  "established",
  "fin_wait",
  "close_wait",
  "last_ack",
  "time_wait",
  "close",
] as const;
/** A simultaneous open has no setting: nf_conntrack_proto_tcp.c. */
const TCP_SYN_SENT2_S = 120;
const SCTP_STATES = [
  null,
  "closed",
  "cookie_wait",
  "cookie_echoed",
  "established",
  "shutdown_sent",
  "shutdown_recd",
  "shutdown_ack_sent",
  "heartbeat_sent",
] as const;

/** Seconds; null where this kernel has no such setting. */
export interface ConntrackTimeouts {
  udp: number | null;
  /** Both sides have spoken and the first packets are more than 2 s apart. */
  udpStream: number | null;
  icmp: number | null;
  icmpv6: number | null;
  gre: number | null;
  greStream: number | null;
  /** Every protocol that conntrack has no module for. */
  generic: number | null;
  /** By tcpState. */
  tcp: readonly (number | null)[];
  /** Holds instead of the state's if it is shorter: three retransmissions in a row, or a window of zero. */
  tcpMaxRetrans: number | null;
  /** Holds instead of the state's if it is shorter: data was sent that nobody acknowledged. */
  tcpUnacknowledged: number | null;
  /** By sctpState. */
  sctp: readonly (number | null)[];
}

/** Reads the settings of this network namespace. About 0.3 ms. */
export function readTimeouts(directory = DIRECTORY): ConntrackTimeouts {
  const read = (name: string): number | null => seconds(`${directory}/nf_conntrack_${name}`);
  return {
    udp: read("udp_timeout"),
    udpStream: read("udp_timeout_stream"),
    icmp: read("icmp_timeout"),
    icmpv6: read("icmpv6_timeout"),
    gre: read("gre_timeout"),
    greStream: read("gre_timeout_stream"),
    generic: read("generic_timeout"),
    tcp: [...TCP_STATES.map((state) => (state === null ? null : read(`tcp_timeout_${state}`))), TCP_SYN_SENT2_S],
    tcpMaxRetrans: read("tcp_timeout_max_retrans"),
    tcpUnacknowledged: read("tcp_timeout_unacknowledged"),
    sctp: SCTP_STATES.map((state) => (state === null ? null : read(`sctp_timeout_${state}`))),
  };
}

/** A missing file is an answer (another kernel, another module), so is one that holds no number. */
function seconds(path: string): number | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch {
    return null;
  }
  return /^\d+$/.test(text) ? Number(text) : null;
}

/**
 * The timeout that a connection in this state runs under, in seconds; null if it can't be told. For TCP it is the longest that can hold: see
 * tcpMaxRetrans and tcpUnacknowledged.
 */
export function stateTimeoutS(
  timeouts: ConntrackTimeouts,
  record: Pick<ConntrackRecord, "protocol" | "status" | "tcpState" | "sctpState">,
): number | null {
  // nf_conntrack_proto_udp.c, …_gre.c: the stream timeout comes together with ASSURED.
  const stream = (record.status & STATUS_ASSURED) !== 0;
  switch (record.protocol) {
    case 1:
      return timeouts.icmp;
    case 6:
      return timeouts.tcp[record.tcpState] ?? null;
    case 17:
    case 136: // UDP-Lite shares UDP's
      return stream ? timeouts.udpStream : timeouts.udp;
    case 47:
      return stream ? timeouts.greStream : timeouts.gre;
    case 58:
      return timeouts.icmpv6;
    case 132:
      return timeouts.sctp[record.sctpState] ?? null;
    default:
      return timeouts.generic;
  }
}
