import { describe, expect, it } from "vitest";
import { type End, type Policy, PolicySet, policySchema, type Talk } from "./policies.ts";

const end = (name: string | null, type = "node", more: Partial<End> = {}): End => ({
  name,
  type,
  tags: [],
  ip: "100.64.0.1",
  domain: null,
  ...more,
});
const talk = (from: End, to: End, more: Partial<Talk> = {}): Talk => ({
  network: "corp",
  from,
  to,
  protocol: 6,
  port: 5432,
  ...more,
});
const policy = (given: Readonly<Record<string, unknown>>): Policy => policySchema.parse(given);
const covers = (given: Readonly<Record<string, unknown>>, asked: Talk) => new PolicySet([policy(given)]).covers(asked);
const [web, db] = [end("web", "node", { tags: ["front"] }), end("db", "node", { tags: ["data"] })];

describe("a policy", () => {
  it("allows by name, in one direction unless it says both", () => {
    const given = { from: { name: ["web"] }, to: { name: ["db", "cache"] } };
    expect(covers(given, talk(web, db))).toBe(true);
    expect(covers(given, talk(db, web))).toBe(false);
    expect(covers({ ...given, both_ways: true }, talk(db, web))).toBe(true);
  });

  it("allows by type, tag, address and domain: all that is given must fit", () => {
    const site = end(null, "external", { ip: "203.0.113.7", domain: "api.shop.example" });
    expect(covers({ from: { tag: ["front"] }, to: { tag: ["data"] } }, talk(web, db))).toBe(true);
    expect(covers({ from: { tag: ["front"], type: ["user"] } }, talk(web, db))).toBe(false);
    expect(covers({ to: { type: ["external"], domain: ["shop.example"] } }, talk(web, site))).toBe(true);
    expect(covers({ to: { domain: ["op.example"] } }, talk(web, site))).toBe(false);
    expect(covers({ to: { address: ["203.0.113.0/24"] } }, talk(web, site))).toBe(true);
    expect(covers({ to: { address: ["203.0.113.7", "fd00::1"] } }, talk(web, site))).toBe(true);
    expect(covers({ to: { address: ["203.0.114.0/24"] } }, talk(web, site))).toBe(false);
  });

  it("allows ports and ranges of protocols", () => {
    const ports = (list: string[], more: Partial<Talk> = {}) => covers({ ports: list }, talk(web, db, more));
    expect(ports(["tcp/5432"])).toBe(true);
    expect(ports(["udp/5432", "tcp/80"])).toBe(false);
    expect(ports(["5000-6000"])).toBe(true);
    expect(ports(["tcp"])).toBe(true);
    expect(ports(["icmp"], { protocol: 58, port: null })).toBe(true);
    expect(ports(["tcp/443"], { protocol: 1, port: null })).toBe(false);
  });

  it("says nothing of other networks, or when it is off", () => {
    const set = new PolicySet([policy({ network: "plant" }), policy({ network: "lab", enabled: false })]);
    expect([set.speaksOf("plant"), set.speaksOf("corp"), set.speaksOf("lab")]).toEqual([true, false, false]);
    expect(new PolicySet([policy({ enabled: false })]).isEmpty).toBe(true);
    expect(new PolicySet([policy({})]).speaksOf("corp")).toBe(true);
  });

  it("is refused where it makes no sense", () => {
    for (const ports of [["tcp/70000"], ["tcp/90-80"], ["http"], [""]]) expect(() => policy({ ports })).toThrow();
    expect(() => policy({ from: { address: ["10.0.0.0/99"] } })).toThrow();
    expect(() => policy({ form: {} })).toThrow();
  });
});
