/** Classic BPF in the kernel's socket: what it drops costs us nothing. */

import { assemble, type Line } from "../bpf.ts";

// <linux/bpf_common.h>, <linux/filter.h>
const LD_BYTE = 0x30;
const LD_HALF = 0x28;
const LD_WORD = 0x20;
const LD_BYTE_AT_X = 0x50;
const LD_IMMEDIATE = 0x00;
const LDX_IMMEDIATE = 0x01;
const MOVE_A_TO_X = 0x07;
const JUMP_EQUAL = 0x15;
const JUMP_ANY_BIT = 0x45;
const RETURN = 0x06;
/** Load word at these offsets: find attribute type X from offset A on, or inside of the attribute at A. A = its offset, 0 if there is none. */
const FIND_ATTRIBUTE = 0xfffff000 + 12;
const FIND_NESTED_ATTRIBUTE = 0xfffff000 + 16;

const TCP_TIME_WAIT = 7;
const TCP_CLOSE = 8;
/** First byte of the original source: nlmsghdr 16, nfgenmsg 4, headers of CTA_TUPLE_ORIG, CTA_TUPLE_IP and CTA_IP_V?_SRC 4 each. ctnetlink always writes them in this order. */
const SOURCE = 32;

/**
 * Keeps NEW, DESTROY and those UPDATEs that say that a TCP connection entered TIME_WAIT or CLOSE: 3 messages instead of 7 per connection.
 * Drops loopback (127.0.0.0/8, ::1). BPF loads are big-endian while netlink headers are in host order: the constants are swapped.
 */
const CONNTRACK_FILTER: readonly Line[] = [
  [LD_BYTE, 16], // nfgenmsg.nfgen_family
  [JUMP_EQUAL, 2, "ipv4", "ipv6"],
  "ipv4",
  [LD_BYTE, SOURCE],
  [JUMP_EQUAL, 127, "drop", "kind"],
  "ipv6",
  [LD_WORD, SOURCE + 12],
  [JUMP_EQUAL, 1, undefined, "kind"],
  [LD_WORD, SOURCE + 8],
  [JUMP_EQUAL, 0, undefined, "kind"],
  [LD_WORD, SOURCE + 4],
  [JUMP_EQUAL, 0, undefined, "kind"],
  [LD_WORD, SOURCE],
  [JUMP_EQUAL, 0, "drop", "kind"],
  "kind",
  [LD_HALF, 4], // nlmsg_type: 0x0102 is DESTROY
  [JUMP_EQUAL, 0x0201, "keep"],
  [LD_HALF, 6], // nlmsg_flags: NLM_F_CREATE | NLM_F_EXCL (0x0600) mark NEW
  [JUMP_ANY_BIT, 0x0006, "keep"],
  [LD_IMMEDIATE, 20],
  [LDX_IMMEDIATE, 4], // CTA_PROTOINFO
  [LD_WORD, FIND_ATTRIBUTE],
  [JUMP_EQUAL, 0, "drop"],
  [LDX_IMMEDIATE, 1], // CTA_PROTOINFO_TCP
  [LD_WORD, FIND_NESTED_ATTRIBUTE],
  [JUMP_EQUAL, 0, "drop"],
  [LD_WORD, FIND_NESTED_ATTRIBUTE], // CTA_PROTOINFO_TCP_STATE is 1 too: X stays
  [JUMP_EQUAL, 0, "drop"],
  [MOVE_A_TO_X, 0],
  [LD_BYTE_AT_X, 4],
  [JUMP_EQUAL, TCP_TIME_WAIT, "keep"],
  [JUMP_EQUAL, TCP_CLOSE, "keep", "drop"],
  "keep",
  [RETURN, 0xffffffff],
  "drop",
  [RETURN, 0],
];

/** The program as the kernel takes it: struct sock_filter { u16 code; u8 jt; u8 jf; u32 k; } per instruction. */
export function conntrackFilter(): Uint8Array {
  return assemble(CONNTRACK_FILTER);
}
