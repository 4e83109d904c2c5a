import { ExcludeRules } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { FlowKey } from "./flow-key.ts";
import { NetworkTable } from "./networks.ts";
import { makeRecord, type RecordSpec } from "./testing/records.ts";
import { address, cidr, MESH, OWN } from "./testing/track.ts";
import { type TrafficConfig, TrafficRules } from "./traffic-rules.ts";

const ALL: TrafficConfig = {
  icmp: true,
  dns: true,
  tunnelPorts: [51820],
  servers: [{ address: address("100.64.0.9"), port: 8443 }],
};
const judge = (spec: RecordSpec, config: Partial<TrafficConfig> = {}, networks = [MESH]): string => {
  const key = new FlowKey();
  const record = makeRecord("new", spec);
  key.setRecord(record);
  const place = new TrafficRules({ ...ALL, ...config }, new NetworkTable(networks, OWN)).judge(key, record);
  return typeof place === "string" ? place : place.network;
};
const udp = (src: string, dst: string): RecordSpec => ({ protocol: 17, src, dst });

describe("Traffic that is not a flow of users", () => {
  it.each([
    ["out over the underlay", udp("192.0.2.10:51820", "198.51.100.7:51820"), "tunnel_transport"],
    ["in over the underlay", udp("198.51.100.7:40123", "192.0.2.10:51820"), "tunnel_transport"],
    ["a peer's listen port only", udp("192.0.2.10:40123", "198.51.100.7:51820"), "tunnel_transport"],
    ["a tunnel in the tunnel", udp("100.64.0.1:51820", "100.64.0.2:51820"), "tunnel_transport"],
    ["a user's port of that number is none", udp("100.64.0.2:51820", "100.64.0.1:53"), "mesh"],
    ["one that is only forwarded is a user's", udp("100.64.0.21:51820", "198.51.100.7:51820"), "mesh"],
    ["TCP is none", { src: "100.64.0.1:51820", dst: "100.64.0.2:51820" }, "mesh"],
  ])("drops the overlay's own transport: %s", (_what, spec, expected) => {
    expect(judge(spec)).toBe(expected);
  });

  it("drops the agent's own upload, and only its own", () => {
    expect(judge({ src: "100.64.0.1:40000", dst: "100.64.0.9:8443" })).toBe("self");
    expect(judge({ src: "192.0.2.10:40000", dst: "100.64.0.9:8443" })).toBe("self");
    expect(judge({ src: "100.64.0.21:40000", dst: "100.64.0.9:8443" })).toBe("mesh");
    expect(judge({ src: "100.64.0.1:40000", dst: "100.64.0.9:443" })).toBe("mesh");
    expect(judge(udp("100.64.0.1:40000", "100.64.0.9:8443"))).toBe("mesh");
  });

  it("does not capture loopback", () => {
    expect(judge({ src: "127.0.0.1:40000", dst: "127.0.0.1:80" })).toBe("loopback");
    expect(judge({ src: "[::1]:40000", dst: "[::1]:80" })).toBe("loopback");
  });

  it.each(["224.0.0.251:5353", "169.254.3.4:80", "255.255.255.255:67"])("leaves %s on its link", (dst) => {
    expect(judge(udp("100.64.0.1:40000", dst))).toBe("not_in_network");
  });
  it.each(["[ff02::fb]:5353", "[fe80::2]:80"])("leaves %s on its link", (dst) => {
    expect(judge(udp("[fd0a::1]:40000", dst))).toBe("not_in_network");
  });

  it("keeps DNS and ICMP unless they are switched off", () => {
    const dns = udp("100.64.0.1:40000", "100.64.0.2:53");
    const echo = { protocol: 1, src: "100.64.0.1", dst: "100.64.0.2", icmp: { type: 8, code: 0, id: 3 } };
    const echo6 = { protocol: 58, src: "fd0a::1", dst: "fd0a::2", icmp: { type: 128, code: 0, id: 3 } };
    expect([judge(dns), judge(echo), judge(echo6)]).toEqual(["mesh", "mesh", "mesh"]);
    expect(judge(dns, { dns: false })).toBe("dns_off");
    expect(judge({ ...dns, protocol: 6 }, { dns: false })).toBe("dns_off");
    expect(judge(dns, { icmp: false })).toBe("mesh");
    expect([judge(echo, { icmp: false }), judge(echo6, { icmp: false })]).toEqual(["icmp_off", "icmp_off"]);
    // What is no flow of a network is not counted as switched off.
    expect(judge(udp("192.0.2.10:40000", "9.9.9.9:53"), { dns: false })).toBe("not_in_network");
  });

  it("leaves out networks that are switched off, and does not take their flows for another network's", () => {
    const out = { src: "100.64.0.1:40000", dst: "100.64.0.2:443" };
    const wider = { ...MESH, id: "wider", ranges: [cidr("100.64.0.0/10")] };
    const networksOff = new Set(["mesh"]);
    expect(judge(out, { networksOff }, [MESH, wider])).toBe("network_off");
    expect(judge(out, { networksOff: new Set(["wider"]) }, [MESH, wider])).toBe("mesh");
    expect(judge({ ...out, src: "192.0.2.10:40000", dst: "192.0.2.11:80" }, { networksOff })).toBe("not_in_network");
  });

  it("knows the transport where the network is the machine's own", () => {
    const local = { ...MESH, id: "local", ranges: [cidr("192.0.2.0/24")] };
    expect(judge(udp("192.0.2.10:51820", "192.0.2.11:51820"), {}, [local])).toBe("tunnel_transport");
  });

  it("drops what has an excluded end, by reason, also where only the translation leads there", () => {
    const exclude = new ExcludeRules({
      ranges: [
        { reason: "excluded_node", ranges: [cidr("100.64.0.7/32")] },
        { reason: "excluded_user", ranges: [cidr("100.64.0.21/32"), cidr("fd0a::21/128")] },
      ],
      domains: [],
    });
    const judged = (spec: RecordSpec) => judge(spec, { exclude });
    expect(judged({ src: "100.64.0.21:4000", dst: "198.51.100.7:443" })).toBe("excluded_user");
    expect(judged({ src: "100.64.0.7:4000", dst: "100.64.0.21:443" })).toBe("excluded_node");
    expect(judged({ src: "[fd0a::1]:4000", dst: "[fd0a::21]:443" })).toBe("excluded_user");
    expect(judged({ src: "100.64.0.22:4000", dst: "198.51.100.7:443" })).toBe("mesh");
    // A published port of a gateway, that is the excluded node's.
    expect(judged({ src: "198.51.100.7:4000", dst: "100.64.0.1:443", replySrc: "100.64.0.7:443" })).toBe("excluded_node");
    // It is none of this network: it is not even counted as excluded.
    expect(judged({ src: "203.0.113.1:4000", dst: "198.51.100.7:443" })).toBe("not_in_network");
  });
});
