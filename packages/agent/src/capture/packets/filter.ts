/**
 * Which packets are copied to us: the few that carry names. The kernel looks at every packet of the interface with it, so it must be short, and it
 * knows one packet only: what needs memory (a hello over several packets) is decided by what one packet shows.
 */
import { assemble, type Line } from "../bpf.ts";

// <linux/bpf_common.h>, <linux/filter.h>
const LD_BYTE = 0x30;
const LD_HALF = 0x28;
const LD_BYTE_AT_X = 0x50;
const LD_HALF_AT_X = 0x48;
const LD_WORD_AT_X = 0x40;
const LD_LENGTH = 0x80;
const LD_MEMORY = 0x60;
const LDX_IMMEDIATE = 0x01;
/** X = 4 · (low half of the byte): the length of an IPv4 header. */
const LDX_V4_HEADER = 0xb1;
const STORE = 0x02;
const AND = 0x54;
const SHIFT_RIGHT = 0x74;
const ADD_X = 0x0c;
const MOVE_A_TO_X = 0x07;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER = 0x25;
const JUMP_ANY_BIT = 0x45;
const RETURN = 0x06;
/** Ethertype and direction of the packet, from the kernel's own notes (SKF_AD_PROTOCOL, SKF_AD_PKTTYPE). */
const PROTOCOL_OF_PACKET = 0xfffff000;
const TYPE_OF_PACKET = 0xfffff000 + 4;

const PACKET_OTHERHOST = 3; // <linux/if_packet.h>
const ETH_P_IP = 0x0800;
const ETH_P_IPV6 = 0x86dd;
const IPV6_HEADER = 40;
const TCP = 6;
const UDP = 17;
const DNS = 53;
const PUSH = 0x08;
const QUIC_V1 = 1;
const QUIC_V2 = 0x6b3343cf;

/** RFC 9110 §9.3 and RFC 5789: the first four bytes of a request. */
const METHODS = ["GET ", "POST", "HEAD", "PUT ", "DELE", "OPTI", "PATC", "CONN"];
const HTTP = 80;
/** Where the rest of a split ClientHello is looked for. Its beginning is recognised on every port. */
const TLS_PORTS = [443, 8443, 853, 993, 465, 995, 636];
/** Record types that may begin a packet of an upload (RFC 8446 §5.1) with the first byte of the version: change_cipher_spec … heartbeat. */
const RECORD_STARTS = [0x1403, 0x1503, 0x1603, 0x1703, 0x1803];
/** What is longer was put together by offloading, from a bulk transfer: the rest of a hello is shorter. */
const LONGEST_REST = 2048;

/** Scratch memory. */
const PORT = 0;
const FLAGS = 1;

/** Bytes of a packet that are copied: a ClientHello with post-quantum key shares has some 1,800, a DNS answer by EDNS at most 4,096. */
export const SNAP_BYTES = 4096;

export interface PacketFilterConfig {
  /** UDP ports on which QUIC is looked for. */
  readonly quicPorts: readonly number[];
}

/**
 * For a cooked socket (SOCK_DGRAM): the packet begins at the IP header on every device. Keeps
 * - UDP from and to port 53, TCP from and to port 53 with payload: DNS;
 * - QUIC Initials of versions 1 and 2 (RFC 9000 §17.2.2, RFC 9369 §3.2) to the ports of QUIC;
 * - TCP that begins with a TLS record of a ClientHello, to any port;
 * - TCP to a port of TLS that has PSH, is short, and does not begin with a record: the end of a split ClientHello. A sender sets PSH
 *   where its write ends, so a hello's last packet has it, and of an upload one packet per write (usually 16 KiB and more);
 * - TCP to port 80 that begins like a request.
 *
 * Fragments, packets to other hosts (a promiscuous interface) and IPv6 with extension headers are left out.
 */
