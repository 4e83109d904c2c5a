import { ExcludeRules, type JsonRow } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { EXCLUDED_DOMAIN, type FlowNames, type FoundName, type NamedFlow } from "./flow-names.ts";
import type { RecordSpec } from "./testing/records.ts";
import { cidr, MESH, Track } from "./testing/track.ts";

type Known = Partial<FoundName>;

/** Knows names by destination port. */
class Names implements FlowNames {
  readonly byPort = new Map<number, Known>();
  readonly late: [slot: number, idLow: number, idHigh: number][] = [];
  excludes = false;
  readonly asked: { port: number; slot: number; ids: [number, number] }[] = [];

  excludesIn(): boolean {
    return this.excludes;
  }

  look(flow: NamedFlow, found: FoundName): boolean {
    this.asked.push({ port: flow.key.second, slot: flow.slot, ids: [flow.idLow, flow.idHigh] });
    const known = this.byPort.get(flow.key.second);
    if (!known) return false;
    Object.assign(found, { domain: null, source: null, outer: false, app: null }, known);
    return true;
  }

  takeLate(visit: (slot: number, idLow: number, idHigh: number) => void): void {
    for (const one of this.late.splice(0)) visit(...one);
  }
}

const flow = (port: number, id: number): RecordSpec => ({ src: "100.64.0.1:4000", dst: `198.51.100.7:${port}`, id, startMs: 0 });
const names = ({ domain, domain_source, app }: JsonRow): unknown[] => [domain ?? null, domain_source ?? null, app ?? null];
const later = (known: Names, port: number): void => {
  const { slot, ids } = known.asked.find((one) => one.port === port)!;
  known.late.push([slot, ...ids]);
};

