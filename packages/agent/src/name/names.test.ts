/** Packets in, names of flows out, with every clock in the test's hand. */
import { ExcludeRules, parseAddress, parseCidr } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { TCP_TIME_WAIT } from "../capture/conntrack/states.ts";
import { FlowKey } from "../track/flow-key.ts";
import { EXCLUDED_DOMAIN, type FoundName, type NamedFlow } from "../track/flow-names.ts";
import { T0, Track } from "../track/testing/track.ts";
import { answer, query } from "./decode/testing/dns-message.ts";
import { concat, message, messages, word } from "./decode/testing/messages.ts";
import { tcpPacket, udpPacket } from "./decode/testing/packets.ts";
import { initialPacket } from "./decode/testing/quic-packet.ts";
import { Names } from "./names.ts";
import { type NameMode, NamePolicy } from "./policy.ts";

const address = (text: string): Uint8Array => parseAddress(text)!;
const range = (text: string) => parseCidr(text)!;
const CLIENT = "100.64.0.2";
const FAR = "198.51.100.7";
const RESOLVER = "203.0.113.53";
const RESOLVER_V6 = "2001:db8::53";
const QUIC = { src: CLIENT, dst: FAR, srcPort: 4000, dstPort: 443 };
const MINUTE = 60_000;
const PUSH_ACK = 0x18;

interface FlowSpec {
  src?: string;
  dst?: string;
  srcPort?: number;
  dstPort?: number;
  protocol?: number;
  at?: number;
  endAt?: number;
  natSrc?: string;
  network?: string;
}

class Bench {
  readonly names: Names;
  #slot = 0;

  constructor(mode: NameMode = "full", exclude: string[] = [], domains: string[] = []) {
    this.names = new Names(() => this.monotonicMs);
    this.policy(mode, exclude, true, domains);
  }
  monotonicMs = 0;

  policy(mode: NameMode, exclude: string[] = [], forget = true, domains: string[] = []): void {
    const network = { id: "mesh", ranges: [range("100.64.0.0/16"), range("fd0a::/64")], egress: [], members: [] };
    const interfaces = [
      { name: "wg0", addresses: ["100.64.0.1", "fd0a::1"].map((text) => ({ bytes: address(text) })) },
      { name: "eth0", addresses: [{ bytes: address("192.0.2.10") }] },
    ];
    const rules = new ExcludeRules({ ranges: [{ reason: "excluded", ranges: exclude.map(range) }], domains });
    const config = { networks: [network], modeOf: () => mode, interfaces, exclude: rules };
    this.names.setPolicy(new NamePolicy(config), forget);
  }

  packet(bytes: Uint8Array, at = 0): this {
    this.names.packets.onPacket(concat([0, 0, 0], bytes, [0, 0, 0]), 3, 3 + bytes.length, at, "wg0");
    return this;
  }

  dns(name: string, to = CLIENT, { at = 0, ttlS = 60, given = FAR } = {}): this {
    const resolver = to.includes(":") ? RESOLVER_V6 : RESOLVER;
    const [question, payload] = [query(name, given.includes(":") ? 28 : 1), answerOf(name, given, ttlS)];
    this.packet(udpPacket({ src: to, dst: resolver, srcPort: 4000, dstPort: 53, payload: question }), at);
    return this.packet(udpPacket({ src: resolver, dst: to, srcPort: 53, dstPort: 4000, payload }), at);
  }

  tcp(payload: Uint8Array, spec: FlowSpec & { seq?: number } = {}): this {
    const { src = CLIENT, dst = FAR, srcPort = 4000, dstPort = 443, at = 0, seq = 1 } = spec;
    return this.packet(tcpPacket({ src, dst, srcPort, dstPort, payload, seq, flags: PUSH_ACK }), at);
  }

  look({
    src = CLIENT,
    dst = FAR,
    srcPort = 4000,
    dstPort = 443,
    protocol = 6,
    at = 0,
    endAt = Number.POSITIVE_INFINITY,
    natSrc,
    network = "mesh",
  }: FlowSpec = {}) {
    const key = new FlowKey();
    key.bytes.set(address(src), 0);
    key.bytes.set(address(dst), 16);
    Object.assign(key, { first: srcPort, second: dstPort, protocol });
    const translated = natSrc === undefined ? null : concat(address(natSrc), address(dst));
    const flow: NamedFlow = {
      key,
      translated,
      translatedSrcPort: 5000,
      translatedDstPort: dstPort,
      network,
      startMs: at,
      startExact: true,
      endMs: endAt,
      slot: this.#slot++,
      idLow: 1,
      idHigh: 2,
    };
    const found: FoundName = { domain: "stale", source: "sni", outer: true, app: "stale" };
    return this.names.look(flow, found) ? [found.domain, found.source, found.app, found.outer] : null;
  }
}

