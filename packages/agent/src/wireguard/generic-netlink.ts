/** Asks the kernel itself about its WireGuard interfaces, where the program `wg` is not there to do it. Needs CAP_NET_ADMIN. */
import { NLM_F_DUMP, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR } from "../capture/netlink/constants.ts";
import { captureError } from "../capture/netlink/errno.ts";
import { NetlinkSocket } from "../capture/netlink/socket.ts";
import { attributes, decodeDevice } from "./device-message.ts";
import type { WireguardInterface } from "./wireguard.ts";

// <linux/netlink.h>, <linux/genetlink.h>
export const NETLINK_GENERIC = 16;
const GENL_ID_CTRL = 0x10;
const CTRL_CMD_GETFAMILY = 3;
const CTRL_ATTR_FAMILY_ID = 1;
const CTRL_ATTR_FAMILY_NAME = 2;
// <linux/wireguard.h>
const WG_GENL_NAME = "wireguard";
const WG_CMD_GET_DEVICE = 0;
const WGDEVICE_A_IFNAME = 2;

const ENOENT = 2;
/** Not WireGuard's, or gone. */
const NOT_ITS = new Set([19 /* ENODEV */, 95 /* EOPNOTSUPP */]);
const HEADERS_BYTES = 16 + 4;
const RECEIVE_BYTES = 1 << 16;
/** 4,096 peers with their addresses take about a hundred messages. */
const MAX_MESSAGES = 10_000;

/**
 * Null: this kernel has no WireGuard.
 * @throws CaptureError
 */
export function readKernelWireguard(names: readonly string[]): WireguardInterface[] | null {
  const socket = new NetlinkSocket({ family: NETLINK_GENERIC });
  socket.open();
  // The answers hold secret keys: none of it stays in memory.
  const buffer = Buffer.allocUnsafeSlow(RECEIVE_BYTES);
  try {
    const family = familyOf(socket, buffer, WG_GENL_NAME);
    if (family === null) return null;
    return names.flatMap((name) => deviceOf(socket, buffer, family, name) ?? []);
  } finally {
    buffer.fill(0);
    socket.close();
  }
}

/** The number that the kernel gave to a family of generic netlink; null: it does not have it. @throws CaptureError */
export function familyOf(socket: NetlinkSocket, buffer: Buffer, name: string): number | null {
  socket.send(request(GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, name));
  const length = received(socket, buffer);
  const errno = errorOf(buffer);
  if (errno === ENOENT) return null;
  if (errno !== 0) throw captureError("genetlink(CTRL_CMD_GETFAMILY)", errno);
  for (const [type, value] of attributes(buffer.subarray(HEADERS_BYTES, length)))
    if (type === CTRL_ATTR_FAMILY_ID && value.length >= 2) return Buffer.from(value).readUInt16LE();
  return null;
}

function deviceOf(socket: NetlinkSocket, buffer: Buffer, family: number, name: string): WireguardInterface | null {
  socket.send(request(family, NLM_F_DUMP, WG_CMD_GET_DEVICE, WGDEVICE_A_IFNAME, name));
  const messages: Buffer[] = [];
  try {
    for (;;) {
      const length = received(socket, buffer);
      for (let at = 0; at + 16 <= length; ) {
        const size = buffer.readUInt32LE(at);
        if (size < 16 || at + size > length) break;
        const message = buffer.subarray(at, at + size);
        const type = message.readUInt16LE(4);
        const errno = errorOf(message);
        if (NOT_ITS.has(errno)) return null;
        if (errno !== 0) throw captureError(`genetlink(WG_CMD_GET_DEVICE ${name})`, errno);
        if (type === NLMSG_DONE || type === NLMSG_ERROR || messages.length >= MAX_MESSAGES) return decodeDevice(messages);
        messages.push(Buffer.from(message));
        at += (size + 3) & ~3;
      }
    }
  } finally {
    for (const message of messages) message.fill(0);
  }
}

/** nlmsghdr, genlmsghdr { u8 cmd; u8 version 1; u16 reserved }, and one attribute with a text. */
function request(type: number, flags: number, command: number, attribute: number, text: string): Buffer {
  const value = Buffer.from(`${text}\0`);
  const bytes = Buffer.alloc((HEADERS_BYTES + 4 + value.length + 3) & ~3);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt16LE(type, 4);
  bytes.writeUInt16LE(flags | NLM_F_REQUEST, 6);
  bytes[16] = command;
  bytes[17] = 1;
  bytes.writeUInt16LE(4 + value.length, HEADERS_BYTES);
  bytes.writeUInt16LE(attribute, HEADERS_BYTES + 2);
  value.copy(bytes, HEADERS_BYTES + 4);
  return bytes;
}

function received(socket: NetlinkSocket, buffer: Buffer): number {
  const length = socket.receive(buffer);
  if (length < 0) throw captureError("recv(genetlink)", -length);
  return length;
}

/** The errno of an NLMSG_ERROR, or of an NLMSG_DONE that says why a dump ended; else 0. */
function errorOf(message: Buffer): number {
  const type = message.readUInt16LE(4);
  const saysWhy = type === NLMSG_ERROR || type === NLMSG_DONE;
  return saysWhy && message.readUInt32LE(0) >= 20 ? -message.readInt32LE(16) : 0;
}