describe("Naming", () => {
  it("calls a flow by its name from the first row to the last, whatever is known later", () => {
    const known = new Names();
    const track = new Track({}, undefined, known);
    known.byPort.set(443, { domain: "api.example", source: "sni", app: "h2" });
    track.new(flow(443, 1), 0);
    expect(track.collect(10).map(names)).toEqual([["api.example", "sni", "h2"]]);
    known.byPort.clear();
    track.dump([{ ...flow(443, 1), counters: [1, 2, 3, 4] }], 1_800_000);
    expect(track.collect(1_800_001).map(names)).toEqual([["api.example", "sni", "h2"]]);
    track.destroy({ ...flow(443, 1), counters: [1, 2, 3, 4], stopMs: 1_900_000 }, 1_900_000);
    expect(track.collect(1_900_001).map(names)).toEqual([["api.example", "sni", "h2"]]);
  });

  it("takes a better source later with a revision of its own, and never a worse one", () => {
    const known = new Names();
    const track = new Track({}, undefined, known);
    known.byPort.set(443, { domain: "cdn.example", source: "dns" });
    track.new(flow(443, 1), 0);
    expect(track.collect(10).map(names)).toEqual([["cdn.example", "dns", null]]);
    expect(track.collect(20)).toEqual([]);
    known.byPort.set(443, { domain: "api.example", source: "sni", app: "h2" });
    later(known, 443);
    expect(track.collect(30).map((row) => [row.revision, ...names(row)])).toEqual([[1, "api.example", "sni", "h2"]]);
    known.byPort.set(443, { domain: "other.example", source: "dns" });
    later(known, 443);
    expect(track.collect(40).map(names)).toEqual([["api.example", "sni", "h2"]]);
  });

  it("keeps the first of names that are trusted alike, and completes what is spoken", () => {
    const known = new Names();
    const track = new Track({}, undefined, known);
    const next = (name: Known): unknown => {
      known.byPort.set(443, name);
      later(known, 443);
      return track.collect(20).map(names);
    };
    known.byPort.set(443, { domain: "a.test", source: "quic" });
    track.new(flow(443, 1), 0);
    expect(track.collect(10).map(names)).toEqual([["a.test", "quic", null]]);
    expect(next({ domain: "a.test", source: "quic", app: "h3" })).toEqual([["a.test", "quic", "h3"]]);
    expect(next({ domain: "b.test", source: "quic", app: "doq" })).toEqual([["a.test", "quic", "h3"]]);
  });

  it("prefers what the client asked for to the outer name of an encrypted hello", () => {
    const known = new Names();
    const track = new Track({}, undefined, known);
    known.byPort.set(443, { domain: "provider.example", source: "sni", outer: true, app: "h2+ech" });
    track.new(flow(443, 1), 0);
    expect(track.collect(10).map(names)).toEqual([["provider.example", "sni", "h2+ech"]]);
    known.byPort.set(443, { domain: "api.example", source: "dns", app: "h2+ech" });
    later(known, 443);
    expect(track.collect(20).map(names)).toEqual([["api.example", "dns", "h2+ech"]]);
  });

  it("cuts or removes domains when less may be told, and with them what was spoken", () => {
    const known = new Names();
    const other = { id: "other", ranges: [cidr("10.8.0.0/24")], egress: [], members: [] };
    const track = new Track({}, [MESH, other], known);
    known.byPort.set(443, { domain: "api.example", source: "sni", app: "h2" });
    known.byPort.set(853, { app: "dot" });
    const flows = [flow(443, 1), flow(853, 2), { ...flow(443, 3), src: "10.8.0.7:4000" }];
    for (const one of flows) track.new(one, 0);
    track.collect(10);
    known.byPort.clear();
    track.tracker.renameDomains((network, domain) => (network === "other" ? `cut ${domain}` : null));
    track.dump(
      flows.map((one) => ({ ...one, counters: [1, 1, 1, 1] })),
      20,
    );
    expect(track.collect(30).map(names)).toEqual([
      [null, null, null],
      [null, null, null],
      ["cut api.example", "sni", "h2"],
    ]);
  });

  it("does not give a late name to another flow in the same place", () => {
    const known = new Names();
    const track = new Track({}, undefined, known);
    track.new(flow(443, 1), 0);
    track.collect(10);
    const { slot, ids } = known.asked[0]!;
    known.byPort.set(443, { domain: "api.example", source: "sni" });
    known.late.push([slot, ids[0], ids[1] + 1]);
    expect(track.collect(20)).toEqual([]);
  });

  it("knows the names of open flows after a restart, from the checkpoint and from rows that were spooled since", () => {
    const known = new Names();
    const track = new Track({}, undefined, known);
    known.byPort.set(443, { domain: "api.example", source: "sni", app: "h2" });
    known.byPort.set(80, { domain: "api.example", source: "http" });
    known.byPort.set(853, { app: "dot" });
    track.new(flow(443, 1), 0);
    track.new(flow(80, 2), 0);
    track.collect(10);
    const checkpoint = track.tracker.checkpoint();
    track.new(flow(853, 3), 20);
    track.new(flow(4433, 4), 20);
    track.collect(30);
    const { track: next } = track.restarted(checkpoint, track.spooled.slice(-1));
    next.dump(
      [flow(443, 1), flow(80, 2), flow(853, 3), flow(4433, 4)].map((one) => ({ ...one, counters: [1, 1, 1, 1] })),
      40,
    );
    const rows = next.collect(50);
    expect(Object.fromEntries(rows.map((row) => [row.dst_port, names(row)]))).toEqual({
      443: ["api.example", "sni", "h2"],
      80: ["api.example", "http", null],
      853: [null, null, "dot"],
      4433: [null, null, null],
    });
  });

  it("tells nothing of excluded ranges, and closes what was told of before they were", () => {
    const track = new Track();
    const exclude = new ExcludeRules({ ranges: [{ reason: "excluded", ranges: [cidr("192.0.2.128/25")] }], domains: [] });
    const inside = (port: number, id: number): RecordSpec => ({ ...flow(port, id), dst: `192.0.2.200:${port}` });
    track.new(inside(1, 1), 0);
    expect(track.collect(10)).toHaveLength(1);
    track.new(inside(2, 2), 20);
    track.new(flow(443, 9), 20);
    track.tracker.setTraffic({ icmp: true, dns: true, tunnelPorts: [], servers: [], exclude });
    track.new(inside(3, 3), 30);
    expect(track.collect(40).map((row) => [row.dst_port, row.state])).toEqual([
      [443, "open"],
      [1, "lost"],
    ]);
    expect(track.tracker.stats.drops.excluded).toBe(1);
    // Its network is switched off: what was told of is told of for a last time.
    const networksOff = new Set(["mesh"]);
    track.tracker.setTraffic({ icmp: true, dns: true, tunnelPorts: [], servers: [], networksOff });
    track.new(flow(444, 10), 45);
    expect(track.collect(46).map((row) => [row.dst_port, row.state])).toEqual([[443, "lost"]]);
    expect(track.tracker.stats.drops.network_off).toBe(1);
    track.dump([inside(1, 1), inside(2, 2), inside(3, 3), flow(443, 9)], 50);
    expect(track.collect(60).map((row) => row.dst_port)).not.toContain(1);
    expect(track.collect(70)).toEqual([]);
  });

  describe("where there are domains of which nothing is recorded", () => {
    const secret = { domain: EXCLUDED_DOMAIN, source: "sni" } as const;
    const holding = () => {
      const known = new Names();
      known.excludes = true;
      return { known, track: new Track({}, undefined, known) };
    };

    it("writes no row of a flow that is named so, from its first packet to its end, and counts it once", () => {
      const { known, track } = holding();
      track.new(flow(443, 1), 0);
      expect(track.collect(500)).toEqual([]);
      known.byPort.set(443, secret);
      later(known, 443);
      expect(track.collect(1000)).toEqual([]);
      track.dump([{ ...flow(443, 1), counters: [1, 2, 3, 4] }], 20_000);
      expect(track.collect(20_001)).toEqual([]);
      known.byPort.clear();
      track.destroy({ ...flow(443, 1), counters: [1, 2, 3, 4], stopMs: 30_000 }, 30_000);
      expect(track.collect(30_001)).toEqual([]);
      expect(track.tracker.stats).toMatchObject({ rows: 0, openFlows: 0, drops: { excluded_domain: 1 } });
    });

    it("holds a flow's first row back until it is named otherwise, has ended, or three seconds went by", () => {
      const { known, track } = holding();
      for (const port of [443, 444, 445]) track.new(flow(port, port), 0);
      track.new({ src: "100.64.0.1:0", dst: "198.51.100.7:0", protocol: 1, icmp: { type: 8, code: 0, id: 1 }, id: 9 }, 0);
      expect(track.collect(10)).toHaveLength(1);
      known.byPort.set(443, { domain: "api.example", source: "sni" });
      later(known, 443);
      track.destroy({ ...flow(444, 444), stopMs: 400 }, 400);
      expect(track.collect(500).map((row) => [row.dst_port, row.domain ?? null, row.state])).toEqual([
        [444, null, "closed"],
        [443, "api.example", "open"],
      ]);
      expect(track.collect(3000)).toEqual([]);
      expect(track.collect(3011).map((row) => [row.dst_port, row.revision])).toEqual([[445, 0]]);
      // Too late: what was told of it stays, and nothing more is.
      known.byPort.set(445, secret);
      later(known, 445);
      expect(track.collect(4000)).toEqual([]);
      expect(track.tracker.stats.drops.excluded_domain).toBe(1);
    });

    it("leaves them out after a restart, too, when what named them is forgotten; no address of theirs is kept", () => {
      const { known, track } = holding();
      known.byPort.set(443, secret);
      const held = { ...flow(444, 2), dst: "198.51.100.9:444" };
      track.new(flow(443, 1), 0);
      track.new(held, 0);
      expect(track.collect(10)).toEqual([]);
      const checkpoint = track.tracker.checkpoint();
      const text = Buffer.from(checkpoint).toString("latin1");
      for (const bytes of [
        [198, 51, 100, 7],
        [198, 51, 100, 9],
      ])
        expect(text).not.toContain(Buffer.from(bytes).toString("latin1"));
      const { track: next } = track.restarted(checkpoint, track.spooled);
      next.dump([flow(443, 1), held, flow(443, 77)], 5000);
      expect(next.collect(5001).map((row) => row.dst_port)).toEqual([444, 443]);
      next.destroy({ ...flow(443, 1), counters: [1, 2, 3, 4], stopMs: 30_000 }, 30_000);
      expect(next.collect(30_001)).toEqual([]);
    });

    it("ends what was named so before it was excluded", () => {
      const { known, track } = holding();
      known.byPort.set(443, { domain: "api.example", source: "sni" });
      track.new(flow(443, 1), 0);
      expect(track.collect(10)).toHaveLength(1);
      track.tracker.renameDomains((_network, domain) => (domain === "api.example" ? EXCLUDED_DOMAIN : domain));
      track.dump([{ ...flow(443, 1), counters: [1, 2, 3, 4] }], 20_000);
      expect(track.collect(20_001)).toEqual([]);
    });
  });
});
