import { describe, expect, it } from "vitest";
import { type ExplainedFlow, explainFlow, participantName } from "./sentence.ts";

/** A closed, answered TCP connection of 12 s between two nodes, as one of them reports it. */
const base: ExplainedFlow = {
  reporter: "debian",
  role: "initiator",
  protocol: 6,
  src_ip: "100.102.137.9",
  src_port: 44006,
  dst_ip: "100.102.137.4",
  dst_port: 443,
  icmp_type: null,
  nat_src_ip: null,
  nat_src_port: null,
  nat_dst_ip: null,
  nat_dst_port: null,
  src_bytes: 2417,
  dst_bytes: 4127,
  src_packets: 12,
  dst_packets: 10,
  start_exact: true,
  start: "2026-11-22T09:50:40.000Z",
  last_seen: "2026-11-22T09:50:52.000Z",
  end: "2026-11-22T09:50:52.000Z",
  state: "closed",
  end_reason: "finished",
  verdict: "answered",
  rule: null,
  src_type: "node",
  src_name: "debian",
  src_device: null,
  dst_type: "node",
  dst_name: "inetgw",
  dst_device: null,
  domain: null,
};

const SENT = "debian sent 2.36 KiB and received 4.03 KiB.";
const instant = { last_seen: base.start, end: base.start } as const;
/** What `nc -z` to a closed port gives: a SYN and its RST. */
const refused = {
  ...instant,
  verdict: "refused",
  end_reason: "reset",
  src_bytes: 60,
  dst_bytes: 40,
  src_packets: 1,
  dst_packets: 1,
} as const;
const open = { state: "open", end: null, end_reason: null } as const;
const icmp = { protocol: 1, src_port: null, dst_port: null, icmp_type: 8, end_reason: "timeout" } as const;
const udp = { protocol: 17, dst_port: 53, end_reason: "timeout" } as const;
const silent = { dst_bytes: 0, dst_packets: 0 } as const;
const external = { dst_type: "external", dst_name: null, dst_ip: "203.0.113.10" } as const;
const user = { src_type: "user", src_name: "majdi@netmaker.io", src_ip: "100.102.137.21", src_port: 38532 } as const;

