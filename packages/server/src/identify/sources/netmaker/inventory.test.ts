import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Inventory, inventorySchema } from "../../inventory-schema.ts";
import { client, EGRESS, egress, fleet, HOST, host, NODE, network, node, staticNode, user } from "./testing/data.ts";
import { type NetmakerData, NetmakerDouble, type NetmakerVersion } from "./testing/double.ts";
import { sourceOn, type TestSource } from "./testing/source.ts";

let double: NetmakerDouble;
let source: TestSource;

async function read(
  change: Partial<NetmakerData> = {},
  version: NetmakerVersion = "1.5",
): Promise<Inventory["networks"][number]> {
  double = await new NetmakerDouble({ ...fleet(version), ...change }, version).start();
  source = await sourceOn(double);
  const [found] = source.said;
  if (found === undefined) throw new Error(source.state.error ?? "nothing was said");
  expect(inventorySchema.safeParse(found).error).toBeUndefined();
  return found.networks.find(({ id }) => id === "netmaker") as Inventory["networks"][number];
}

beforeEach(() => expect.hasAssertions());
afterEach(async () => {
  await source.end();
  await double.stop();
});

describe.each(["1.5", "1.6"] as const)("an inventory of Netmaker %s", (version) => {
  it("has its nodes, users, config files and egress routes", async () => {
    expect(await read({}, version)).toEqual({
      id: "netmaker",
      ranges: ["100.102.137.0/24", "fd0a::/64"],
      nodes: [
        { id: NODE.inetgw, name: "inetgw", host: HOST.inetgw, addresses: ["100.102.137.4", "fd0a::4"], gateway: true, tags: [] },
        { id: NODE.debian, name: "debian", host: HOST.debian, addresses: ["100.102.137.9"], gateway: false, tags: [] },
      ],
      users: [
        {
          id: "ana@example.com",
          name: "Ana",
          devices: [{ id: "ana-laptop", name: "laptop", addresses: ["100.102.137.21"], gateway: NODE.inetgw }],
          groups: ["Engineers"],
          tags: [],
        },
      ],
      config_files: [{ id: "printer", addresses: ["100.102.137.30"], gateway: NODE.inetgw, tags: [] }],
      egress: [
        {
          id: EGRESS,
          name: "Office LAN",
          ranges: ["10.20.0.0/16"],
          virtual_ranges: [],
          via: [NODE.inetgw],
          domains: [],
          resolved: {},
          tags: [],
        },
      ],
    });
    expect(source.state).toMatchObject({ error: null, name: "netmaker", kind: "netmaker", where: double.url });
    expect(double.mostAtOnce).toBe(1);
  });
});

type Network = Inventory["networks"][number];
const device = { ownerid: "ana@example.com", device_name: "phone" };
const RANGES = { address: "100.102.137.40", extraallowedips: ["192.168.7.5/32", "192.168.8.0/24", "0.0.0.0/0", "fd0b::5"] };

