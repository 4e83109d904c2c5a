import type { FlowJson } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { bytesText, durationText, endpointText, endText, exactBytesText, protocolText, volumes, volumeTip } from "./describe.ts";
import { exampleFlow } from "./testing.ts";

const inbound = { direction: "ingress", reporter: "inetgw", role: "responder" } as const;
const shown = (flow: FlowJson, view: "all" | "merged") =>
  volumes(flow, view).map(({ sign, bytes }) => `${sign} ${bytesText(bytes)}`);

describe("the Traffic column", () => {
  it.each<[string, FlowJson, string[]]>([
    ["example 1: Inbound at the destination", exampleFlow(inbound), ["↓ 60 B", "↑ 40 B"]],
    ["example 2: the same, Outbound at the source", exampleFlow(), ["↓ 40 B", "↑ 60 B"]],
    [
      "example 3: a user's traffic, Inbound at the gateway",
      exampleFlow({ ...inbound, role: "forwarder", src_bytes: 2417, dst_bytes: 4127 }),
      ["↓ 2.36 KiB", "↑ 4.03 KiB"],
    ],
  ])("is seen from the reporter where all reports are shown: %s", (_, flow, expected) => {
    expect(shown(flow, "all")).toEqual(expected);
  });

  it("is seen from the two ends in the view of connections, whoever reports", () => {
    expect(shown(exampleFlow(), "merged")).toEqual(["→ 60 B", "← 40 B"]);
    expect(shown(exampleFlow(inbound), "merged")).toEqual(["→ 60 B", "← 40 B"]);
  });

  it("does not take unknown for zero", () => {
    expect(shown(exampleFlow({ src_bytes: null, dst_bytes: 0 }), "merged")).toEqual(["→ –", "← 0 B"]);
    expect(exactBytesText(null)).toBe("not known");
  });

  it("says exact bytes on hover, of the source", () => {
    expect(volumeTip(exampleFlow(inbound))).toBe("debian sent 60 bytes and received 40 bytes");
    expect(volumeTip(exampleFlow({ src_bytes: "9007199254740993" }))).toContain("9,007,199,254,740,993 bytes");
  });
});

describe("an end", () => {
  const external = { dst_type: "external", dst_name: null, dst_ip: "20.26.156.215" } as const;
  it.each<[string, Partial<FlowJson>, "src" | "dst", ReturnType<typeof endText>]>([
    ["a node", {}, "dst", { main: "inetgw", field: "name", extra: null, endpoint: "100.102.137.4:443" }],
    [
      "an external address with a domain: the domain first",
      { ...external, domain: "github.com" },
      "dst",
      { main: "github.com", field: "domain", extra: null, endpoint: "20.26.156.215:443" },
    ],
    [
      "an external address without",
      external,
      "dst",
      { main: "20.26.156.215", field: "ip", extra: null, endpoint: "20.26.156.215:443" },
    ],
    [
      "a user: the e-mail, and the device",
      { src_type: "user", src_name: "majdi@netmaker.io", src_device: "laptop" },
      "src",
      { main: "majdi@netmaker.io", field: "name", extra: "laptop", endpoint: "100.102.137.9:44006" },
    ],
    [
      "a host behind an egress route",
      { dst_type: "egress_route", dst_name: "office", domain: "wiki.corp", dst_ip: "10.20.0.5" },
      "dst",
      { main: "wiki.corp", field: "domain", extra: "office", endpoint: "10.20.0.5:443" },
    ],
    [
      "a source never gets the destination's domain",
      { src_type: "external", src_name: null, domain: "github.com" },
      "src",
      { main: "100.102.137.9", field: "ip", extra: null, endpoint: "100.102.137.9:44006" },
    ],
  ])("%s", (_, change, end, expected) => {
    expect(endText(exampleFlow(change), end)).toEqual(expected);
  });

  it("writes IPv6 so that the port can be told from the address", () => {
    expect(endpointText("fd00::9", 443)).toBe("[fd00::9]:443");
    expect(endpointText("fd00::9", null)).toBe("fd00::9");
  });
});

describe("Protocol & Port", () => {
  it.each<[Partial<FlowJson>, string, string]>([
    [{}, "TCP 443", "https"],
    [{ protocol: 17, dst_port: 53 }, "UDP 53", "dns"],
    [{ dst_port: 45678 }, "TCP 45678", ""],
    [{ protocol: 1, dst_port: null, src_port: null, icmp_type: 8 }, "ICMP", "echo request"],
    [{ protocol: 58, dst_port: null, icmp_type: 200 }, "ICMPv6", "type 200"],
    [{ protocol: 47, dst_port: null }, "GRE", ""],
  ])("%o", (change, main, below) => {
    expect(protocolText(exampleFlow(change))).toEqual({ main, below });
  });
});

it("tells how long a flow lived, by its newest counters while it is open", () => {
  const times = { start: "2026-11-22T09:50:40.000Z", last_seen: "2026-11-22T09:50:52.000Z", end: null, state: "open" } as const;
  expect(durationText(exampleFlow(times))).toBe("12 s");
});