describe("explainFlow", () => {
  it.each<[string, Partial<ExplainedFlow>, string]>([
    [
      "the page's example 1: the responder's report of a refused port",
      { ...refused, reporter: "inetgw", role: "responder" },
      "debian tried TCP 443 (https) on inetgw: refused. debian sent 60 B and received 40 B.",
    ],
    [
      "the page's example 2: the initiator's report of the same",
      refused,
      "debian tried TCP 443 (https) on inetgw: refused. debian sent 60 B and received 40 B.",
    ],
    [
      "the page's example 3: a user to an external address through the gateway",
      { ...user, reporter: "inetgw", role: "forwarder", dst_type: "external", dst_name: null, dst_ip: "34.160.111.145" },
      "majdi@netmaker.io connected to 34.160.111.145 on TCP 443 (https) through inetgw for 12 s. majdi@netmaker.io sent 2.36 KiB and received 4.03 KiB.",
    ],
    ["closed and answered", {}, `debian connected to inetgw on TCP 443 (https) for 12 s. ${SENT}`],
    ["over within the same millisecond", instant, `debian connected to inetgw on TCP 443 (https). ${SENT}`],
    ["reset", { end_reason: "reset" }, `debian connected to inetgw on TCP 443 (https) for 12 s, then it was reset. ${SENT}`],
    [
      "timed out",
      { end_reason: "timeout" },
      `debian connected to inetgw on TCP 443 (https) for 12 s, then it went silent. ${SENT}`,
    ],
    [
      "flushed by hand",
      { end_reason: "removed" },
      `debian connected to inetgw on TCP 443 (https) for 12 s, until its tracking entry was removed. ${SENT}`,
    ],
    [
      "cut by the agent's end",
      { end_reason: "agent_stopped" },
      `debian connected to inetgw on TCP 443 (https) for 12 s, until the agent stopped. ${SENT}`,
    ],
    [
      "open and answered",
      { ...open, dst_port: 22, last_seen: "2026-11-22T11:55:40.000Z" },
      "debian is connected to inetgw on TCP 22 (ssh), for 2 h 5 min so far. So far debian sent 2.36 KiB and received 4.03 KiB.",
    ],
    [
      "open, nothing came back yet",
      { ...open, ...silent, verdict: null, src_bytes: 60 },
      "debian is trying TCP 443 (https) on inetgw: no answer so far. So far debian sent 60 B and received nothing.",
    ],
    [
      "open without a verdict, both spoke",
      { ...open, verdict: null },
      "debian is in contact with inetgw on TCP 443 (https), for 12 s so far. So far debian sent 2.36 KiB and received 4.03 KiB.",
    ],
    ["closed without a verdict, both spoke", { verdict: null }, `debian contacted inetgw on TCP 443 (https) for 12 s. ${SENT}`],
    [
      "closed without a verdict, one spoke",
      { ...silent, verdict: null },
      "debian tried TCP 443 (https) on inetgw: no answer was seen. debian sent 2.36 KiB and received nothing.",
    ],
    [
      "unanswered",
      { ...silent, verdict: "unanswered", src_bytes: 180, end_reason: "timeout" },
      "debian tried TCP 443 (https) on inetgw: no answer. debian sent 180 B and received nothing.",
    ],
    [
      "lost",
      { state: "lost", end: null, end_reason: null },
      "debian connected to inetgw on TCP 443 (https). Its end is not known: nothing was heard of it after 12 s. debian sent at least 2.36 KiB and received at least 4.03 KiB.",
    ],
    [
      "denied by a rule",
      { ...instant, verdict: "denied", rule: "ft-drop: ", src_bytes: 180, src_packets: 3, dst_bytes: null, dst_packets: null },
      "debian tried TCP 443 (https) on inetgw: denied by the firewall rule “ft-drop:”. 3 packets (180 B) were dropped.",
    ],
    [
      "denied, one packet, no prefix",
      { ...instant, verdict: "denied", src_bytes: null, src_packets: 1, dst_bytes: null, dst_packets: null },
      "debian tried TCP 443 (https) on inetgw: denied by a firewall rule. 1 packet was dropped.",
    ],
    ["UDP", udp, `debian talked to inetgw on UDP 53 (dns) for 12 s. ${SENT}`],
    [
      "UDP, open",
      { ...udp, ...open },
      "debian is talking to inetgw on UDP 53 (dns), for 12 s so far. So far debian sent 2.36 KiB and received 4.03 KiB.",
    ],
    ["UDP, refused", { ...udp, verdict: "refused" }, `debian tried UDP 53 (dns) on inetgw: refused. ${SENT}`],
    ["a port without a name", { dst_port: 45678 }, `debian connected to inetgw on TCP 45678 for 12 s. ${SENT}`],
    ["SCTP", { protocol: 132, dst_port: 38412 }, `debian connected to inetgw on SCTP 38412 (ng-control) for 12 s. ${SENT}`],
    ["a ping", icmp, `debian pinged inetgw for 12 s. ${SENT}`],
    [
      "a ping, going on",
      { ...icmp, ...open },
      "debian is pinging inetgw, for 12 s so far. So far debian sent 2.36 KiB and received 4.03 KiB.",
    ],
    [
      "a ping over IPv6, unanswered",
      { ...icmp, ...silent, protocol: 58, icmp_type: 128, verdict: "unanswered" },
      "debian pinged inetgw: no answer. debian sent 2.36 KiB and received nothing.",
    ],
    ["another ICMP message", { ...icmp, ...instant, icmp_type: 13 }, `debian sent ICMP timestamp request to inetgw. ${SENT}`],
    [
      "an ICMP type without a name",
      { ...icmp, ...instant, protocol: 58, icmp_type: 200 },
      `debian sent ICMPv6 type 200 to inetgw. ${SENT}`,
    ],
    ["ICMP of an unknown type", { ...icmp, ...instant, icmp_type: null }, `debian sent ICMP to inetgw. ${SENT}`],
    [
      "a protocol without ports",
      { protocol: 47, src_port: null, dst_port: null },
      `debian talked to inetgw over GRE for 12 s. ${SENT}`,
    ],
    [
      "a protocol without a name, unanswered",
      { ...silent, protocol: 200, src_port: null, dst_port: null, verdict: "unanswered" },
      "debian tried to reach inetgw over protocol 200: no answer. debian sent 2.36 KiB and received nothing.",
    ],
    [
      "a protocol without ports, nothing came back yet",
      { ...open, ...silent, protocol: 47, src_port: null, dst_port: null, verdict: null },
      "debian is trying to reach inetgw over GRE: no answer so far. So far debian sent 2.36 KiB and received nothing.",
    ],
    [
      "an external domain",
      { ...user, ...external, src_device: "laptop", domain: "github.com", role: "forwarder", reporter: "inetgw" },
      "majdi@netmaker.io on laptop connected to github.com on TCP 443 (https) through inetgw for 12 s. majdi@netmaker.io sent 2.36 KiB and received 4.03 KiB.",
    ],
    [
      "no counters",
      { src_bytes: null, dst_bytes: null },
      "debian connected to inetgw on TCP 443 (https) for 12 s. How much was sent is not known.",
    ],
    [
      "one counter",
      { dst_bytes: null },
      "debian connected to inetgw on TCP 443 (https) for 12 s. debian sent 2.36 KiB; how much it received is not known.",
    ],
    [
      "the other counter",
      { src_bytes: null },
      "debian connected to inetgw on TCP 443 (https) for 12 s. debian received 4.03 KiB; how much it sent is not known.",
    ],
    [
      "counters as strings",
      { src_bytes: "9007199254740993", dst_bytes: "0" },
      "debian connected to inetgw on TCP 443 (https) for 12 s. debian sent 8192.00 TiB and received nothing.",
    ],
    [
      "source NAT",
      { ...external, nat_src_ip: "198.51.100.4", nat_src_port: 61000, nat_dst_ip: "203.0.113.10", nat_dst_port: 443 },
      `debian connected to 203.0.113.10 on TCP 443 (https) for 12 s. ${SENT} The destination saw it come from 198.51.100.4:61000.`,
    ],
    [
      "destination NAT",
      { nat_dst_ip: "fd00::5", nat_dst_port: 8443 },
      `debian connected to inetgw on TCP 443 (https) for 12 s. ${SENT} The traffic was sent on to [fd00::5]:8443.`,
    ],
    [
      "NAT of a ping",
      { ...icmp, ...external, nat_src_ip: "198.51.100.4" },
      `debian pinged 203.0.113.10 for 12 s. ${SENT} The destination saw it come from 198.51.100.4.`,
    ],
    [
      "NAT columns that repeat the tuple",
      { nat_src_ip: base.src_ip, nat_src_port: base.src_port },
      `debian connected to inetgw on TCP 443 (https) for 12 s. ${SENT}`,
    ],
    [
      "older than the agent",
      { start_exact: false },
      `debian connected to inetgw on TCP 443 (https) for 12 s. ${SENT} It is older than the agent: when it really began is not known.`,
    ],
    [
      "an address that is nobody's",
      { ...refused, src_type: "unknown", src_name: null, src_ip: "100.102.137.77" },
      "100.102.137.77 (nobody's address) tried TCP 443 (https) on inetgw: refused. 100.102.137.77 sent 60 B and received 40 B.",
    ],
  ])("%s", (_, changes, sentence) => {
    expect(explainFlow({ ...base, ...changes })).toBe(sentence);
  });
});

