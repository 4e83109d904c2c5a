import { formatAddress } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { DroppedPacket, decodeDropped } from "./packet.ts";
import { ipPacket, type PacketSpec, ports } from "./testing/packets.ts";

const out = new DroppedPacket();
/** `protocol src:first > dst:second, bytes`; dots for words that are not known. */
function read(spec: PacketSpec, copied?: number): string {
  const packet = ipPacket(spec);
  // Whatever was read before must not show.
  out.key.first = out.key.second = 0xbeef;
  if (!decodeDropped(packet, 0, copied ?? packet.length, out)) return "none";
  const { key, hasTransport, hasIcmpId, totalBytes } = out;
  const word = (known: boolean, value: number) => (known ? value : ".");
  const isIcmp = key.protocol === 1 || key.protocol === 58;
  const first = word(isIcmp ? hasIcmpId : hasTransport, key.first);
  return `${key.protocol} ${formatAddress(key.bytes)}:${first} > ${formatAddress(key.bytes, 16)}:${word(hasTransport, key.second)}, ${totalBytes}`;
}
const V4 = { src: "10.0.0.1", dst: "10.0.0.2" };
const V6 = { src: "fd00::1", dst: "fd00::2" };
const TCP = { protocol: 6, payload: ports(40000, 443), more: 36 };
const options = { type: 0, bytes: [0, 1, 4, 0, 0, 0, 0] };
const fragment = (offset: number) => ({ type: 44, bytes: [0, offset >> 5, (offset << 3) & 255, 0, 0, 0, 1] });

describe("a packet that was dropped", () => {
  it.each<[string, PacketSpec, string]>([
    ["TCP", { ...V4, ...TCP }, "6 10.0.0.1:40000 > 10.0.0.2:443, 60"],
    ["UDP, IPv6", { ...V6, protocol: 17, payload: ports(5, 53) }, "17 fd00::1:5 > fd00::2:53, 44"],
    ["a ping", { ...V4, protocol: 1, payload: [8, 0, 1, 2, 0, 9], more: 58 }, "1 10.0.0.1:9 > 10.0.0.2:2048, 84"],
    ["what a router says", { ...V4, protocol: 1, payload: [3, 13, 1, 2, 9, 9] }, "1 10.0.0.1:. > 10.0.0.2:781, 26"],
    ["a ping, IPv6", { ...V6, protocol: 58, payload: [128, 0, 1, 2, 0, 7] }, "58 fd00::1:7 > fd00::2:32768, 46"],
    ["SCTP", { ...V4, protocol: 132, payload: ports(1, 2) }, "132 10.0.0.1:1 > 10.0.0.2:2, 24"],
    ["ESP", { ...V4, protocol: 50, payload: [1, 2, 3, 4, 5, 6] }, "50 10.0.0.1:. > 10.0.0.2:., 26"],
    ["a first fragment", { ...V4, ...TCP, fragment: 0x2000 }, "6 10.0.0.1:40000 > 10.0.0.2:443, 60"],
    ["a later fragment", { ...V4, ...TCP, fragment: 0x2001 }, "6 10.0.0.1:. > 10.0.0.2:., 60"],
    ["options, IPv6", { ...V6, ...TCP, extensions: [options, { ...options, type: 60 }] }, "6 fd00::1:40000 > fd00::2:443, 96"],
    ["a first fragment, IPv6", { ...V6, ...TCP, extensions: [fragment(0)] }, "6 fd00::1:40000 > fd00::2:443, 88"],
    ["a later fragment, IPv6", { ...V6, ...TCP, extensions: [fragment(9)] }, "6 fd00::1:. > fd00::2:., 88"],
  ])("%s", (_what, spec, expected) => {
    expect(read(spec)).toBe(expected);
  });

  it("is known by its addresses where no more was copied, and not at all where its header was cut", () => {
    expect(read({ ...V4, ...TCP }, 20)).toBe("6 10.0.0.1:. > 10.0.0.2:., 60");
    expect(read({ ...V4, ...TCP }, 23)).toBe("6 10.0.0.1:. > 10.0.0.2:., 60");
    expect(read({ ...V4, ...TCP }, 19)).toBe("none");
    expect(read({ ...V6, ...TCP }, 39)).toBe("none");
    expect(decodeDropped(Buffer.alloc(60), 0, 60, out)).toBe(false);
  });
});
