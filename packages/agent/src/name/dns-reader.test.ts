/** Whose answers are believed: queries and answers in, names of flows out. */
import { NOTHING_EXCLUDED, parseAddress, parseCidr } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { FlowKey } from "../track/flow-key.ts";
import type { FoundName } from "../track/flow-names.ts";
import { answer, query } from "./decode/testing/dns-message.ts";
import { concat, word } from "./decode/testing/messages.ts";
import { tcpPacket, udpPacket } from "./decode/testing/packets.ts";
import { Names } from "./names.ts";
import { type NameMode, NamePolicy } from "./policy.ts";

const CLIENT = "100.64.0.2";
const HOST = "192.0.2.10";
const FAR = "198.51.100.7";
const RESOLVER = "203.0.113.53";

interface Message {
  name?: string;
  client?: string;
  resolver?: string;
  port?: number;
  id?: number;
  type?: number;
  at?: number;
  on?: string;
  tcp?: boolean;
}

class Bench {
  readonly names = new Names(() => 0);

  /** Names of the mesh, which is on wg0, as `mode` says; those of the host in full. */
  constructor(mode: NameMode = "full") {
    const networks = [
      { id: "mesh", ranges: [parseCidr("100.64.0.0/16")!], egress: [], members: [] },
      { id: "local", ranges: [], egress: [], members: [parseAddress(HOST)!] },
    ];
    const interfaces = [
      { name: "wg0", addresses: [{ bytes: parseAddress("100.64.0.1")! }] },
      { name: "eth0", addresses: [{ bytes: parseAddress(HOST)! }] },
    ];
    const modeOf = (id: string): NameMode => (id === "mesh" ? mode : "full");
    this.names.setPolicy(new NamePolicy({ networks, modeOf, interfaces, exclude: NOTHING_EXCLUDED }), true);
  }

  ask(spec: Message = {}): this {
    return this.#send(query(spec.name ?? "a.example", spec.type ?? 1, spec.id ?? 7), false, spec);
  }

  tell(spec: Message = {}): this {
    const data = [...parseAddress(FAR)!.subarray(12)];
    const payload = answer(spec.name ?? "a.example", 1, [{ owner: 12, type: 1, ttlS: 60, data }]);
    payload.set(word(spec.id ?? 7));
    return this.#send(payload, true, spec);
  }

  /** What a connection of the client at `at` is called. */
  nameOf(client = CLIENT, at = 1): string | null {
    const key = new FlowKey();
    key.bytes.set(parseAddress(client)!, 0);
    key.bytes.set(parseAddress(FAR)!, 16);
    Object.assign(key, { first: 1, second: 443, protocol: 6 });
    const flow = {
      key,
      translated: null,
      translatedSrcPort: 0,
      translatedDstPort: 0,
      network: client === CLIENT ? "mesh" : "local",
      startMs: at,
      startExact: true,
      endMs: Number.POSITIVE_INFINITY,
      slot: 0,
      idLow: 0,
      idHigh: 0,
    };
    const found: FoundName = { domain: null, source: null, outer: false, app: null };
    this.names.look(flow, found);
    return found.domain;
  }

  #send(message: Uint8Array, isAnswer: boolean, spec: Message): this {
    const { client = CLIENT, resolver = RESOLVER, port = 4000, at = 0, on = "wg0", tcp = false } = spec;
    const payload = tcp ? concat(word(message.length), message) : message;
    const ends = isAnswer
      ? { src: resolver, dst: client, srcPort: 53, dstPort: port, payload }
      : { src: client, dst: resolver, srcPort: port, dstPort: 53, payload };
    const bytes = tcp ? tcpPacket({ ...ends, seq: 1, flags: 0x18 }) : udpPacket(ends);
    this.names.packets.onPacket(bytes, 0, bytes.length, at, on);
    return this;
  }
}