function answerOf(name: string, given: string, ttlS = 60): Uint8Array {
  const bytes = address(given);
  const isV4 = !given.includes(":");
  return answer(name, isV4 ? 1 : 28, [{ owner: 12, type: isV4 ? 1 : 28, ttlS, data: isV4 ? bytes.subarray(12) : bytes }]);
}

const http = (host: string): Uint8Array => Buffer.from(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
const NAME = "www.example.org";

describe("Names", () => {
  it("believes the connection's own hello before its client's DNS, and DNS before nothing", () => {
    const bench = new Bench().dns("cdn.example");
    expect(bench.look()).toEqual(["cdn.example", "dns", null, false]);
    expect(bench.look({ dst: "198.51.100.8" })).toBeNull();
    bench.tcp(message("tls", "curl"));
    expect(bench.look()).toEqual([NAME, "sni", "h2", false]);
    expect(bench.look({ srcPort: 4001 })).toEqual(["cdn.example", "dns", null, false]);
    bench.tcp(http("site.example"), { dstPort: 80 });
    expect(bench.look({ dstPort: 80 })).toEqual(["site.example", "http", null, false]);
  });

  it("reads QUIC's hello out of its datagrams, without deciphering more than it may", () => {
    const bench = new Bench();
    for (const payload of messages("quic", "chromium")) {
      bench.packet(udpPacket({ src: CLIENT, dst: FAR, srcPort: 4000, dstPort: 443, payload }));
    }
    expect(bench.look({ protocol: 17 })?.slice(0, 2)).toEqual([NAME, "quic"]);
    expect(bench.look({ protocol: 17 })?.[2]).toMatch(/^h3/);
    const [first] = messages("quic", "gnutls");
    for (let i = 0; i < 2100; i++) {
      bench.packet(udpPacket({ src: CLIENT, dst: FAR, srcPort: 10_000 + i, dstPort: 443, payload: first! }));
    }
    expect(bench.names.stats.rateLimited).toBeGreaterThan(1890);
    bench.monotonicMs = 1000;
    bench.packet(udpPacket({ src: CLIENT, dst: FAR, srcPort: 9000, dstPort: 443, payload: first! }));
    expect(bench.look({ protocol: 17, srcPort: 9000 })?.slice(0, 2)).toEqual([NAME, "quic"]);
  });

  it("forgets what is half read when the policy changes, and after a while", () => {
    const [first, rest] = messages("quic", "chromium").map((payload) => udpPacket({ ...QUIC, payload }));
    const later: ((bench: Bench) => void)[] = [
      (bench) => bench.policy("full"),
      (bench) => {
        bench.monotonicMs = 30_000;
        bench.names.sweep(30_000);
        expect(bench.names.stats.evicted).toBe(1);
      },
    ];
    for (const forget of later) {
      const bench = new Bench().packet(first!);
      forget(bench);
      expect(bench.packet(rest!).look({ protocol: 17 })).toBeNull();
    }
  });

  it("counts a datagram that is read up to a fault behind the hello", () => {
    const end = initialPacket({ destination: new Uint8Array(8), frames: new Uint8Array(40) }).subarray(0, 30);
    const cut = messages("quic", "gnutls")[0]!;
    const bench = new Bench().packet(udpPacket({ ...QUIC, payload: concat(cut, end) }));
    expect([bench.look({ protocol: 17 })?.[1], bench.names.stats.quicCut]).toEqual(["quic", 1]);
  });

  it.each(["chromium", "node"])("puts a hello of %s together, wherever it is split, in whatever packets", (client) => {
    const hello = message("tls", client);
    for (const cut of [6, 300, 700, 1200, hello.length - 1]) {
      const bench = new Bench();
      bench.tcp(hello.subarray(0, cut), { seq: 100 }).tcp(hello.subarray(0, cut), { seq: 100 });
      bench.tcp(hello.subarray(cut), { seq: 100 + cut }).tcp(hello.subarray(cut), { seq: 100 + cut });
      expect(bench.look()?.slice(0, 2), `cut at ${cut}`).toEqual([NAME, "sni"]);
    }
    const bench = new Bench();
    for (let at = 0; at < hello.length; at += 536) bench.tcp(hello.subarray(at, at + 536), { seq: 1 + at });
    expect(bench.look()?.slice(0, 2)).toEqual([NAME, "sni"]);
  });

  it("marks an outer name: DNS is better; but a name that the client looked up for this address is none", () => {
    const hello = message("tls", "goEch");
    const alone = new Bench().tcp(hello);
    const [outer, source, app, isOuter] = alone.look()!;
    expect([source, isOuter]).toEqual(["sni", true]);
    expect(app).toMatch(/ech$/);
    expect(alone.names.stats).toMatchObject({ ech: 1, echOuter: 1 });
    const asked = new Bench().dns("hidden.example").tcp(hello);
    expect(asked.look()).toEqual(["hidden.example", "dns", app, false]);
    // As browsers do with servers that have none.
    const fake = new Bench().dns(String(outer)).dns("newer.example", CLIENT, { at: 1 }).tcp(hello, { at: 2 });
    expect(fake.look({ at: 2 })?.slice(0, 2)).toEqual([outer, "sni"]);
    expect(fake.look({ at: 2 })?.[2]).not.toMatch(/ech$/);
  });

  it("takes the name of half a hello for an outer one until the rest has come", () => {
    const hello = message("tls", "goEch");
    const whole = new Bench().tcp(hello).look()!;
    const reads = (length: number) => new Bench().tcp(hello.subarray(0, length)).look();
    const cut = hello.findIndex((_, length) => reads(length) !== null);
    const [name] = whole;
    expect(reads(cut)).toEqual([name, "sni", null, true]);
    const dns = (...names: string[]) => names.reduce((bench, one) => bench.dns(one), new Bench());
    const half = dns("hidden.example").tcp(hello.subarray(0, cut));
    expect(half.look()).toEqual(["hidden.example", "dns", null, false]);
    expect(half.names.stats.echOuter).toBe(0);
    expect(half.tcp(hello.subarray(cut), { seq: 1 + cut }).look()).toEqual(["hidden.example", "dns", whole[2], false]);
    const confirmed = dns(String(name), "hidden.example").tcp(hello.subarray(0, cut));
    expect(confirmed.look()).toEqual([name, "sni", null, false]);
  });

  it("corrects the name of half a hello when the rest tells that it is an encrypted one, and trusts it when not", () => {
    const rows = (client: string, cutAt: (hello: Uint8Array) => number) => {
      const hello = message("tls", client);
      const cut = cutAt(hello);
      const bench = new Bench();
      const track = new Track({}, undefined, bench.names);
      const collect = (at: number) => track.collect(at).map(({ domain, domain_source, app }) => [domain, domain_source, app]);
      track.new({ src: `${CLIENT}:4000`, dst: `${FAR}:443`, id: 1, startMs: 0 }, 0);
      bench.dns("hidden.example", CLIENT, { at: T0 - 1 }).tcp(hello.subarray(0, cut), { at: T0 + 1 });
      const first = collect(10);
      bench.tcp(hello.subarray(cut), { seq: 1 + cut, at: T0 + 20 });
      return [...first, ...collect(30)];
    };
    const nameEnd = (hello: Uint8Array): number =>
      hello.findIndex((_, length) => new Bench().tcp(hello.subarray(0, length)).look() !== null);
    expect(rows("goEch", nameEnd)).toEqual([
      ["hidden.example", "dns", null],
      ["hidden.example", "dns", expect.stringMatching(/ech$/)],
    ]);
    expect(rows("node", nameEnd)).toEqual([
      ["hidden.example", "dns", null],
      [NAME, "sni", "h2"],
    ]);
  });

  it("falls back to DNS for a hello without a name, and says what is spoken", () => {
    const bench = new Bench().dns("asked.example").tcp(message("tls", "opensslNoName"));
    expect(bench.look()?.slice(0, 2)).toEqual(["asked.example", "dns"]);
  });

  it("takes DNS over TCP: several messages in a packet, one in several", () => {
    const streamOf = (messages: Uint8Array[]) => concat(...messages.flatMap((one) => [word(one.length), one]));
    const questions = streamOf([query("a.example", 1), query("b.example", 1)]);
    const [a, b] = [answerOf("a.example", "198.51.100.1"), answerOf("b.example", "198.51.100.2")];
    const stream = streamOf([a, b]);
    for (const cuts of [
      [stream.length],
      [1, stream.length],
      [2, 20, stream.length],
      [a.length + 2, stream.length],
      [a.length + 3, 60, stream.length],
    ]) {
      const bench = new Bench();
      for (const at of [0, 20, 40]) bench.tcp(questions.subarray(at, at + 20), { dst: RESOLVER, dstPort: 53, seq: 3 + at });
      let from = 0;
      for (const to of cuts.sort((x, y) => x - y)) {
        const part = { src: RESOLVER, dst: CLIENT, srcPort: 53, dstPort: 4000, seq: 7 + from };
        bench.tcp(stream.subarray(from, to), part).tcp(stream.subarray(from, to), part);
        from = to;
      }
      expect([bench.look({ dst: "198.51.100.1" })?.[0], bench.look({ dst: "198.51.100.2" })?.[0]], String(cuts)).toEqual([
        "a.example",
        "b.example",
      ]);
    }
  });

  it("takes this host for one client, whatever address its resolver has", () => {
    const bench = new Bench().dns("own.example", "127.0.0.1");
    expect(bench.look({ src: "100.64.0.1" })?.[0]).toBe("own.example");
    expect(bench.look({ src: "192.0.2.10" })?.[0]).toBe("own.example");
    expect(bench.look()).toBeNull();
    bench.dns("v6.example", "fd0a::1", { given: "2001:db8::7" });
    expect(bench.look({ src: "fd0a::1", dst: "2001:db8::7" })?.[0]).toBe("v6.example");
  });

  it("does not take what a former connection of the same ports said", () => {
    const bench = new Bench().tcp(message("tls", "curl"), { at: 0 });
    expect(bench.look({ at: 10 })?.[0]).toBe(NAME);
    expect(bench.look({ at: 30_000 })).toBeNull();
    bench.tcp(http("second.example"), { at: 30_005 });
    expect(bench.look({ at: 30_000 })?.[0]).toBe("second.example");
  });

  it("does not take what the next connection of the same ports says, be the flow named or not", () => {
    const bench = new Bench().tcp(http("second.example"), { at: 90_000 });
    expect(bench.look({ at: 0, endAt: 80_000 })).toBeNull();
    expect(bench.look({ at: 0, natSrc: "100.64.0.9", endAt: 80_000 })).toBeNull();
    expect(bench.look({ at: 0 })?.[0]).toBe("second.example");

    const names = new Bench();
    const track = new Track({}, undefined, names.names);
    const ports = { src: CLIENT, dst: FAR, dstPort: 80 };
    const flow = (id: number, startMs: number) => ({ src: `${CLIENT}:4000`, dst: `${FAR}:80`, id, startMs });
    track.new(flow(1, 0), 0);
    names.tcp(http("a.test"), { ...ports, at: T0 + 2 });
    const domains = (at: number) => track.collect(at).map((row) => [row.flow_id, row.state, row.domain]);
    const [[first]] = domains(500) as [[unknown]];
    names.names.sweep(T0 + 90_000);
    track.destroy({ ...flow(1, 0), counters: [1, 2, 3, 4], stopMs: 90_000, tcpState: TCP_TIME_WAIT }, 90_000);
    track.new(flow(2, 90_000), 90_000);
    names.tcp(http("b.test"), { ...ports, at: T0 + 90_002 });
    expect(domains(90_500)).toEqual([
      [first, "closed", "a.test"],
      [expect.anything(), "open", "b.test"],
    ]);
  });

  it("calls a connection by its first Host, however many others follow, however late", () => {
    const bench = new Bench();
    const track = new Track({}, undefined, bench.names);
    const say = (host: string, at: number) => bench.tcp(http(host), { dstPort: 80, at: T0 + at });
    track.new({ src: `${CLIENT}:4000`, dst: `${FAR}:80`, id: 1, startMs: 0 }, 0);
    for (let i = 0; i < 12; i++) say(`n${i}.test`, 10 + i);
    expect(track.collect(500).map(({ domain }) => domain)).toEqual(["n0.test"]);
    bench.names.sweep(T0 + 70_000);
    say("late.test", 70_001);
    expect(track.collect(70_500).map(({ domain }) => domain)).toEqual(["n0.test"]);
  });

  it("knows a connection by its translated tuple, too", () => {
    const bench = new Bench().tcp(message("tls", "curl"), { src: "100.64.0.1", srcPort: 5000 });
    expect(bench.look({ src: "10.9.9.9", natSrc: "100.64.0.1" })?.[0]).toBe(NAME);
  });

  it("tells of names that come after the tracker has asked, once", () => {
    const bench = new Bench();
    const late: number[][] = [];
    const take = (): number[][] => {
      late.length = 0;
      bench.names.takeLate((...one) => late.push(one));
      return late;
    };
    bench.look();
    bench.look({ srcPort: 4001 });
    expect(take()).toEqual([]);
    bench.tcp(message("tls", "curl")).tcp(message("tls", "curl"));
    expect(take()).toEqual([[0, 1, 2]]);
    expect(take()).toEqual([]);
  });

  it("cuts names before it keeps them, keeps none of what is switched off or excluded, and forgets when that changes", () => {
    const cut = new Bench("second-level").dns("a.b.shop.co.uk").tcp(message("tls", "curl"));
    expect(cut.look()).toEqual(["example.org", "sni", "h2", false]);
    expect(cut.look({ srcPort: 1 })?.[0]).toBe("shop.co.uk");
    cut.policy("full");
    expect(cut.look({ srcPort: 1 })).toBeNull();
    const off = new Bench("off").dns("a.example").tcp(message("tls", "curl"));
    expect(off.names.stats).toMatchObject({ off: 3, cacheEntries: 0, waiting: 0, read: { dns: 0, tls: 0 } });
    off.policy("full", [], false);
    expect(off.look()).toBeNull();
    const excluded = new Bench("full", ["198.51.100.0/24"]).dns("a.example").tcp(message("tls", "curl"));
    expect(excluded.names.stats).toMatchObject({ excluded: 2, cacheEntries: 0, waiting: 0 });
  });

  it("keeps that a name is an excluded one, and not which, whoever told it", () => {
    const bench = new Bench("full", [], ["example.org", "*.clinic.example"]);
    // The name of the hello is in the cache, too, as another name.
    bench.dns("www.clinic.example").tcp(message("tls", "curl"));
    expect(bench.look()?.slice(0, 2)).toEqual([EXCLUDED_DOMAIN, "sni"]);
    expect(bench.look({ srcPort: 1 })?.slice(0, 2)).toEqual([EXCLUDED_DOMAIN, "dns"]);
    bench.tcp(http("clinic.example"), { srcPort: 5, dstPort: 80 });
    expect(bench.look({ srcPort: 5, dstPort: 80 })?.[0]).toBe("clinic.example");
    bench.tcp(http("a.clinic.example"), { srcPort: 6, dstPort: 80 });
    expect(bench.look({ srcPort: 6, dstPort: 80 })?.[0]).toBe(EXCLUDED_DOMAIN);
    expect([bench.names.excludesIn("mesh"), bench.names.excludesIn("other")]).toEqual([true, false]);
    // Cut names tell less than what is excluded: it is looked for before they are cut.
    const cut = new Bench("second-level", [], ["mail.example.com"]).dns("mail.example.com");
    expect(cut.look()?.[0]).toBe(EXCLUDED_DOMAIN);
    expect(new Bench("second-level", [], ["mail.example.com"]).dns("www.example.com").look()?.[0]).toBe("example.com");
  });

  it("counts what is malformed by protocol, and goes on", () => {
    const bench = new Bench();
    const broken = concat(answerOf("a.example", FAR).subarray(0, 30));
    bench.packet(udpPacket({ src: RESOLVER, dst: CLIENT, srcPort: 53, dstPort: 1, payload: broken }));
    bench.packet(Uint8Array.of(0x45, 0, 0, 4));
    bench.tcp(Uint8Array.of(22, 3, 1, 0, 0, 1, 0, 0, 0));
    bench.tcp(Buffer.from("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), { dstPort: 80 });
    expect(bench.names.stats.malformed).toEqual({ packet: 1, dns: 1, tls: 1, quic: 0, http: 1 });
    expect(bench.dns("fine.example").look()?.[0]).toBe("fine.example");
  });

  it("holds a bounded amount of everything under a flood", () => {
    const bench = new Bench();
    for (let i = 0; i < 20_000; i++) {
      bench.tcp(http(`n${i}.example`), { srcPort: i & 0xffff, dst: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, dstPort: 80 });
    }
    expect(bench.names.stats.waiting).toBe(4096);
    bench.names.sweep(2 * MINUTE);
    expect(bench.names.stats.waiting).toBe(0);
  });
});
