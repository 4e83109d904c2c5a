/** The compiled filter and the sockets in a real kernel: what is taken and what is not. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { needs } from "../../../../../test/needs.ts";
import { asNobody } from "../../../../../test/nobody.ts";
import type { Line, LineProcess } from "../testing/line-process.ts";
import { SERVER, Testbed } from "../testing/testbed.ts";

/** Sends one datagram, or writes one text or several to a TCP server that reads everything. `from`: the port on our side. */
const SEND = `
import socket, sys, time
kind, host, port, source = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
family = socket.AF_INET6 if ":" in host else socket.AF_INET
parts = [bytes.fromhex(part) for part in sys.argv[5:]]
s = socket.socket(family, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
if source: s.bind(("", source))
if kind == "udp":
    for part in parts: s.sendto(part, (host, port))
else:
    s.connect((host, port))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for part in parts:
        s.send(part)
        if len(parts) > 1: time.sleep(0.05)
s.close()
`;
const LISTEN = `
import socket, sys, threading
def serve(s):
    while True:
        c, _ = s.accept()
        threading.Thread(target=lambda: [None for _ in iter(lambda: c.recv(65536), b"")], daemon=True).start()
for port in [int(p) for p in sys.argv[1:]]:
    s = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    threading.Thread(target=serve, args=(s,), daemon=True).start()
print('{"type":"listening"}', flush=True)
threading.Event().wait()
`;

const text = (ascii: string): string => Buffer.from(ascii, "latin1").toString("hex");
/** A record of a ClientHello as far as the filter looks, its body marked. */
const hello = (mark: string, bytes = 300): string => `16030101000100${text(mark)}`.padEnd(bytes * 2, "ab");
const initial = (first: string, version: string, mark: string): string => `${first}${version}08${text(mark)}`.padEnd(2400, "cd");

