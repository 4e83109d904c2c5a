import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { needs } from "../../../../test/needs.ts";
import { NetlinkSocket } from "../capture/netlink/socket.ts";
import { decodeDevice } from "./device-message.ts";
import { familyOf, NETLINK_GENERIC, readKernelWireguard } from "./generic-netlink.ts";

/** struct nlattr { u16 len; u16 type; } and its value, padded to four bytes. */
function attribute(type: number, ...content: Uint8Array[]): Buffer {
  const value = Buffer.concat(content);
  const bytes = Buffer.alloc((4 + value.length + 3) & ~3);
  bytes.writeUInt16LE(4 + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  value.copy(bytes, 4);
  return bytes;
}
const NESTED = 0x8000;
const key = (fill: number) => Buffer.alloc(32, fill);
const base64 = (fill: number) => key(fill).toString("base64");
const message = (...content: Uint8Array[]) => Buffer.concat([Buffer.alloc(20), ...content]);
const name = attribute(2, Buffer.from("wg0\0"));
const allowed = (family: number, address: number[], mask: number) =>
  attribute(
    NESTED,
    attribute(1, Buffer.from([family, 0])),
    attribute(2, Buffer.from(address)),
    attribute(3, Buffer.from([mask])),
  );
const peer = (fill: number, ...ranges: Buffer[]) =>
  attribute(
    NESTED,
    attribute(1, key(fill)),
    attribute(2, key(0xee)),
    attribute(5, Buffer.alloc(2)),
    attribute(9 | NESTED, ...ranges),
  );
const peers = (...list: Buffer[]) => attribute(8 | NESTED, ...list);

/** Two messages: the second goes on with a peer, and has another. */
const DUMP = [
  message(
    attribute(6, Buffer.from([0x6c, 0xca])),
    attribute(1, Buffer.alloc(4, 1)),
    name,
    attribute(3, key(0xdd)),
    attribute(4, key(1)),
    peers(
      peer(2, allowed(2, [10, 9, 0, 2], 32), allowed(10, [0xfd, 9, ...Array(13).fill(0), 2], 128)),
      peer(3, allowed(2, [10, 20, 0, 0], 16)),
    ),
  ),
  message(name, peers(peer(3, allowed(2, [10, 30, 0, 0], 16)), peer(4))),
];

describe("the kernel's answer about a device", () => {
  it("has its key, its peers, and their addresses", () => {
    expect(decodeDevice(DUMP)).toEqual({
      name: "wg0",
      publicKey: base64(1),
      peers: [
        { publicKey: base64(2), allowedIps: ["10.9.0.2/32", "fd09::2/128"] },
        { publicKey: base64(3), allowedIps: ["10.20.0.0/16", "10.30.0.0/16"] },
        { publicKey: base64(4), allowedIps: [] },
      ],
    });
    // Private and preshared keys.
    for (const secret of [0xdd, 0xee]) expect(JSON.stringify(decodeDevice(DUMP))).not.toContain(base64(secret));
  });

  it("is none without a name or a key", () => {
    expect(decodeDevice([])).toBeNull();
    expect(decodeDevice([message(name)])).toBeNull();
    expect(decodeDevice([message(attribute(4, key(1)))])).toBeNull();
    expect(decodeDevice([message(name, attribute(4, Buffer.alloc(31)))])).toBeNull();
  });

  it("leaves out addresses that are none", () => {
    const odd = [allowed(2, [10, 9, 0], 24), allowed(2, [10, 9, 0, 0], 33), attribute(NESTED), allowed(2, [10, 8, 0, 0], 24)];
    const device = decodeDevice([message(name, attribute(4, key(1)), peers(peer(2, ...odd)))]);
    expect(device?.peers[0]?.allowedIps).toEqual(["10.8.0.0/24"]);
  });

  it("may be anything: it throws nothing, and ends", () => {
    const change = fc.tuple(fc.nat(1), fc.nat(500), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), fc.nat(600), (changes, length) => {
        const messages = DUMP.map((one) => Buffer.from(one));
        for (const [which, at, value] of changes) if (at < (messages[which]?.length ?? 0)) messages[which]?.writeUInt8(value, at);
        decodeDevice(messages.map((one) => one.subarray(0, length)));
      }),
      { numRuns: 3000 },
    );
  });
});

describe.skipIf(!needs("generic netlink", "root"))("the kernel", () => {
  it("says which number a family has", () => {
    const socket = new NetlinkSocket({ family: NETLINK_GENERIC });
    socket.open();
    // The family that tells of families has a fixed one (GENL_ID_CTRL).
    expect(familyOf(socket, Buffer.alloc(1 << 16), "nlctrl")).toBe(0x10);
    expect(familyOf(socket, Buffer.alloc(1 << 16), "nobody's")).toBeNull();
    socket.close();
  });

  it("is asked for its WireGuard: it has none, or has none called so", () => {
    expect(readKernelWireguard(["nm-nobody"]) ?? []).toEqual([]);
  });
});
