import { describe, expect, it } from "vitest";
import { inventorySchema } from "../inventory-schema.ts";
import { inventoryOf } from "../testing.ts";
import type { EntityVersion } from "./change.ts";
import { mergedInventory } from "./current.ts";
import { piecesOf, readEntity } from "./entities.ts";

const texts = (yaml: string) => piecesOf(inventoryOf(`\n  - { id: net, ${yaml} }`)).map(({ entity }) => entity);

describe("the one form of an entity", () => {
  it.each([
    ["addresses: [10.0.0.1, 'fd0a::1']", "addresses: ['FD0A:0:0::1', '::ffff:10.0.0.1', 10.0.0.1]"],
    ["tags: [a, b]", "tags: [b, a, a], addresses: [], gateway: false"],
    ["name: x, host: y", "host: y, name: x"],
  ])("a node with %s is one with %s", (a, b) => {
    expect(texts(`nodes: [{ id: n, ${a} }]`)).toEqual(texts(`nodes: [{ ${b}, id: n }]`));
  });

  it.each([
    ["ranges: [10.1.2.3/16]", "ranges: [10.1.0.0/16, '::ffff:10.1.0.0/112']"],
    ["resolved: { a.test: [10.0.0.1/32], b.test: [] }", "resolved: { a.test: [10.0.0.1/32] }"],
    ["domains: [b, a], via: [y, x]", "via: [x, y], domains: [a, b]"],
  ])("a route with %s is one with %s", (a, b) => {
    expect(texts(`egress: [{ id: e, ${a} }]`)).toEqual(texts(`egress: [{ id: e, ${b} }]`));
  });

  it("differs where something differs", () => {
    const different = ["", "name: n", "gateway: true", "relay: r", "addresses: [10.0.0.1]", "addresses: [10.0.0.2]", "tags: [t]"];
    expect(new Set(different.map((more) => texts(`nodes: [{ id: n${more && `, ${more}`} }]`)[1])).size).toBe(different.length);
  });

  it("leads back to what was told, for everything that the schema has", () => {
    const all = inventorySchema.parse({
      networks: [
        {
          id: "net",
          name: "Net",
          ranges: ["10.0.0.0/8"],
          names: "off",
          nodes: [
            {
              id: "n",
              name: "m",
              host: "h",
              addresses: ["10.0.0.1"],
              gateway: true,
              relay: "r",
              public_keys: ["k"],
              tags: ["t"],
            },
          ],
          users: [
            {
              id: "u",
              name: "v",
              devices: [{ id: "d", name: "l", addresses: ["10.0.0.2"], gateway: "n" }, {}],
              groups: ["g"],
              tags: ["t"],
            },
          ],
          config_files: [{ id: "c", name: "p", addresses: ["10.0.0.3"], gateway: "n", tags: ["t"] }],
          egress: [
            {
              id: "e",
              name: "f",
              ranges: ["10.1.0.0/16"],
              virtual_ranges: ["10.2.0.0/16"],
              via: ["n"],
              domains: ["x.test"],
              resolved: { "x.test": ["203.0.113.1/32"] },
              tags: ["t"],
            },
          ],
        },
        { id: "bare", nodes: [{ id: "n" }], users: [{ id: "u" }], config_files: [{ id: "c" }], egress: [{ id: "e" }] },
      ],
    });
    const time = { source: "file", fromMs: 0, toMs: 1, isFirst: true };
    const versions = piecesOf(all).map(
      ({ network, kind, id, entity }) => ({ network, kind, id, entity: readEntity(kind, entity), ...time }) as EntityVersion,
    );
    const { networks } = mergedInventory(versions);
    expect(networks).toHaveLength(2);
    expect(networks).toEqual(expect.arrayContaining(all.networks));
  });
});

it("of several sources the one that counts most tells of an entity, and all tell of a network's ranges", () => {
  const version = (source: string, yaml: string) =>
    piecesOf(inventoryOf(`\n  - { id: net, ${yaml} }`)).map(
      ({ network, kind, id, entity }) =>
        ({ network, kind, id, source, entity: readEntity(kind, entity), fromMs: 0, toMs: 1, isFirst: true }) as EntityVersion,
    );
  const [merged] = mergedInventory([
    ...version("agent:n", "ranges: [10.3.0.0/16], nodes: [{ id: n }, { id: o }]"),
    ...version("netmaker", "name: Theirs, ranges: [10.2.0.0/16], names: off, nodes: [{ id: n, name: theirs, tags: [t] }]"),
    ...version("file", "name: Ours, ranges: [10.1.0.0/16, 10.2.0.0/16], nodes: [{ id: n, name: ours }]"),
  ]).networks;
  expect(merged).toMatchObject({ name: "Ours", names: "off", ranges: ["10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"] });
  expect(merged?.nodes.map(({ id, name, tags }) => [id, name, tags])).toEqual([
    ["n", "ours", []],
    ["o", undefined, []],
  ]);
});
