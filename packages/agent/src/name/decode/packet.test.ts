import { formatAddress } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { decodePacket, PACKET_WORK, Packet, TCP_SYN } from "./packet.ts";
import { concat, fromHex, placed } from "./testing/messages.ts";
import { tcpPacket, udpPacket } from "./testing/packets.ts";
import { Work } from "./work.ts";

const PAYLOAD = Buffer.from("payload");
const HOP_BY_HOP = 0;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const DESTINATION = 60;
const TCP = 6;
const UDP = 17;

function read(packet: Uint8Array, captured = packet.length): Record<string, unknown> {
  const { bytes, offset, end } = placed(packet);
  const record = new Packet();
  const work = new Work();
  const verdict = decodePacket(bytes, offset, Math.min(end, offset + captured), record, work);
  expect(work.steps).toBeLessThanOrEqual(PACKET_WORK.perByte * captured + PACKET_WORK.fixed);
  if (verdict !== "ok") return { verdict };
  const { src, dst, payloadStart, payloadEnd, ...rest } = record;
  return {
    ...rest,
    src: formatAddress(src),
    dst: formatAddress(dst),
    payload: Buffer.from(bytes.subarray(payloadStart, payloadEnd)).toString("latin1"),
  };
}

const v4 = { src: "192.0.2.1", dst: "198.51.100.2", srcPort: 40_000, dstPort: 443 };
const v6 = { src: "2001:db8::1", dst: "fd0a::2", srcPort: 53, dstPort: 40_001 };
const tcp = { seq: 0xfffffff0, flags: TCP_SYN };

