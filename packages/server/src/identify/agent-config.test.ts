import { expect, it } from "vitest";
import { type CaptureChange, captureAfter, captureStateOf } from "../settings/capture-state.ts";
import { AgentConfigs, type AskingAgent } from "./agent-config.ts";
import type { NodeRef } from "./lookup.ts";
import { inventoryOf } from "./testing.ts";

const inventory = inventoryOf(`
  - id: netmaker
    ranges: [100.102.137.0/24, "fd0a::/64"]
    names: second-level
    users:        [{ id: majdi@netmaker.io, devices: [{ name: laptop, addresses: [100.102.137.21], gateway: inetgw }] }]
    config_files: [{ id: printer, addresses: [100.102.137.30], gateway: n-inetgw }]
    egress:
      - { id: office-lan, name: Office LAN, ranges: [10.20.0.0/16], virtual_ranges: [10.99.0.0/16], via: [officegw] }
      - { id: nobody, ranges: [10.30.0.0/16] }
      - { id: stranger, ranges: [10.40.0.0/16], via: [inetgw, stranger] }
      - { id: both, ranges: [10.50.0.0/16], via: [n-inetgw, officegw] }
  - id: other
`);
const settings = {
  enabled: true,
  update_interval_s: 10,
  flush_interval_ms: 500,
  icmp: true,
  dns: true,
  names: "full",
  denied: false,
  process: false,
  exclude: [],
  exclude_users: [],
  exclude_groups: [],
  exclude_nodes: [],
  exclude_domains: [],
  external_addresses: "full",
  pseudonyms: false,
} as const;
const nodes: readonly NodeRef[] = [
  { id: "n-inetgw", name: "inetgw" },
  { id: "n-officegw", name: "officegw", host: "h-office" },
  { id: "n-debian", name: "debian" },
];
const nodeOf: AskingAgent["nodeOf"] = (network, word) =>
  network === "netmaker" ? (nodes.find(({ id, name, host }) => [id, name, host].includes(word)) ?? null) : null;
const asConfigured = captureStateOf(settings, []);
const changed = (change: CaptureChange, state = asConfigured) => captureAfter(state, change, { ms: 1, who: "ana" });
const configs = new AgentConfigs();
const nobody: AskingAgent = { reporter: null, nodeOf };
const asked = (id: string, name = id): AskingAgent => ({ reporter: { id, name }, nodeOf });
const behind = (asking: AskingAgent) =>
  Object.fromEntries(
    configs.get(inventory, asConfigured, asking).networks[0]?.egress.map((route) => [route.id, route.behind_reporter]) ?? [],
  );

it("tells agents networks and switches", () => {
  expect(configs.get(inventory, asConfigured, nobody)).toEqual({
    version: expect.stringMatching(/^[0-9a-f]{16}$/),
    enabled: true,
    capture: { icmp: true, dns: true, names: "full", denied: false, process: false },
    update_interval_s: 10,
    flush_interval_ms: 500,
    exclude: [],
    excluded: [],
    exclude_domains: [],
    networks: [
      {
        id: "netmaker",
        ranges: ["100.102.137.0/24", "fd0a::/64"],
        names: "second-level",
        egress: [
          { id: "office-lan", ranges: ["10.20.0.0/16", "10.99.0.0/16"] },
          { id: "nobody", ranges: ["10.30.0.0/16"] },
          { id: "stranger", ranges: ["10.40.0.0/16"] },
          { id: "both", ranges: ["10.50.0.0/16"] },
        ],
        members: ["100.102.137.21", "100.102.137.30"],
      },
      { id: "other", ranges: [], egress: [], members: [] },
    ],
  });
});

it("tells each agent which routes are behind its node, where the inventory says so", () => {
  const office = { "office-lan": true, nobody: undefined, stranger: undefined, both: true };
  expect(behind(asked("n-officegw"))).toEqual(office);
  expect(behind(asked("h-office"))).toEqual(office);
  expect(behind(asked("token-7", "officegw"))).toEqual(office);
  expect(behind(asked("debian"))).toEqual({ "office-lan": false, nobody: undefined, stranger: undefined, both: false });
  expect(behind(asked("inetgw"))).toEqual({ "office-lan": false, nobody: undefined, stranger: true, both: true });
  // Known to nobody but the route itself.
  expect(behind(asked("stranger"))).toMatchObject({ stranger: true, "office-lan": false });
});

it("has a version that changes with what it says, and only then", () => {
  const { version } = configs.get(inventory, asConfigured, asked("debian"));
  expect(configs.get(inventory, asConfigured, asked("debian")).version).toBe(version);
  expect(configs.get(inventory, changed({ dns: false }), asked("debian")).version).not.toBe(version);
  expect(configs.get(inventory, asConfigured, asked("officegw")).version).not.toBe(version);
});

it("is made anew when the inventory is another one", () => {
  const before = configs.get(inventory, asConfigured, nobody);
  expect(configs.get(inventory, asConfigured, nobody)).toBe(before);
  const other = configs.get({ networks: inventory.networks.slice(0, 1) }, asConfigured, nobody);
  expect(other.networks).toHaveLength(1);
  expect(other.version).not.toBe(before.version);
  expect(configs.get(inventory, asConfigured, nobody)).toEqual(before);
});

it("says what is set for the fleet, for a network and for a node", () => {
  const get = (change: CaptureChange, asking = nobody) => configs.get(inventory, changed(change), asking);
  expect(get({ enabled: false }).enabled).toBe(false);
  const { networks } = get({ networks: { other: { enabled: false }, netmaker: { names: "off" }, wg0: { enabled: false } } });
  expect(networks.map(({ id, names, enabled }) => [id, names, enabled])).toEqual([
    ["netmaker", "off", undefined],
    ["other", undefined, false],
    // Nobody but an agent knows of it.
    ["wg0", undefined, false],
  ]);
  const nodeOff = { nodes: { "n-debian": { enabled: false } } };
  expect([get(nodeOff, asked("n-debian")).enabled, get(nodeOff, asked("n-inetgw")).enabled, get(nodeOff).enabled]).toEqual([
    false,
    true,
    true,
  ]);
});
