import { describe, expect, it } from "vitest";
import { checkInventory, formatNote, parseInventory } from "./inventory-yaml.ts";

const told = (text: string) => checkInventory(text).notes.map((note) => `${note.level} ${formatNote(note, "i.yaml")}`);

describe("an inventory that can't be used", () => {
  it.each([
    ["networks: [", /i\.yaml:1: this is no YAML/],
    [
      "networks:\n  - id: a\n    nodes:\n      - { id: n, addresses: [10.0.0.1/8] }\n",
      /i\.yaml:4: networks\.0\.nodes\.0\.addresses\.0: .*without a mask/,
    ],
    ["networks:\n  - id: a\n    rangez: []\n", /i\.yaml:3: networks\.0: Unrecognized key: "rangez"/],
    ["networks:\n  - id: a\n  - id: a\n", /i\.yaml:3: .*twice/],
    [
      "networks:\n  - ranges: [10.0.0.0/33]\n",
      /i\.yaml:2: networks\.0\.id: expected a text\ni\.yaml:2: networks\.0\.ranges\.0: .*range/,
    ],
    ["networks:\n  - id: a\n    names: some\n", /i\.yaml:3: networks\.0\.names: expected off, second-level or full/],
    [
      "networks:\n  - id: a\n    nodes:\n      - { id: n }\n      - { id: m }\n      - { id: n }\n",
      /^i\.yaml:6: networks\.0\.nodes\.2\.id: there is another node with the id n \(line 4\)$/,
    ],
    ["networks:\n  - id: a\n    egress: [{ id: e }, { id: e }]\n", /:3: .*another egress route with the id e$/],
  ])("says what is wrong with %j, and where", (text, message) => expect(() => parseInventory(text, "i.yaml")).toThrow(message));

  it("tells twenty mistakes and counts the others", () => {
    const nodes = Array.from({ length: 30 }, () => "      - { id: n, adresses: [] }\n").join("");
    expect(() => parseInventory(`networks:\n  - id: a\n    nodes:\n${nodes}`, "i.yaml")).toThrow(/… and 10 more$/);
  });
});

describe("an inventory that can be used", () => {
  it("may be empty", () => expect(parseInventory("", "i.yaml")).toEqual({ networks: [] }));

  it("may have ranges with host bits", () => {
    expect(told("networks: [{ id: a, ranges: [10.1.2.3/16, 'fd0a::7/64'] }]")).toEqual([]);
  });

  it("may have ids of one kind in another kind and in another network", () => {
    expect(told("networks: [{ id: a, users: [{ id: x }], config_files: [{ id: x }] }, { id: b, users: [{ id: x }] }]")).toEqual(
      [],
    );
  });

  it("is warned of what does not fit together", () => {
    const text = `networks:
  - id: a
    ranges: [10.1.0.0/16]
    nodes:
      - { id: n1, name: gw, host: h1, addresses: [10.1.0.1, "::ffff:10.1.0.1"] }
      - { id: n2, addresses: [10.2.0.1], relay: nobody }
      - { id: n3, relay: h1, addresses: [10.1.0.3] }
    users:
      - { id: ana, devices: [{ name: laptop, addresses: [10.1.0.3], gateway: gw }, { addresses: [10.1.0.9], gateway: gone }] }
    config_files: [{ id: printer, addresses: [10.1.0.9], gateway: n1 }]
    egress: [{ id: lan, via: [gw, lost] }]
  - id: b
    nodes: [{ id: n1, addresses: [10.1.0.1] }]
`;
    expect(told(text)).toEqual([
      "warning i.yaml:6: networks.0.nodes.1.relay: no node of this network has the id or the name nobody",
      "warning i.yaml:6: networks.0.nodes.1.addresses.0: 10.2.0.1 (node n2) is in none of the ranges of network a",
      "warning i.yaml:9: networks.0.users.0.devices.1.gateway: no node of this network has the id or the name gone",
      "warning i.yaml:9: networks.0.users.0.devices.0.addresses.0: 10.1.0.3 is the address of node n3, too: node n3 is taken for its holder (line 7)",
      "warning i.yaml:10: networks.0.config_files.0.addresses.0: 10.1.0.9 is the address of user ana, too: user ana is taken for its holder (line 9)",
      "warning i.yaml:11: networks.0.egress.0.via.1: no node of this network has the id or the name lost",
      "warning i.yaml:12: networks.1.id: without ranges agents do not know which flows belong to this network",
    ]);
    expect(parseInventory(text, "i.yaml").networks).toHaveLength(2);
  });
});