describe("DnsReader", () => {
  it("believes no answer that its client did not ask for, and counts it", () => {
    const bench = new Bench().tell().tell({ tcp: true });
    expect([bench.nameOf(), bench.names.stats.unasked, bench.names.stats.read.dns]).toEqual([null, 2, 0]);
  });

  it.each<[string, Message]>([
    ["question", { name: "b.example" }],
    ["type", { type: 28 }],
    ["id", { id: 8 }],
    ["port", { port: 4001 }],
    ["resolver", { resolver: "203.0.113.54" }],
    ["client", { client: "100.64.0.3" }],
    ["protocol", { tcp: true }],
    ["time", { at: -10_001 }],
  ])("does not take another %s for the one that was answered", (_, asked) => {
    const bench = new Bench().ask(asked).tell();
    expect([bench.nameOf(), bench.names.stats.unasked]).toEqual([null, 1]);
  });

  it.each([false, true])("believes an answer within ten seconds, and hears of it twice (TCP: %s)", (tcp) => {
    const bench = new Bench();
    for (const on of ["wg0", "eth0"]) bench.ask({ tcp, on, name: "A.Example" });
    for (const on of ["eth0", "wg0"]) bench.tell({ tcp, on, at: 10_000 });
    expect([bench.nameOf(CLIENT, 10_000), bench.names.stats.unasked, bench.names.stats.read.dns]).toEqual(["a.example", 0, 2]);
  });

  it("knows a query from port 53 to port 53 from its answer", () => {
    expect(new Bench().ask({ port: 53 }).tell({ port: 53 }).nameOf()).toBe("a.example");
  });

  it("keeps a bounded number of questions, the last ones, for a moment", () => {
    const bench = new Bench();
    for (let port = 1; port <= 5000; port++) bench.ask({ port: 10_000 + port });
    expect(bench.tell({ port: 10_001 }).names.stats.unasked).toBe(1);
    expect(bench.tell({ port: 15_000 }).names.stats.unasked).toBe(1);
    bench.names.sweep(60_000);
    expect(bench.tell({ port: 15_000, at: 1 }).names.stats.unasked).toBe(2);
  });

  it.each(["full", "off"] as const)(
    "takes what the host asked for a client whose address it translates for nobody's own (%s)",
    (mode) => {
      const [inside, outside] = [{ on: "wg0" }, { on: "eth0", client: HOST, port: 61_000 }];
      // Whichever queue is read first.
      const wan = new Bench(mode)
        .ask(outside)
        .tell({ ...outside, at: 20 })
        .ask(inside)
        .tell({ ...inside, at: 20 });
      const lan = new Bench(mode)
        .ask(inside)
        .tell({ ...inside, at: 20 })
        .ask(outside)
        .tell({ ...outside, at: 20 });
      for (const bench of [wan, lan]) {
        expect([bench.nameOf(HOST, 30), bench.names.stats.forwarded]).toEqual([null, 1]);
        expect(bench.nameOf(CLIENT, 30)).toBe(mode === "full" ? "a.example" : null);
      }
    },
  );

  it("takes what the host asked for its own, when a client asked the same in other words or at another time", () => {
    const own = { on: "eth0", client: HOST };
    expect(new Bench().ask({ id: 9 }).ask(own).tell(own).nameOf(HOST)).toBe("a.example");
    expect(new Bench().ask({ at: -1001 }).ask(own).tell(own).nameOf(HOST)).toBe("a.example");
    const local = { on: "lo", client: "127.0.0.1", resolver: "127.0.0.53" };
    expect(
      new Bench()
        .ask({ ...local, on: "eth0" })
        .tell({ ...local, on: "eth0" })
        .nameOf(HOST),
    ).toBe("a.example");
  });

  it("does not take what an address asked for who has it next, be they few or many", () => {
    const others = Array.from({ length: 100 }, (_, i) => `100.64.1.${i}/32`);
    const kept = new Bench().ask().tell();
    kept.names.forgetClients([parseCidr("100.64.1.0/24")!]);
    expect(kept.nameOf()).toBe("a.example");
    for (const gone of [["100.64.0.0/30"], [...others, `${CLIENT}/32`]]) {
      const bench = new Bench().ask().tell();
      bench.names.forgetClients(gone.map((range) => parseCidr(range)!));
      expect(bench.nameOf()).toBeNull();
    }
  });

  it("forgets questions and answers that wait when the policy changes", () => {
    const bench = new Bench().ask({ on: "eth0", client: HOST }).tell({ on: "eth0", client: HOST });
    bench.names.setPolicy(
      new NamePolicy({ networks: [], modeOf: () => "full", interfaces: [], exclude: NOTHING_EXCLUDED }),
      true,
    );
    bench.names.sweep(0);
    expect(bench.names.stats.cacheEntries).toBe(0);
  });
});
