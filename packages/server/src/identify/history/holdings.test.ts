import { formatCidr } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { inventoryOf } from "../testing.ts";
import type { EntityVersion } from "./change.ts";
import { piecesOf, readEntity } from "./entities.ts";
import { holdingsOf } from "./holdings.ts";
import { NodeRefs } from "./node-refs.ts";

const NOW = Number.POSITIVE_INFINITY;

/** The entities of one network, as one source told them from one time to another. */
function told(yaml: string, { source = "file", fromMs = 0, toMs = NOW, isFirst = false } = {}): EntityVersion[] {
  return piecesOf(inventoryOf(`\n  - { id: net, ${yaml} }`))
    .filter(({ kind }) => kind !== "network")
    .map(
      ({ entity, ...ref }) => ({ ...ref, source, entity: readEntity(ref.kind, entity), fromMs, toMs, isFirst }) as EntityVersion,
    );
}

function holdings(...versions: EntityVersion[][]) {
  const all = versions.flat();
  return holdingsOf(all, new NodeRefs(all));
}

const gatewaysOf = (list: ReturnType<typeof holdings>, name: string) =>
  list
    .filter(({ participant }) => participant.name === name)
    .map(({ participant, fromMs, toMs }) => [participant.gateways.map(({ id }) => id).join(), fromMs, toMs]);

describe("what an entity holds", () => {
  it("is an address of a node, of each device and of a config file, in one spelling", () => {
    const list = holdings(
      told(`nodes: [{ id: n, name: gw, host: h, relay: r, addresses: ["::ffff:10.0.0.1", "FD0A:0::1"] }],
            users: [{ id: ana, devices: [{ name: a, addresses: [10.0.0.2] }, { addresses: [10.0.0.3] }] }],
            config_files: [{ id: printer, addresses: [10.0.0.4] }]`),
    );
    expect(
      list.map(({ cidr, kind, participant: { type, id, name, device } }) => [formatCidr(cidr), kind, type, id, name, device]),
    ).toEqual([
      ["10.0.0.1/32", "address", "node", "n", "gw", null],
      ["fd0a::1/128", "address", "node", "n", "gw", null],
      ["10.0.0.2/32", "address", "user", "ana", "ana", "a"],
      ["10.0.0.3/32", "address", "user", "ana", "ana", null],
      ["10.0.0.4/32", "address", "extclient", "printer", "printer", null],
    ]);
    expect(list[0]?.participant.node).toEqual({ id: "n", name: "gw", host: "h", relay: "r" });
  });

  it("is a route's ranges without default routes, with a domain where it is one's", () => {
    const list = holdings(
      told(`egress: [
        { id: a, ranges: [10.1.2.3/16, 0.0.0.0/0, "::/0"], virtual_ranges: [10.99.0.0/16], domains: [x.test] },
        { id: b, ranges: [203.0.113.5/32], domains: [y.test] },
        { id: c, ranges: [203.0.113.6/32], domains: [y.test, z.test], resolved: { "y.test": [203.0.113.7/32], "z.test": ["2001:db8::/32"] } },
      ]`),
    );
    expect(list.map(({ cidr, kind, domain, participant }) => [participant.id, formatCidr(cidr), kind, domain])).toEqual([
      ["a", "10.99.0.0/16", "virtual", null],
      ["a", "10.1.0.0/16", "range", null],
      ["b", "203.0.113.5/32", "range", "y.test"],
      ["c", "203.0.113.7/32", "resolved", "y.test"],
      ["c", "2001:db8::/32", "resolved", "z.test"],
      ["c", "203.0.113.6/32", "range", null],
    ]);
  });
});

describe("gateways", () => {
  const device = (fromMs = 0) =>
    told("users: [{ id: ana, devices: [{ addresses: [10.0.0.9], gateway: gw }] }]", { fromMs, isFirst: true });
  const node = (id: string, name: string, fromMs: number, toMs = NOW, more = {}) =>
    told(`nodes: [{ id: ${id}, name: ${name} }]`, { fromMs, toMs, ...more });

  it("are the nodes that were called so at the time", () => {
    // The name goes from node a to node b at 100, and nobody has it from 200 to 300.
    const list = holdings(device(), node("a", "gw", 0, 100), node("b", "gw", 100, 200), node("b", "gw", 300));
    expect(gatewaysOf(list, "ana")).toEqual([
      ["a", 0, 100],
      ["b", 100, 200],
      ["gw", 200, 300],
      ["b", 300, NOW],
    ]);
    expect(list.filter(({ isFirst }) => isFirst)).toHaveLength(1);
  });

  it("are followed by id through a renaming", () => {
    const route = told("egress: [{ id: lan, ranges: [10.2.0.0/16], via: [a] }]");
    const list = holdings(route, node("a", "old", 0, 100), node("a", "new", 100));
    expect(list.map(({ participant, fromMs }) => [participant.gateways[0]?.name, fromMs])).toEqual([
      ["old", 0],
      ["new", 100],
    ]);
  });

  it("may be told by another source, also a moment later if that was its first word", () => {
    expect(gatewaysOf(holdings(device(10), node("a", "gw", 20, NOW, { source: "netmaker", isFirst: true })), "ana")).toEqual([
      ["a", 10, NOW],
    ]);
    expect(gatewaysOf(holdings(device(10), node("a", "gw", 20, NOW, { source: "netmaker" })), "ana")).toEqual([
      ["gw", 10, 20],
      ["a", 20, NOW],
    ]);
  });

  it("are those of the source that counts more, and an id counts before a name and a host", () => {
    const both = [node("a", "gw", 0, NOW, { source: "netmaker" }), node("b", "gw", 0)];
    expect(gatewaysOf(holdings(device(), ...both), "ana")).toEqual([["b", 0, NOW]]);
    const named = told("nodes: [{ id: z, host: gw }, { id: y, name: gw }, { id: gw }]");
    expect(gatewaysOf(holdings(device(), named), "ana")).toEqual([["gw", 0, NOW]]);
  });
});

it("an agent's own addresses are those of the node that the inventory knows it as, as long as it does", () => {
  const own = told("nodes: [{ id: debian, addresses: [10.0.0.7] }]", { source: "agent:debian" });
  const list = holdings(own, told("nodes: [{ id: n-1, name: debian }]", { fromMs: 100, toMs: 200 }));
  expect(list.map(({ participant, fromMs, precedence }) => [participant.id, fromMs, precedence])).toEqual([
    ["debian", 0, 2],
    ["n-1", 100, 2],
    ["debian", 200, 2],
  ]);
});