describe("participantName", () => {
  it.each<[Partial<ExplainedFlow>, string]>([
    [{}, "inetgw"],
    [{ dst_name: null }, "100.102.137.4"],
    [{ dst_type: "user", dst_name: "ana@x", dst_device: "laptop" }, "ana@x on laptop"],
    [{ dst_type: "extclient", dst_name: "phone" }, "config file phone"],
    [{ dst_type: "egress_route", dst_name: "office", dst_ip: "10.20.0.5" }, "10.20.0.5 (egress route office)"],
    [{ dst_type: "egress_route", dst_name: "office", domain: "wiki.corp" }, "wiki.corp (egress route office)"],
    [{ dst_type: "egress_route", dst_name: null, dst_ip: "10.20.0.5" }, "10.20.0.5"],
    [{ ...external, domain: "github.com" }, "github.com"],
    [{ ...external, dst_ip: "2001:db8::1" }, "2001:db8::1"],
    [{ domain: "app.example.com" }, "inetgw"],
  ])("of a destination %o: %s", (changes, name) => {
    expect(participantName({ ...base, ...changes }, "dst")).toBe(name);
  });

  it("never gives the destination's domain to the source", () => {
    expect(
      participantName({ ...base, src_type: "external", src_name: null, src_ip: "203.0.113.9", domain: "github.com" }, "src"),
    ).toBe("203.0.113.9");
  });
});
