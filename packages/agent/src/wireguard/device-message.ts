/**
 * What the kernel answers to WG_CMD_GET_DEVICE (<linux/wireguard.h>): a device in one message or several, of which the later ones only go on with
 * the list of peers; a peer's allowed addresses may go on in the next message, under the same key. Pure and total: what is malformed ends the list.
 * Secret keys are stepped over, never read.
 */
import { type Cidr, formatCidr } from "@flowtrail/model";
import type { WireguardInterface, WireguardPeer } from "./wireguard.ts";

// <linux/wireguard.h>
const WGDEVICE_A_IFNAME = 2;
const WGDEVICE_A_PUBLIC_KEY = 4;
const WGDEVICE_A_PEERS = 8;
const WGPEER_A_PUBLIC_KEY = 1;
const WGPEER_A_ALLOWEDIPS = 9;
const WGALLOWEDIP_A_IPADDR = 2;
const WGALLOWEDIP_A_CIDR_MASK = 3;
const WG_KEY_LEN = 32;
// <linux/netlink.h>, <linux/genetlink.h>
const HEADERS_BYTES = 16 + 4;
const NLA_TYPE_MASK = 0x3fff;
const V4_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** @param messages of one dump, each with its headers, without the one that ends it */
export function decodeDevice(messages: readonly Uint8Array[]): WireguardInterface | null {
  let name: string | null = null;
  let publicKey: string | null = null;
  const peers = new Map<string, string[]>();
  for (const message of messages) {
    for (const [type, value] of attributes(message.subarray(HEADERS_BYTES))) {
      if (type === WGDEVICE_A_IFNAME) name = textOf(value);
      else if (type === WGDEVICE_A_PUBLIC_KEY) publicKey = keyOf(value);
      else if (type === WGDEVICE_A_PEERS) for (const [, peer] of attributes(value)) addPeer(peers, peer);
    }
  }
  if (name === null || publicKey === null) return null;
  return { name, publicKey, peers: [...peers].map(([key, allowedIps]): WireguardPeer => ({ publicKey: key, allowedIps })) };
}

function addPeer(peers: Map<string, string[]>, peer: Uint8Array): void {
  let key: string | null = null;
  const allowed: string[] = [];
  for (const [type, value] of attributes(peer)) {
    if (type === WGPEER_A_PUBLIC_KEY) key = keyOf(value);
    else if (type === WGPEER_A_ALLOWEDIPS) for (const [, range] of attributes(value)) allowed.push(...rangeOf(range));
  }
  if (key === null) return;
  const known = peers.get(key);
  if (known === undefined) peers.set(key, allowed);
  else known.push(...allowed);
}

function rangeOf(bytes: Uint8Array): string[] {
  let address: Uint8Array | null = null;
  let bits: number | null = null;
  for (const [type, value] of attributes(bytes)) {
    if (type === WGALLOWEDIP_A_IPADDR) address = value;
    else if (type === WGALLOWEDIP_A_CIDR_MASK) bits = value[0] ?? null;
  }
  if (address === null || bits === null || bits > address.length * 8) return [];
  if (address.length === 4)
    return [formatCidr({ bytes: Uint8Array.of(...V4_PREFIX, ...address), prefixBits: bits + 96, v4: true } satisfies Cidr)];
  return address.length === 16
    ? [formatCidr({ bytes: Uint8Array.from(address), prefixBits: bits, v4: false } satisfies Cidr)]
    : [];
}

/** Each attribute's type and value. */
export function* attributes(bytes: Uint8Array): Generator<[type: number, value: Uint8Array]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > bytes.length) return;
    yield [view.getUint16(at + 2, true) & NLA_TYPE_MASK, bytes.subarray(at + 4, at + length)];
    at += (length + 3) & ~3;
  }
}

function keyOf(bytes: Uint8Array): string | null {
  return bytes.length === WG_KEY_LEN ? Buffer.from(bytes).toString("base64") : null;
}

function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString("utf8");
}