export function packetFilter({ quicPorts }: PacketFilterConfig): Uint8Array {
  return assemble([
    [LD_HALF, TYPE_OF_PACKET],
    [JUMP_EQUAL, PACKET_OTHERHOST, "drop"],
    [LD_HALF, PROTOCOL_OF_PACKET],
    [JUMP_EQUAL, ETH_P_IP, "ipv4"],
    [JUMP_EQUAL, ETH_P_IPV6, undefined, "drop"],
    [LDX_IMMEDIATE, IPV6_HEADER],
    [LD_BYTE, 6],
    [JUMP_EQUAL, TCP, "tcp"],
    [JUMP_EQUAL, UDP, "udp", "drop"],
    "ipv4",
    [LD_HALF, 6],
    [JUMP_ANY_BIT, 0x3fff, "drop"], // more fragments, or an offset
    [LDX_V4_HEADER, 0],
    [LD_BYTE, 9],
    [JUMP_EQUAL, TCP, "tcp"],
    [JUMP_EQUAL, UDP, undefined, "drop"],
    "udp",
    [LD_HALF_AT_X, 0],
    [JUMP_EQUAL, DNS, "keep"],
    [LD_HALF_AT_X, 2],
    [JUMP_EQUAL, DNS, "keep"],
    ...anyOf(quicPorts, "quic"),
    [RETURN, 0],
    "quic",
    [LD_BYTE_AT_X, 8],
    [AND, 0xf0], // long header, fixed bit, type: Initial is 0 in version 1 and 1 in version 2
    [JUMP_EQUAL, 0xc0, "version 1"],
    [JUMP_EQUAL, 0xd0, undefined, "drop"],
    [LD_WORD_AT_X, 9],
    [JUMP_EQUAL, QUIC_V2, "keep", "drop"],
    "version 1",
    [LD_WORD_AT_X, 9],
    [JUMP_EQUAL, QUIC_V1, "keep", "drop"],
    "tcp",
    [LD_HALF_AT_X, 2],
    [JUMP_EQUAL, DNS, "dns"],
    [STORE, PORT],
    [LD_BYTE_AT_X, 13],
    [STORE, FLAGS],
    [LD_HALF_AT_X, 0],
    [JUMP_EQUAL, DNS, "dns"],
    ...TO_PAYLOAD,
    [LD_MEMORY, PORT],
    // A load behind the packet's end drops it: packets without payload end here.
    [JUMP_EQUAL, HTTP, undefined, "not http"],
    [LD_WORD_AT_X, 0],
    ...anyOf(METHODS.map(wordOf), "keep"),
    "not http",
    [LD_HALF_AT_X, 0],
    [JUMP_EQUAL, 0x1603, "handshake"],
    ...anyOf(RECORD_STARTS, "drop"),
    [LD_MEMORY, FLAGS],
    [JUMP_ANY_BIT, PUSH, undefined, "drop"],
    [LD_LENGTH, 0],
    [JUMP_GREATER, LONGEST_REST, "drop"],
    [LD_MEMORY, PORT],
    ...anyOf(TLS_PORTS, "keep"),
    [RETURN, 0],
    "handshake",
    [LD_BYTE_AT_X, 5],
    [JUMP_EQUAL, 1, "keep", "drop"], // client_hello
    "dns",
    ...TO_PAYLOAD,
    [LD_BYTE_AT_X, 0],
    "keep",
    [RETURN, SNAP_BYTES],
    "drop",
    [RETURN, 0],
  ]);
}

/** X = start of the payload. */
const TO_PAYLOAD: readonly Line[] = [
  [LD_BYTE_AT_X, 12],
  [AND, 0xf0],
  [SHIFT_RIGHT, 2],
  [ADD_X, 0],
  [MOVE_A_TO_X, 0],
];

function anyOf(values: readonly number[], label: string): Line[] {
  return values.map((value) => [JUMP_EQUAL, value, label] as const);
}

function wordOf(text: string): number {
  return Buffer.from(text, "latin1").readUInt32BE(0);
}
