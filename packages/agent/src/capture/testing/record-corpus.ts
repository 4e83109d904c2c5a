/**
 * Makes conntrack/fixtures/corpus.json: real messages of this machine's kernel for every kind of traffic that the parser's tests look at.
 * Run as root, rarely: `node packages/agent/src/capture/testing/record-corpus.ts`. The tests' expectations name the addresses and ports of here.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CLIENT, SERVER, Testbed } from "./testbed.ts";

// Protocols that Node has no sockets for: raw IP with perl, which every Debian has. SCTP INIT (RFC 9260 §3.3.2), GRE (RFC 2784), protocol 253 (RFC 3692).
const RAW = (protocol: number, payload: string): string[] => [
  "perl",
  "-MSocket",
  "-e",
  `socket(S, PF_INET, SOCK_RAW, ${protocol}) or die $!; send(S, pack("H*", "${payload}"), 0, pack_sockaddr_in(0, inet_aton("${SERVER.v4}"))) or die $!`,
];
// Ports 40000 → 9999, tag 0, checksum (not looked at: nf_conntrack_checksum=0), INIT chunk of 20 bytes.
const SCTP_INIT = "9c40270f0000000000000000" + "01000014" + "11223344" + "00010000" + "00010001" + "00000001";

const RULES = `
table inet corpus {
 chain pre {
  type filter hook prerouting priority -300;
  ip saddr ${CLIENT.v4} udp dport 5007 ct zone set 7
  ip saddr ${CLIENT.v4} udp dport 5008 ct original zone set 8
 }
 chain marking {
  type filter hook prerouting priority 0;
  udp dport 5007 ct mark set 42
 }
 chain dstnat {
  type nat hook prerouting priority -100;
  tcp dport 8080 dnat ip to ${SERVER.v4}:80
 }
 chain srcnat {
  type nat hook postrouting priority 100;
  ip saddr ${CLIENT.v4} tcp dport 80 masquerade to :50000-50100
 }
}
`;

const bed = new Testbed();
bed.up();
try {
  bed.nft("gateway", RULES);
  for (const name of ["acct", "timestamp", "events"]) bed.setSysctl("gateway", name, 1);
  bed.setSysctl("gateway", "checksum", 0);
  for (const name of ["udp_timeout", "icmp_timeout", "icmpv6_timeout", "generic_timeout", "gre_timeout"])
    bed.setSysctl("gateway", name, 2);
  for (const name of ["time_wait", "close"]) bed.setSysctl("gateway", `tcp_timeout_${name}`, 2);
  for (const name of ["cookie_wait", "closed"]) bed.setSysctl("gateway", `sctp_timeout_${name}`, 2);
  const raw = bed.spawn("gateway", process.execPath, fileURLToPath(new URL("raw-messages.ts", import.meta.url)));
  await raw.find((line) => line.text === "ready");
  const server = bed.traffic("server");
  const client = bed.traffic("client");
  const done = (line: { type: string }): boolean => line.type === "done";
  for (const host of [SERVER.v4, SERVER.v6]) {
    await server.ask({ do: "tcp-listen", host, port: 80 }, done);
    await server.ask({ do: "udp-listen", host, port: 5000 }, done);
  }
  await client.ask({ do: "tcp", host: SERVER.v4, port: 80, word: "finish" }, done);
  await client.ask({ do: "tcp", host: SERVER.v6, port: 80, word: "reset" }, done);
  await client.ask({ do: "tcp", host: "10.77.1.1", port: 8080, word: "finish" }, done);
  await client.ask({ do: "tcp", host: SERVER.v4, port: 443, word: "finish" }, done);
  await client.ask({ do: "udp", host: SERVER.v4, port: 5000, count: 1, pauseMs: 50 }, done);
  await client.ask({ do: "udp", host: SERVER.v6, port: 5000, count: 2, pauseMs: 50 }, done);
  await client.ask({ do: "udp", host: SERVER.v4, port: 5007, count: 1, pauseMs: 50 }, done);
  await client.ask({ do: "udp", host: SERVER.v4, port: 5008, count: 1, pauseMs: 50 }, done);
  bed.run("client", "ping", "-c1", "-q", SERVER.v4);
  bed.run("client", "ping", "-c1", "-q", SERVER.v6);
  bed.run("client", ...RAW(132, SCTP_INIT));
  bed.run("client", ...RAW(47, "0000080045000014"));
  bed.run("client", ...RAW(253, "00"));
  await raw.ask("dump", (line) => line.text === "done dump");
  await new Promise((resolve) => setTimeout(resolve, 3500));
  await raw.ask("dump", (line) => line.text === "done dump"); // a dump makes the kernel remove what has expired
  await raw.ask("events", (line) => line.text === "done events");
  const messages = raw.lines.map((line) => line.text.split(" ")).filter(([kind]) => kind === "event" || kind === "dump");
  const path = fileURLToPath(new URL("../conntrack/fixtures/corpus.json", import.meta.url));
  const kernel = bed.run("gateway", "uname", "-r").trim();
  writeFileSync(path, `${JSON.stringify({ kernel, messages: messages.map(([kind, hex]) => ({ kind, hex })) }, null, 2)}\n`);
  process.stdout.write(`${messages.length} messages → ${path}\n`);
} finally {
  await bed.down();
}