/** Each is something that looks different from what it is. */
const TRAPS: readonly [trap: string, change: Partial<NetmakerData>, look: (network: Network) => unknown, expected: unknown][] = [
  [
    "a network's name is its netid, its id is something else",
    { networks: [network({ id: "5f0c" })] },
    ({ id }) => id,
    "netmaker",
  ],
  ["nodes' addresses have masks", {}, ({ nodes }) => nodes[0]?.addresses, ["100.102.137.4", "fd0a::4"]],
  [
    "an absent address is printed as <nil>",
    { nodes: [node({ address: "<nil>" })] },
    ({ nodes }) => nodes[0]?.addresses,
    ["fd0a::4"],
  ],
  ["an address may be all zeros", { nodes: [node({ address6: "::/0" })] }, ({ nodes }) => nodes[0]?.addresses, ["100.102.137.4"]],
  ["nodes have no name, their host has it", {}, ({ nodes }) => nodes.map(({ name }) => name), ["inetgw", "debian"]],
  ["a node's host may be gone", { hosts: [] }, ({ nodes }) => nodes.map(({ name }) => name), [undefined, undefined]],
  [
    "a gateway may say so in one of three ways",
    {
      nodes: ["is_gw", "isingressgateway", "isinternetgateway", "other"].map((sign) => node({ id: `n-${sign}`, [sign]: true })),
    },
    ({ nodes }) => nodes.map(({ gateway }) => gateway),
    [true, true, true, false],
  ],
  [
    "relayedby is empty or nil where there is no relay",
    {
      nodes: ["", "00000000-0000-0000-0000-000000000000", NODE.debian].map((relayedby, i) => node({ id: `n${i}`, relayedby })),
    },
    ({ nodes }) => nodes.map(({ relay }) => relay),
    [undefined, undefined, NODE.debian],
  ],
  [
    "tags are keys, with the network before them",
    { nodes: [node({ tags: { "netmaker.web": {}, "netmaker.db": {}, loose: {} } })] },
    ({ nodes }) => nodes[0]?.tags,
    ["loose", "db", "web"],
  ],
  [
    "a user's device is a remote access client",
    { extclients: [client({ ...device, remote_access_client_id: "r" })] },
    whose,
    ["ana@example.com", []],
  ],
  ["a user's device has a device id", { extclients: [client({ ...device, device_id: "d" })] }, whose, ["ana@example.com", []]],
  [
    "a user's device is a user node among the nodes",
    { extclients: [client(device)], nodes: [staticNode(client(device), true)] },
    whose,
    ["ana@example.com", []],
  ],
  [
    "the owner of a config file is who made it, not who uses it",
    { extclients: [client({ ownerid: "ana@example.com" })], nodes: [node()], mappings: {} },
    whose,
    [undefined, ["printer"]],
  ],
  [
    "a device without an owner is the one's whom the map of addresses names",
    {
      extclients: [client({ ownerid: "", device_id: "d" })],
      nodes: [node()],
      mappings: { "100.102.137.30": { user: "bo", groups: null } },
    },
    whose,
    ["bo", []],
  ],
  [
    "a device without an owner, and nobody knows whose it is",
    { extclients: [client({ ownerid: "", device_id: "d" })], nodes: [node()], mappings: {} },
    whose,
    [undefined, ["printer"]],
  ],
  [
    "only the map of addresses knows of a device, and it does not say in which network",
    { mappings: { "100.102.137.77": { user: "bo", groups: ["g"] }, "10.9.9.9": { user: "eve", groups: [] } } },
    ({ users }) => users.map(({ id, devices }) => [id, devices]),
    [
      ["ana@example.com", [expect.anything()]],
      ["bo", [{ addresses: ["100.102.137.77"] }]],
    ],
  ],
  [
    "a client that is switched off holds nothing, nor does the map of addresses make it",
    {
      extclients: [client({ ...device, device_id: "d", enabled: false })],
      nodes: [staticNode(client({ ...device, device_id: "d", enabled: false }), true)],
      mappings: { "100.102.137.30": { user: "ana@example.com", groups: null } },
    },
    whose,
    [undefined, []],
  ],
  [
    "ext clients stand among the nodes, too, under the nil id",
    {},
    ({ nodes, users, config_files }) => [nodes.length, users.length, config_files.length],
    [2, 1, 1],
  ],
  [
    "what is behind a config file: single addresses are its own, ranges are routes, everything is nobody's",
    { extclients: [client(RANGES)] },
    ({ config_files, egress: routes }) => [config_files[0]?.addresses, routes.map(({ id, ranges, via }) => [id, ranges, via])],
    [
      ["100.102.137.40", "192.168.7.5", "fd0b::5"],
      [
        [EGRESS, ["10.20.0.0/16"], [NODE.inetgw]],
        ["printer:192.168.8.0/24", ["192.168.8.0/24"], [NODE.inetgw]],
      ],
    ],
  ],
  [
    "a client's address may have a mask all the same",
    { extclients: [client({ address: "100.102.137.30/32" })] },
    ({ config_files }) => config_files[0]?.addresses,
    ["100.102.137.30"],
  ],
  [
    "the id of one network's client may be another's, too",
    { extclients: [client(), client({ network: "other", address: "10.1.1.1" })] },
    ({ config_files }) => config_files.map(({ addresses }) => addresses),
    [["100.102.137.30"]],
  ],
  [
    "a user has no display name",
    { users: [user()] },
    ({ users }) => users.map(({ id, name }) => [id, name]),
    [["ana@example.com", undefined]],
  ],
  ["a user's groups have no names", { groups: null }, ({ users }) => users.map(({ groups }) => groups), [["g-1"]]],
  [
    "an egress route's nodes have metrics: the lowest is preferred",
    { egress: { netmaker: [egress({ nodes: { b: 300, c: 100, a: 300 } })] } },
    ({ egress: [route] }) => route?.via,
    ["c", "a", "b"],
  ],
  [
    "an egress route has no nodes yet",
    { egress: { netmaker: [egress({ nodes: null })] } },
    ({ egress: [route] }) => route?.via,
    [],
  ],
  ["an egress route that is off", { egress: { netmaker: [egress({ status: false })] } }, ({ egress: routes }) => routes, []],
  [
    "an egress route's mode disabled is NAT's, not the route's",
    { egress: { netmaker: [egress({ mode: "disabled" })] } },
    ({ egress: [route] }) => route?.ranges,
    ["10.20.0.0/16"],
  ],
  [
    "virtual NAT: members see another range, out of the network's pool",
    { egress: { netmaker: [egress({ mode: "virtual_nat", virtual_range: "198.18.1.0/24" })] } },
    ({ ranges, egress: [route] }) => [ranges, route?.ranges, route?.virtual_ranges],
    [["100.102.137.0/24", "fd0a::/64", "198.18.0.0/15"], ["10.20.0.0/16"], ["198.18.1.0/24"]],
  ],
  [
    "a virtual range that was left behind when the mode was changed",
    { egress: { netmaker: [egress({ mode: "direct_nat", virtual_range: "198.18.1.0/24" })] } },
    ({ ranges, egress: [route] }) => [ranges.length, route?.virtual_ranges],
    [2, []],
  ],
  [
    "v1.5: an egress route to one domain has no range",
    {
      egress: { netmaker: [egress({ range: "", domain: "Api.Example.test", domain_ans: ["203.0.113.7/32", "203.0.113.6/32"] })] },
    },
    ({ egress: [route] }) => [route?.ranges, route?.domains, route?.resolved],
    [[], ["api.example.test"], { "api.example.test": ["203.0.113.6/32", "203.0.113.7/32"] }],
  ],
  [
    "v1.6: an egress route to several domains, each with its answers",
    {
      egress: {
        netmaker: [
          egress({
            range: "*",
            domains: ["b.test", "*.a.test"],
            domain_ans_by_domain: { "b.test": ["203.0.113.7/32"], "*.a.test": null },
          }),
        ],
      },
    },
    ({ egress: [route] }) => [route?.ranges, route?.domains, route?.resolved],
    [[], ["*.a.test", "b.test"], { "b.test": ["203.0.113.7/32"] }],
  ],
  [
    "answers of several domains, and nobody says which",
    { egress: { netmaker: [egress({ range: "", domains: ["a.test", "b.test"], domain_ans: ["203.0.113.7/32"] })] } },
    ({ egress: [route] }) => [route?.ranges, route?.resolved],
    [["203.0.113.7/32"], {}],
  ],
  [
    "lists and maps are null when they are empty",
    { hosts: null, nodes: [node({ tags: null })], extclients: null, users: null, groups: null, mappings: null, egress: {} },
    ({ nodes, users, config_files, egress: routes }) => [nodes.length, users, config_files, routes],
    [1, [], [], []],
  ],
  [
    "an old list is wrapped",
    { nodes: { Code: 200, Message: "fetched nodes", Response: [node()] } },
    ({ nodes }) => nodes.length,
    1,
  ],
  [
    "a network has no range of IPv6",
    { networks: [network({ addressrange6: "" })] },
    ({ ranges }) => ranges,
    ["100.102.137.0/24"],
  ],
  [
    "a network that is not in the list: its nodes say its ranges",
    { networks: null },
    ({ ranges, nodes }) => [ranges, nodes.length],
    [["100.102.137.0/24", "fd0a::/64"], 2],
  ],
  [
    "fields that are new",
    { nodes: [{ ...node(), brand_new: { deep: [1] } }], networks: [{ ...network(), brand_new: 1 }] },
    ({ nodes }) => nodes.length,
    1,
  ],
  [
    "fields that are not there (Go's omitempty)",
    { nodes: [{ id: "n", network: "netmaker", address: "100.102.137.4/24" }], hosts: [{ id: "h" }] },
    ({ nodes }) => nodes,
    [{ id: "n", addresses: ["100.102.137.4"], gateway: false, tags: [] }],
  ],
];

