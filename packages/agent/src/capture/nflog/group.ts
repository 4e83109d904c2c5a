/** The words with which a socket asks for the packets of one nflog group. */
import { readFileSync } from "node:fs";
import { EBUSY, EINVAL, EOPNOTSUPP, EPERM, NFNL_SUBSYS_ULOG, NLM_F_ACK, NLMSG_ERROR } from "../netlink/constants.ts";
import { captureError } from "../netlink/errno.ts";
import { forEachMessage } from "../netlink/messages.ts";
import type { NetlinkSocket } from "../netlink/socket.ts";
import { MessageWriter } from "../netlink/writer.ts";

// <linux/netfilter/nfnetlink_log.h>
const NFULNL_MSG_CONFIG = (NFNL_SUBSYS_ULOG << 8) | 1;
const NFULA_CFG_CMD = 1;
const NFULA_CFG_MODE = 2;
const NFULA_CFG_NLBUFSIZ = 3;
const NFULA_CFG_TIMEOUT = 4;
const NFULA_CFG_QTHRESH = 5;
const NFULA_CFG_FLAGS = 6;
const NFULNL_CFG_CMD_BIND = 1;
const NFULNL_COPY_PACKET = 2;
const NFULNL_CFG_F_SEQ = 1;

/** IPv4 with all of its options and the ports, or IPv6 with a few extension headers and the ports: never what is said. */
const COPIED_BYTES = 96;
/** Largest datagram of the kernel's: some 64 packets of 200 bytes. */
export const DATAGRAM_BYTES = 16 * 1024;
const PACKETS_PER_DATAGRAM = 64;
/** … or what came within 100 ms. */
const COLLECT_CENTISECONDS = 10;

const CAP_NET_ADMIN = 12;

/**
 * Becomes the group's one listener. The kernel forgets it with the socket.
 * @returns empty, or why it may not, and what to do about it
 * @throws CaptureError if the socket is broken
 */
export function joinGroup(socket: NetlinkSocket, group: number): string {
  const writer = new MessageWriter();
  writer.message(NFULNL_MSG_CONFIG, NLM_F_ACK, 1, 0, group);
  writer.u8(NFULA_CFG_CMD, NFULNL_CFG_CMD_BIND);
  writer.be32(NFULA_CFG_NLBUFSIZ, DATAGRAM_BYTES);
  writer.be32(NFULA_CFG_TIMEOUT, COLLECT_CENTISECONDS);
  writer.be32(NFULA_CFG_QTHRESH, PACKETS_PER_DATAGRAM);
  writer.be16(NFULA_CFG_FLAGS, NFULNL_CFG_F_SEQ);
  // struct nfulnl_msg_config_mode { be32 copy_range; u8 copy_mode; u8 pad } __attribute__((packed))
  writer.raw(NFULA_CFG_MODE, [0, 0, 0, COPIED_BYTES, NFULNL_COPY_PACKET, 0]);
  socket.send(writer.bytes());
  const errno = answerTo(socket, 1);
  if (errno === 0) return "";
  if (errno === EBUSY || (errno === EPERM && hasNetAdmin()))
    return `another program listens to nflog group ${group} (ulogd, another agent?), and only one can: give the agent a group of its own (capture.denied_group) and use it in the log rules`;
  if (errno === EINVAL || errno === EOPNOTSUPP)
    return "the kernel has no nfnetlink_log: load it (`modprobe nfnetlink_log`), or use a kernel that has it";
  return captureError(`nflog group ${group}`, errno).message;
}

/** The answer is queued within the call that asked; packets may have come before it, and their numbers tell that they are missing. */
function answerTo(socket: NetlinkSocket, sequence: number): number {
  const buffer = Buffer.allocUnsafeSlow(DATAGRAM_BYTES);
  for (;;) {
    const length = socket.receive(buffer);
    if (length < 0) return -length;
    let answer: number | undefined;
    forEachMessage(buffer, length, (message) => {
      if (message.type !== NLMSG_ERROR || message.sequence !== sequence) return true;
      answer = message.errno();
      return false;
    });
    if (answer !== undefined) return answer;
  }
}

/** A group that is taken is refused with the same number as a process without the capability (nfulnl_recv_config). */
function hasNetAdmin(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  return ((BigInt(`0x${effective}`) >> BigInt(CAP_NET_ADMIN)) & 1n) === 1n;
}