describe.skipIf(!needs("the packet tap in network namespaces", "root"))("PacketTap", () => {
  const bed = new Testbed();
  let tap: LineProcess;

  beforeAll(async () => {
    bed.up();
    const far = bed.spawn("server", "python3", "-c", LISTEN, "53", "80", "443", "4433", "5353", "25");
    await far.find((line) => line.type === "listening");
    // As on a router: each packet comes in on one interface and goes out on the other; we listen to one.
    tap = bed.spawn("gateway", ...tapCommand({ interfaces: ["eth1", "lo"] }));
    await tap.find((line) => line.type === "started");
  });
  afterAll(() => bed.down());

  const tapCommand = (config: object, wrapper: string[] = []): string[] => [
    ...wrapper,
    process.execPath,
    new URL("../testing/tap-process.ts", import.meta.url).pathname,
    JSON.stringify(config),
  ];
  const send = (kind: "udp" | "tcp", to: string, port: number, source: number, ...parts: string[]): void => {
    bed.run("client", "python3", "-c", SEND, kind, to, String(port), String(source), ...parts);
  };
  const isPacket = (mark: string) => (line: Line) => line.type === "packet" && line.text.includes(text(mark));
  const seen = (mark: string): boolean => tap.lines.some(isPacket(mark));
  /** Everything that was sent before has been looked at when this one is here. */
  const flush = async (mark: string): Promise<void> => {
    send("udp", SERVER.v4, 9999, 53, text(mark));
    await tap.find(isPacket(mark));
  };

  it.each([
    ["IPv4", SERVER.v4],
    ["IPv6", SERVER.v6],
  ])("takes what carries names, and nothing else, of %s", async (family, to) => {
    const m = (name: string): string => `${family}-${name}`;
    send("udp", to, 40000, 53, text(m("dns")));
    send("tcp", to, 4433, 0, hello(m("hello")));
    send("tcp", to, 80, 0, text(`GET / HTTP/1.1\r\nX: ${m("get")}\r\n`));
    send("tcp", to, 80, 0, text(`PATCH / HTTP/1.1\r\nX: ${m("patch")}\r\n`));
    send("udp", to, 443, 0, initial("c3", "00000001", m("quic1")));
    send("udp", to, 443, 0, initial("d3", "6b3343cf", m("quic2")));
    send("tcp", to, 443, 0, hello(m("head"), 900), text(`${m("rest")} of the hello`));
    send("tcp", to, 5353, 53, text(m("dns-tcp")));
    send("udp", to, 53, 0, text(m("query")));
    send("tcp", to, 53, 0, text(m("query-tcp")));
    for (const mark of ["query", "query-tcp", "dns", "hello", "get", "patch", "quic1", "quic2", "head", "rest", "dns-tcp"]) {
      await tap.find(isPacket(m(mark)));
    }

    send("udp", to, 443, 0, initial("e3", "00000001", m("handshake")));
    send("udp", to, 443, 0, initial("c3", "00000002", m("version")));
    send("udp", to, 443, 0, `40${text(m("short header"))}`);
    send("udp", to, 4433, 0, initial("c3", "00000001", m("other port")));
    send("tcp", to, 443, 0, `1703030100${text(m("data"))}`);
    send("tcp", to, 443, 0, `1603030100${"02"}${text(m("server hello"))}`);
    send("tcp", to, 443, 0, text(m("bulk")).padEnd(6000, "ee"));
    send("tcp", to, 25, 0, text(`EHLO ${m("mail")}`));
    send("tcp", to, 80, 0, text(`HTTP/1.1 200 OK\r\nX: ${m("answer")}\r\n`));
    await flush(m("end"));
    for (const mark of ["handshake", "version", "short header", "other port", "data", "server hello", "mail", "answer"]) {
      expect(seen(m(mark)), mark).toBe(false);
    }
  });

  it("looks at ports of QUIC that it is told, and hears loopback", async () => {
    const other = bed.spawn("gateway", ...tapCommand({ interfaces: ["lo"], quicPorts: [443, 8443] }));
    await other.find((line) => line.type === "started");
    bed.run("gateway", "python3", "-c", SEND, "udp", "127.0.0.1", "8443", "0", initial("c3", "00000001", "on lo"));
    await other.find((line) => line.type === "packet" && line.text.startsWith("lo 45"));
  });

  it("says when a packet came, by the kernel's clock, however late it is read", async () => {
    const before = Date.now();
    tap.tell("block 1500");
    send("udp", SERVER.v4, 40000, 53, text("stamped"));
    const sentMs = Date.now();
    const line = (await tap.find(isPacket("stamped"))) as Line & { atMs: number };
    expect(line.atMs).toBeGreaterThanOrEqual(before);
    expect(line.atMs).toBeLessThanOrEqual(sentMs);
  });

  it("counts what the kernel drops as the queue is full, and goes on", async () => {
    const small = bed.spawn("gateway", ...tapCommand({ interfaces: ["eth1"], receiveBufferBytes: 4096 }));
    await small.find((line) => line.type === "started");
    small.tell("block 2000");
    send("udp", SERVER.v4, 40000, 53, ...Array.from({ length: 20 }, (_, i) => text(`flood ${i}`).padEnd(2000, "00")));
    const { stats } = await small.ask("stats", (line) => line.type === "stats");
    expect(stats.overruns).toBeGreaterThan(0);
    send("udp", SERVER.v4, 40000, 53, text("after the flood"));
    await small.find(isPacket("after the flood"));
  });

  it("has no more memory for all queues than it may, however many there are", async () => {
    const many = bed.spawn("gateway", ...tapCommand({ interfaces: ["eth1", "eth2", "lo"], allReceiveBufferBytes: 600_000 }));
    await many.find((line) => line.type === "started");
    // Of this tap's sockets; the kernel doubles what it is told.
    const sizes = (bytes: number): number => bed.run("gateway", "ss", "-0", "-m").split(`,rb${2 * bytes},`).length - 1;
    expect(sizes(200_000)).toBe(3);
    await many.ask("interfaces eth1 eth2", (line) => line.type === "done");
    expect([sizes(200_000), sizes(300_000)]).toEqual([0, 2]);
  });

  it("joins an interface that comes back as another, and leaves one that is no longer wanted", async () => {
    const changing = bed.spawn("gateway", ...tapCommand({ interfaces: ["eth1", "later0"] }));
    expect((await changing.find((line) => line.type === "started")).message).toBe("");
    const interfaces = async (): Promise<string> => (await changing.ask("stats", (line) => line.type === "stats")).text;
    expect(await interfaces()).toBe("eth1");
    bed.run("gateway", "ip", "link", "add", "later0", "type", "veth", "peer", "name", "later1");
    await changing.ask("interfaces eth1 later0", (line) => line.type === "done");
    expect(await interfaces()).toBe("eth1 later0");
    bed.run("gateway", "ip", "link", "set", "later0", "up");
    bed.run("gateway", "ip", "link", "set", "later1", "up");
    bed.run("gateway", "ip", "link", "set", "later0", "down");
    bed.run("gateway", "ip", "link", "del", "later0");
    await changing.ask("interfaces eth1 later0", (line) => line.type === "done");
    expect(await interfaces()).toBe("eth1");
    await changing.ask("interfaces", (line) => line.type === "done");
    expect(await interfaces()).toBe("");
  });

  it("says what is missing without CAP_NET_RAW", async () => {
    const poor = bed.spawn("gateway", ...tapCommand({ interfaces: ["eth1"] }, asNobody("net_admin")));
    const { message } = await poor.find((line) => line.type === "started");
    expect(message).toMatch(/^eth1: names need CAP_NET_RAW: run the agent as root.*socket\(AF_PACKET\): Operation not permitted/);
  });
});
