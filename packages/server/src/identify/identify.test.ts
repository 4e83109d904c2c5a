import { type AgentDeclaration, type FlowBatch, rowToJson } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { flowBatch } from "../testing-rows.ts";
import { FixedInventory } from "./attribution/fixed-inventory.ts";
import { Identify } from "./identify.ts";
import { parseInventory } from "./inventory-yaml.ts";
import { inventoryInMemory } from "./testing.ts";

const YAML = `
networks:
  - id: netmaker
    ranges: [100.102.137.0/24, "fd0a::/64"]
    nodes:
      - { id: n-inetgw, name: inetgw, addresses: [100.102.137.4, "fd0a::4"], gateway: true }
      - { id: n-debian, name: debian, addresses: [100.102.137.9] }
      - { id: n-officegw, name: officegw, addresses: [100.102.137.7] }
    users:        [{ id: majdi@netmaker.io, devices: [{ name: laptop, addresses: [100.102.137.21], gateway: inetgw }] }]
    config_files: [{ id: printer, addresses: [100.102.137.30], gateway: n-inetgw }]
    egress:
      - { id: office-lan, name: Office LAN, ranges: [10.20.0.0/16], via: [officegw] }
      - { id: lab, ranges: [10.20.5.0/24], via: [officegw] }
      - { id: everything, ranges: [0.0.0.0/0], via: [inetgw] }
  - id: other
    nodes: [{ id: x, addresses: [100.102.137.9] }]
`;

function reported(reporterId: string, change: Readonly<Record<string, unknown>>): FlowBatch {
  const batch = flowBatch(change);
  for (let row = 0; row < batch.length; row++) batch.columns.reporter_id.set(row, reporterId);
  return batch;
}

function identified(
  change: Readonly<Record<string, unknown>>,
  {
    expected = [],
    yaml = YAML,
    reporter = String(change.reporter),
  }: { expected?: string[]; yaml?: string; reporter?: string } = {},
) {
  const inventory = new FixedInventory(parseInventory(yaml, "test.yaml"));
  const identify = new Identify({ inventory, expected: (node) => expected.includes(node.name) });
  const batch = reported(reporter, change);
  identify.fill(batch);
  return rowToJson(batch, 0);
}

const participant = (address: string, network = "netmaker") => {
  const row = identified({ dst_ip: address, network, reporter: "debian" });
  return [row.dst_type, row.dst_id, row.dst_name, row.dst_device, row.dst_by];
};