function whose({ users, config_files }: Network): unknown {
  return [users[0]?.id, config_files.map(({ id }) => id)];
}

it.each(TRAPS)("trap: %s", async (_, change, look, expected) => {
  expect(look(await read(change))).toEqual(expected);
  expect(source.state.error).toBeNull();
});

it("reads pages to their end", async () => {
  const hosts = Array.from({ length: 250 }, (_, i) => host({ id: `h${i}`, name: `host${i}` }));
  const nodes = hosts.map(({ id }, i) => node({ id: `n${i}`, hostid: id, address: `100.102.${i}.1/16`, address6: "" }));
  const found = await read({ hosts, nodes }, "1.6");
  expect(new Set(found.nodes.map(({ name }) => name)).size).toBe(250);
  expect(double.asked.filter((path) => path.startsWith("/api/v1/hosts"))).toHaveLength(3);
});

it("does without what the paid edition has", async () => {
  double = new NetmakerDouble(fleet());
  double.pro = false;
  await double.start();
  source = await sourceOn(double);
  expect(source.said[0]?.networks[0]?.users).toMatchObject([{ id: "ana@example.com", groups: ["g-1"] }]);
  expect(source.state.error).toBeNull();
});

const BROKEN: readonly [
  trap: string,
  change: Partial<NetmakerData>,
  look: (network: Network) => unknown,
  expected: unknown,
  told: RegExp,
][] = [
  [
    "an address that is none",
    { nodes: [node(), node({ id: "bad", address: "100.102.137.999/24" })] },
    ({ nodes }) => nodes.map(({ id }) => id),
    [NODE.inetgw],
    /1 of nodes left out: nodes bad: address: "100\.102\.137\.999\/24" is no address/,
  ],
  [
    "an entry that is no object",
    { hosts: [host(), 17, null] },
    ({ nodes }) => nodes[0]?.name,
    "inetgw",
    /2 of hosts left out: hosts 17: /,
  ],
  [
    "an entry without an id",
    { extclients: [client(), client({ clientid: "" })] },
    ({ config_files }) => config_files.length,
    1,
    /1 of ext clients left out: ext clients without an id: clientid: expected an id/,
  ],
  [
    "a range that is none",
    { egress: { netmaker: [egress(), egress({ id: "e2", range: "10.0.0.0/40" })] } },
    ({ egress: routes }) => routes.length,
    1,
    /1 of egress of netmaker left out: egress of netmaker e2: range: "10\.0\.0\.0\/40" is no address range/,
  ],
  [
    "a static node that is broken says so as itself",
    { nodes: [node(), staticNode(client({ address: "x" }))] },
    ({ nodes }) => nodes.length,
    1,
    /1 of nodes left out: nodes .*: static_node\.address: "x" is no address/,
  ],
];

it.each(BROKEN)("one broken entry costs itself only: %s", async (_, change, look, expected, told) => {
  expect(look(await read(change))).toEqual(expected);
  expect(source.state.error).toMatch(told);
});
