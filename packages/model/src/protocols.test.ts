import { describe, expect, it } from "vitest";
import { PROTOCOL_KEYWORDS } from "./protocol-numbers.ts";
import { hasPorts, icmpTypeName, isEchoRequest, protocolName, protocolNumber, SCTP, serviceName, TCP, UDP } from "./protocols.ts";

describe("protocol names", () => {
  it.each([
    [0, "HOPOPT"],
    [1, "ICMP"],
    [2, "IGMP"],
    [6, "TCP"],
    [17, "UDP"],
    [20, "HMP"],
    [33, "DCCP"],
    [40, "IL"],
    [41, "IPv6"],
    [47, "GRE"],
    [50, "ESP"],
    [58, "ICMPv6"],
    [60, "IPv6-Opts"],
    [61, "protocol 61"],
    [63, "protocol 63"],
    [68, "protocol 68"],
    [80, "ISO-IP"],
    [89, "OSPFIGP"],
    [99, "protocol 99"],
    [100, "GMTP"],
    [112, "VRRP"],
    [114, "protocol 114"],
    [115, "L2TP"],
    [120, "UTI"],
    [132, "SCTP"],
    [136, "UDPLite"],
    [140, "Shim6"],
    [145, "NSH"],
    [146, "Homa"],
    [147, "protocol 147"],
    [255, "protocol 255"],
  ])("%d: %s", (number, name) => {
    expect(protocolName(number)).toBe(name);
  });

  it("are one for each number from 0 to 146", () => {
    expect(PROTOCOL_KEYWORDS).toHaveLength(147);
    expect(new Set(PROTOCOL_KEYWORDS).size).toBe(147 - 4);
  });

  it("lead back to their number", () => {
    for (let number = 0; number <= 255; number++) expect(protocolNumber(protocolName(number))).toBe(number);
  });

  it.each([
    ["tcp", 6],
    ["UdP", 17],
    ["icmpv6", 58],
    ["IPv6-ICMP", 58],
    ["icmp6", 58],
    ["ospf", 89],
    ["132", 132],
    ["0", 0],
    ["256", null],
    ["-1", null],
    ["", null],
    ["tcp ", null],
    ["https", null],
    ["6.0", null],
    ["0x6", null],
  ])("protocolNumber(%j): %s", (text, number) => {
    expect(protocolNumber(text)).toBe(number);
  });

  it("tells who has ports", () => {
    expect([...Array(256).keys()].filter(hasPorts)).toEqual([6, 17, 33, 132, 136]);
  });
});

describe("serviceName", () => {
  it.each([
    [TCP, 22, "ssh"],
    [TCP, 25, "smtp"],
    [TCP, 80, "http"],
    [TCP, 443, "https"],
    [UDP, 443, "https"],
    [SCTP, 443, "https"],
    [UDP, 53, "dns"],
    [TCP, 53, "dns"],
    [UDP, 123, "ntp"],
    [UDP, 514, "syslog"],
    [TCP, 514, "shell"],
    [TCP, 853, "dns-tls"],
    [TCP, 3306, "mysql"],
    [TCP, 5432, "postgresql"],
    [TCP, 6379, "redis"],
    [TCP, 6443, "kube-api"],
    [TCP, 8123, "clickhouse-http"],
    [TCP, 9000, "clickhouse"],
    [TCP, 9090, "prometheus"],
    [TCP, 27017, "mongodb"],
    [UDP, 51820, "wireguard"],
    [SCTP, 38412, "ng-control"],
    [TCP, 51820, null],
    [TCP, 0, null],
    [TCP, 65535, null],
    [TCP, null, null],
    [1, 443, null],
    [47, 80, null],
  ])("%d/%s: %s", (protocol, port, name) => {
    expect(serviceName(protocol, port)).toBe(name);
  });

  it("has a sane name for every port that it names", () => {
    let names = 0;
    for (const protocol of [TCP, UDP, SCTP]) {
      for (let port = 0; port < 65_536; port++) {
        const name = serviceName(protocol, port);
        if (name === null) continue;
        names++;
        expect(name).toMatch(/^[a-z0-9][a-z0-9*_.+/-]*$/);
        expect(port).toBeGreaterThan(0);
      }
    }
    expect(names).toBeGreaterThan(1500);
  });
});

describe("ICMP", () => {
  it.each([
    [1, 8, "echo request"],
    [1, 3, "destination unreachable"],
    [1, 7, null],
    [58, 128, "echo request"],
    [58, 8, null],
    [58, 135, "neighbor solicitation"],
    [6, 8, null],
    [1, null, null],
  ])("type of %d/%s: %s", (protocol, type, name) => {
    expect(icmpTypeName(protocol, type)).toBe(name);
  });

  it("knows a ping", () => {
    expect([isEchoRequest(1, 8), isEchoRequest(58, 128)]).toEqual([true, true]);
    expect([isEchoRequest(1, 0), isEchoRequest(58, 8), isEchoRequest(6, 8), isEchoRequest(1, null)]).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