describe("decodePacket", () => {
  it("reads packets of Linux, captured on loopback", () => {
    const udp = fromHex("45000021874240004011b5877f0000017f00000199b69cbb000dfe2068656c6c6f");
    expect(read(udp)).toMatchObject({ src: "127.0.0.1", dst: "127.0.0.1", srcPort: 39350, dstPort: 40123, payload: "hello" });
    const tcp6 = fromHex(
      "600abd4b003006400000000000000000000000000000000100000000000000000000000000000001afe0a8d732075fac1e288dfa80180040003800000101080ab9d4cce3f6f1d3af474554202f20485454502f312e310d0a",
    );
    expect(read(tcp6)).toEqual({
      src: "::1",
      dst: "::1",
      srcPort: 45024,
      dstPort: 43223,
      protocol: TCP,
      tcpSeq: 0x32075fac,
      tcpFlags: 0x18,
      payload: "GET / HTTP/1.1\r\n",
      payloadBytes: 16,
    });
  });

  it.each([v4, v6])("reads TCP of $src", (ends) => {
    expect(read(tcpPacket({ ...ends, ...tcp, payload: PAYLOAD }))).toEqual({
      ...ends,
      protocol: TCP,
      tcpSeq: 0xfffffff0,
      tcpFlags: TCP_SYN,
      payload: "payload",
      payloadBytes: 7,
    });
  });

  it.each([v4, v6])("reads UDP of $src", (ends) => {
    expect(read(udpPacket({ ...ends, payload: PAYLOAD }))).toEqual({
      ...ends,
      protocol: UDP,
      tcpSeq: 0,
      tcpFlags: 0,
      payload: "payload",
      payloadBytes: 7,
    });
  });

  it("steps over options, of IPv4 and of TCP", () => {
    const plain = tcpPacket({ ...v4, ...tcp, payload: PAYLOAD });
    const options = concat([0x46], plain.subarray(1, 20), [1, 1, 1, 1], plain.subarray(20)).with(3, plain.length + 4);
    expect(read(options)).toMatchObject({ srcPort: 40_000, payload: "payload" });
    expect(read(plain.with(32, 0x60))).toMatchObject({ payload: "oad", payloadBytes: 3 });
  });

  it("ends where the packet ended, not where the frame did", () => {
    for (const ends of [v4, v6])
      expect(read(concat(udpPacket({ ...ends, payload: PAYLOAD }), new Uint8Array(20)))).toMatchObject({ payload: "payload" });
  });

  it("says how long the payload was when it is not all there", () => {
    for (const ends of [v4, v6]) {
      const packet = tcpPacket({ ...ends, ...tcp, payload: PAYLOAD });
      expect(read(packet, packet.length - 3)).toMatchObject({ payload: "payl", payloadBytes: 7 });
    }
  });

  it("takes a length of 0 for a large packet that ends with the capture", () => {
    expect(
      read(
        tcpPacket({ ...v4, ...tcp, payload: PAYLOAD })
          .with(2, 0)
          .with(3, 0),
      ),
    ).toMatchObject({ payload: "payload" });
    expect(
      read(
        tcpPacket({ ...v6, ...tcp, payload: PAYLOAD })
          .with(4, 0)
          .with(5, 0),
      ),
    ).toMatchObject({ payload: "payload" });
  });

  it("walks extension headers, also a fragment that is a whole packet", () => {
    const extensions = [
      { type: HOP_BY_HOP, bytes: new Array(8).fill(0) },
      { type: DESTINATION, bytes: [0, 1, ...new Array(14).fill(0)] },
      { type: FRAGMENT, bytes: new Array(8).fill(0) },
      { type: AUTHENTICATION, bytes: [0, 4, ...new Array(22).fill(0)] },
    ];
    expect(read(udpPacket({ ...v6, payload: PAYLOAD, extensions }))).toMatchObject({ ...v6, payload: "payload" });
  });

  it("walks eight extension headers at most", () => {
    const empty = { type: DESTINATION, bytes: new Array(8).fill(0) };
    const packet = (count: number): Uint8Array =>
      udpPacket({ ...v6, payload: PAYLOAD, extensions: new Array(count).fill(empty) });
    expect(read(packet(8))).toMatchObject({ payload: "payload" });
    expect(read(packet(9))).toEqual({ verdict: "malformed" });
  });

  it("refuses fragments, the first as the others", () => {
    const packet = udpPacket({ ...v4, payload: PAYLOAD });
    expect(read(packet.with(6, 0x40)), "don't fragment").toMatchObject({ payload: "payload" });
    expect(read(packet.with(6, 0x20)), "more fragments").toEqual({ verdict: "fragment" });
    expect(read(packet.with(7, 1)), "an offset").toEqual({ verdict: "fragment" });
    for (const [at, value] of [
      [2, 8],
      [3, 1],
    ] as const) {
      const bytes = new Array(8).fill(0).with(at, value);
      expect(read(udpPacket({ ...v6, payload: PAYLOAD, extensions: [{ type: FRAGMENT, bytes }] }))).toEqual({
        verdict: "fragment",
      });
    }
  });

  it("knows what it does not read", () => {
    expect(read(udpPacket({ ...v4, payload: PAYLOAD }).with(9, 1))).toEqual({ verdict: "other_protocol" });
    expect(read(udpPacket({ ...v6, payload: PAYLOAD }).with(6, 50))).toEqual({ verdict: "other_protocol" });
    expect(read(udpPacket({ ...v4, payload: PAYLOAD }).with(0, 0x55))).toEqual({ verdict: "not_ip" });
  });

  it.each([
    ["a header of 16 bytes", udpPacket({ ...v4, payload: PAYLOAD }).with(0, 0x44)],
    ["a packet shorter than its header", udpPacket({ ...v4, payload: PAYLOAD }).with(3, 19)],
    ["a TCP header of 16 bytes", tcpPacket({ ...v4, ...tcp, payload: PAYLOAD }).with(32, 0x40)],
    ["a TCP header longer than the packet", tcpPacket({ ...v4, ...tcp, payload: PAYLOAD }).with(32, 0xf0)],
    ["a UDP length of 7", udpPacket({ ...v4, payload: PAYLOAD }).with(25, 7)],
    ["a UDP length longer than the packet", udpPacket({ ...v4, payload: PAYLOAD }).with(25, 99)],
    ["an IPv6 packet without a payload", udpPacket({ ...v6, payload: PAYLOAD }).with(5, 3)],
  ])("takes %s for malformed", (_, packet) => {
    expect(read(packet)).toEqual({ verdict: "malformed" });
  });

  it("takes a packet for malformed that is cut within its headers", () => {
    for (const ends of [v4, v6]) {
      const packet = tcpPacket({ ...ends, ...tcp, payload: PAYLOAD });
      for (let length = 0; length < packet.length - PAYLOAD.length; length++)
        expect(read(packet, length)).toEqual({ verdict: "malformed" });
    }
  });

  it("leaves nothing of the packet before in the record", () => {
    const record = new Packet();
    const first = tcpPacket({ ...v6, ...tcp, payload: PAYLOAD });
    const second = udpPacket({ ...v4, payload: PAYLOAD });
    for (const packet of [first, second]) expect(decodePacket(packet, 0, packet.length, record, new Work())).toBe("ok");
    const fresh = new Packet();
    decodePacket(second, 0, second.length, fresh, new Work());
    expect(record).toEqual(fresh);
  });
});
