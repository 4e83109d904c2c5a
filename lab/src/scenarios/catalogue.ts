import { beacon, foreignDns, hostSweep, plainText, portScan, upload } from "./alarms.ts";
import { dns, icmp, udp } from "./datagrams.ts";
import { example1, example3 } from "./examples.ts";
import { denied, filtered, refused } from "./failures.ts";
import { egressLan, outside } from "./lan.ts";
import { mixed } from "./mixed.ts";
import { cdn, dnsOnly, dualStack, ech, http, noSni, splitHello, tls } from "./names.ts";
import { quic } from "./quic.ts";
import type { Scenario } from "./scenario.ts";
import { sctp } from "./sctp.ts";
import { bulk, short, trickle } from "./transfers.ts";

export const scenarios: Readonly<Record<string, Scenario>> = {
  example1,
  example3,
  bulk,
  trickle,
  udp,
  dns,
  icmp,
  refused,
  filtered,
  denied,
  short,
  egress: egressLan,
  outside,
  sctp,
  tls,
  http,
  quic,
  "dns-only": dnsOnly,
  "dual-stack": dualStack,
  cdn,
  "no-sni": noSni,
  ech,
  "split-hello": splitHello,
  "port-scan": portScan,
  "host-sweep": hostSweep,
  beacon,
  upload,
  "plain-text": plainText,
  "foreign-dns": foreignDns,
  mixed,
};
