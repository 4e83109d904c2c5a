import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAddress } from "./address.ts";
import { communityId, communityIdOfFlow } from "./community-id.ts";
import { sha1OneBlock } from "./sha1.ts";

function idOf(protocol: number, src: string, dst: string, first: number | null, second: number | null): string | null {
  const icmp = protocol === 1 || protocol === 58;
  return communityIdOfFlow({
    protocol,
    src_ip: src,
    dst_ip: dst,
    src_port: icmp ? null : first,
    dst_port: icmp ? null : second,
    icmp_type: icmp ? first : null,
    icmp_code: icmp ? second : null,
  });
}

describe("communityId", () => {
  // The design page's three, then the specification's baseline (baseline_deflt.json) and the tests of its reference implementation.
  it.each<[number, string, string, number | null, number | null, string]>([
    [6, "128.232.110.120", "66.35.250.204", 34855, 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="],
    [17, "192.168.1.52", "8.8.8.8", 54585, 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="],
    [1, "192.168.0.89", "192.168.0.1", 8, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="],
    [6, "66.35.250.204", "128.232.110.120", 80, 34855, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="],
    [17, "8.8.8.8", "192.168.1.52", 53, 54585, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="],
    [6, "10.0.0.1", "10.0.0.2", 10, 11569, "1:SXBGMX1lBOwhhoDrZynfROxnhnM="],
    [6, "2001:470:e5bf:dead:4957:2174:e82c:4887", "2607:f8b0:400c:c03::1a", 63943, 25, "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="],
    [6, "2607:f8b0:400c:c03::1a", "2001:470:e5bf:dead:4957:2174:e82c:4887", 25, 63943, "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="],
    [132, "192.168.170.8", "192.168.170.56", 7, 7, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="],
    [132, "192.168.170.56", "192.168.170.8", 7, 7, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="],
    [132, "192.168.170.8", "192.168.170.56", 7, 80, "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ="],
    [132, "192.168.170.56", "192.168.170.8", 80, 7, "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ="],
    // Type 0 is the answer to 8; its code is not looked at.
    [1, "192.168.0.1", "192.168.0.89", 0, 8, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="],
    [1, "192.168.0.1", "192.168.0.89", 0, 20, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="],
    // No answer known: code counts, ends are not ordered.
    [1, "192.168.0.89", "192.168.0.1", 20, 0, "1:3o2RFccXzUgjl7zDpqmY7yJi8rI="],
    [1, "192.168.0.89", "192.168.0.1", 20, 1, "1:tz/fHIDUHs19NkixVVoOZywde+I="],
    [1, "10.0.0.1", "10.0.0.2", 11, 0, "1:YHxtAirCG//0OzkcVAukqKQN9xM="],
    [58, "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 135, 0, "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="],
    [58, "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 136, 0, "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="],
    [58, "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 135, 0, "1:zavyT/cezQr1fmImYCwYnMXbgck="],
    [58, "3ffe:501:1800:2345::2", "3ffe:507:0:1:200:86ff:fe05:80da", 3, 0, "1:2ObVBgIn28oZvibYZhZMBgh7WdQ="],
    [58, "3ffe:501:410:0:2c0:dfff:fe47:33e", "3ffe:507:0:1:200:86ff:fe05:80da", 1, 4, "1:hLZd0XGWojozrvxqE0dWB1iM6R0="],
    [58, "3ffe:507:0:1:200:86ff:fe05:80da", "3ffe:501:0:1001::2", 128, 0, "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg="],
    [58, "3ffe:501:0:1001::2", "3ffe:507:0:1:200:86ff:fe05:80da", 129, 0, "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg="],
    [58, "fe80::200:86ff:fe05:80da", "ff02::2", 133, 0, "1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0="],
    [58, "fe80::260:97ff:fe07:69ea", "ff02::1", 134, 0, "1:pkvHqCL88/tg1k4cPigmZXUtL00="],
    [58, "3ffe:507:0:1:260:97ff:fe07:69ea", "3ffe:507:0:1:200:86ff:fe05:80da", 3, 0, "1:NdobDX8PQNJbAyfkWxhtL2Pqp5w="],
    [58, "3ffe:507:0:1:200:86ff:fe05:80da", "3ffe:507:0:1:260:97ff:fe07:69ea", 3, 0, "1:/OGBt9BN1ofenrmSPWYicpij2Vc="],
    [46, "10.1.24.4", "10.1.12.1", null, null, "1:/nQI4Rh/TtY3mf0R2gJFBkVlgS4="],
    [46, "10.1.12.1", "10.1.24.4", null, null, "1:/nQI4Rh/TtY3mf0R2gJFBkVlgS4="],
    [46, "10.1.12.1", "10.1.12.2", null, null, "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="],
    // Ports of other protocols are no part of it.
    [46, "10.1.12.2", "10.1.12.1", 5, 6, "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="],
  ])("%d %s → %s (%s, %s): %s", (protocol, src, dst, first, second, id) => {
    expect(idOf(protocol, src, dst, first, second)).toBe(id);
  });

  it.each<[number, string, string, number | null, number | null]>([
    [6, "10.0.0.1", "10.0.0.2", null, 80],
    [17, "10.0.0.1", "10.0.0.2", 80, null],
    [1, "10.0.0.1", "10.0.0.2", null, null],
    [6, "10.0.0.1", "fd00::1", 1, 2],
    [6, "debian", "10.0.0.1", 1, 2],
    [6, "10.0.0.1", "inetgw", 1, 2],
  ])("is null for %d %s → %s (%s, %s)", (protocol, src, dst, first, second) => {
    expect(idOf(protocol, src, dst, first, second)).toBeNull();
  });

  it("is the same for both directions, and another for another protocol", () => {
    const address = fc.oneof(fc.ipV4(), fc.constant("10.0.0.1")).map((text) => parseAddress(text) as Uint8Array);
    const port = fc.nat(65_535);
    fc.assert(
      fc.property(fc.constantFrom(6, 17, 132), address, address, port, port, (protocol, srcIp, dstIp, first, second) => {
        const id = communityId({ protocol, srcIp, dstIp, first, second });
        expect(communityId({ protocol, srcIp: dstIp, dstIp: srcIp, first: second, second: first })).toBe(id);
        expect(communityId({ protocol: protocol + 1, srcIp, dstIp, first, second })).not.toBe(id);
      }),
    );
  });
});

describe("sha1OneBlock", () => {
  it("agrees with node:crypto", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 55 }), (bytes) => {
        expect(Buffer.from(sha1OneBlock(bytes)).toString("hex")).toBe(createHash("sha1").update(bytes).digest("hex"));
      }),
    );
  });

  it("refuses what needs a second block", () => {
    expect(() => sha1OneBlock(new Uint8Array(56))).toThrow(RangeError);
  });
});

it("is none where of an end on the internet only its network is kept", () => {
  const flow = {
    protocol: 6,
    src_ip: "10.9.0.22",
    src_port: 1,
    dst_port: 443,
    icmp_type: null,
    icmp_code: null,
    dst_ip: "198.51.100.0",
  } as const;
  expect(communityIdOfFlow({ ...flow, dst_type: "external" })).toBeNull();
  expect(communityIdOfFlow({ ...flow, dst_ip: "2001:db8:1::", src_ip: "fd00::1", dst_type: "external" })).toBeNull();
  expect(communityIdOfFlow({ ...flow, dst_ip: "198.51.100.7", dst_type: "external" })).toMatch(/^1:/);
  expect(communityIdOfFlow({ ...flow, dst_type: "node" })).toMatch(/^1:/);
});