describe("participants", () => {
  it.each([
    ["100.102.137.4", "node", "n-inetgw", "inetgw", null, "inventory"],
    ["fd0a::4", "node", "n-inetgw", "inetgw", null, "inventory"],
    ["100.102.137.21", "user", "majdi@netmaker.io", "majdi@netmaker.io", "laptop", "inventory"],
    ["100.102.137.30", "extclient", "printer", "printer", null, "inventory"],
    ["10.20.1.1", "egress_route", "office-lan", "Office LAN", null, "inventory"],
    ["10.20.5.1", "egress_route", "lab", "lab", null, "inventory"],
    ["100.102.137.99", "unknown", null, null, null, null],
    ["fd0a::99", "unknown", null, null, null, null],
    ["203.0.113.9", "external", null, null, null, null],
  ])("%s is %s %s", (address, ...expected) => expect(participant(address)).toEqual(expected));

  it("are looked up in the flow's own network", () => {
    expect(participant("100.102.137.9", "other")).toEqual(["node", "x", "x", null, "inventory"]);
    expect(participant("100.102.137.9", "nobody's")).toEqual(["external", null, null, null, null]);
  });

  describe("of agents that declare their addresses", () => {
    let nowMs = Date.now() - 3_600_000;
    const setUp = () => {
      const inventory = inventoryInMemory(() => nowMs);
      const identify = new Identify({ inventory: inventory.history, expected: () => false });
      let sequence = 0;
      const declare = (id: string, addresses: Record<string, string[]>, declares?: AgentDeclaration) => {
        nowMs += 1000;
        inventory.agents.declare(
          { id, name: id },
          { addresses, declares, epoch: id, sequence: sequence++, coveredFromMs: nowMs },
        );
      };
      const ends = (src_ip: string, dst_ip: string, reporter: string, network = "local") => {
        const batch = reported(reporter, { network, src_ip, dst_ip, reporter });
        batch.columns.start.set(0, nowMs);
        identify.fill(batch);
        const row = rowToJson(batch, 0);
        return [row.src_type, row.src_name, row.dst_type, row.dst_name];
      };
      return { ...inventory, declare, ends };
    };

    it("are their nodes where there is no inventory; everybody else is external", () => {
      const { declare, ends } = setUp();
      declare("a", { local: ["192.168.1.2", "172.17.0.1"] });
      declare("b", { local: ["192.168.1.3", "172.17.0.1"] });
      expect(ends("192.168.1.2", "192.168.1.3", "a")).toEqual(["node", "a", "node", "b"]);
      expect(ends("192.168.1.2", "203.0.113.1", "a")).toEqual(["node", "a", "external", null]);
      // Both have a bridge of that address: each means its own.
      expect(ends("172.17.0.1", "203.0.113.1", "a")).toEqual(["node", "a", "external", null]);
      expect(ends("172.17.0.1", "203.0.113.1", "b")).toEqual(["node", "b", "external", null]);
      declare("b", { local: ["192.168.1.4"] });
      expect(ends("192.168.1.2", "192.168.1.3", "a")[2]).toBe("external");
    });

    it("are unknown within the ranges that an agent declares, and external outside of them", () => {
      const { declare, ends } = setUp();
      declare("a", { local: ["192.168.1.2"] }, { ranges: { local: ["192.168.1.0/24"] }, wireguard: [] });
      expect(ends("192.168.1.2", "192.168.1.77", "a")).toEqual(["node", "a", "unknown", null]);
      expect(ends("192.168.1.2", "192.168.2.77", "a")).toEqual(["node", "a", "external", null]);
    });

    it("are WireGuard's peers: a device by its key, a site behind it", () => {
      const { declare, ends } = setUp();
      const key = (letter: string) => `${letter.repeat(43)}=`;
      const peers = [{ public_key: key("P"), allowed_ips: ["10.9.0.7/32", "192.168.7.0/24"] }];
      const wireguard = [{ network: "wg0", name: "wg0", public_key: key("A"), peers }];
      declare("a", { wg0: ["10.9.0.1"] }, { ranges: { wg0: ["10.9.0.0/24"] }, wireguard });
      expect(ends("10.9.0.7", "192.168.7.9", "a", "wg0")).toEqual([
        "extclient",
        "PPPPPPPP…",
        "egress_route",
        "PPPPPPPP… 192.168.7.0/24",
      ]);
    });

    it("can't be taken over by an agent that declares another's address", () => {
      const { history, declare, ends } = setUp();
      history.apply("file", parseInventory(YAML, "test.yaml"), { who: "test" });
      declare("debian", { netmaker: ["100.102.137.21"] });
      expect(ends("100.102.137.21", "203.0.113.1", "debian", "netmaker").slice(0, 2)).toEqual(["user", "majdi@netmaker.io"]);
    });
  });
});

describe("the primary report", () => {
  const user = "100.102.137.21";
  const debian = "100.102.137.9";
  const inetgw = "100.102.137.4";
  const lan = "10.20.0.5";
  const all = ["debian", "inetgw", "officegw"];
  it.each([
    ["user → internet at its gateway", "inetgw", "forwarder", user, "203.0.113.1", all, 2, true],
    ["node → node at the source", "debian", "initiator", debian, inetgw, all, 1, true],
    ["node → node at the destination", "inetgw", "responder", debian, inetgw, all, 3, false],
    ["node without agent → node", "inetgw", "responder", debian, inetgw, ["inetgw"], 3, true],
    ["user → gateway (masquerades) → node B, at B", "debian", "responder", inetgw, debian, all, 3, false],
    ["user → inetgw → officegw → LAN at inetgw", "inetgw", "forwarder", user, lan, all, 2, true],
    ["… at officegw, masqueraded", "officegw", "forwarder", inetgw, lan, all, 4, false],
    ["… at officegw, inetgw without agent", "officegw", "forwarder", inetgw, lan, ["officegw"], 4, true],
    ["user → node at the node, its gateway reports", "debian", "responder", user, debian, all, 3, false],
    ["LAN → node at the LAN's gateway", "officegw", "forwarder", lan, debian, all, 2, true],
    ["LAN → node at the node", "debian", "responder", lan, debian, all, 3, false],
    ["a relay", "officegw", "forwarder", debian, inetgw, all, 5, false],
    ["a relay, alone", "officegw", "forwarder", debian, inetgw, ["officegw"], 5, true],
  ] as const)("%s", (_, reporter, role, src_ip, dst_ip, expected, rank, primary) => {
    const row = identified({ reporter, role, src_ip, dst_ip }, { expected: [...expected] });
    expect([row.rank, row.primary]).toEqual([rank, primary]);
  });

  it("is found under a reporter's id as well as its name", () => {
    const change = { reporter: "inetgw", role: "forwarder", src_ip: user, dst_ip: "203.0.113.1" };
    expect(identified(change, { expected: all, reporter: "n-inetgw" })).toMatchObject({ rank: 2, primary: true });
  });
});
