import { describe, expect, it } from "vitest";
import { type NetworkConfig, NetworkTable } from "./networks.ts";
import { address, cidr } from "./testing/track.ts";

const network = (id: string, ranges: string[], more: Partial<NetworkConfig> = {}): NetworkConfig => ({
  id,
  ranges: ranges.map(cidr),
  egress: [],
  members: [],
  ...more,
});
const told = (table: NetworkTable, source: string, destination: string): string => {
  const place = table.classify(address(source), address(destination));
  return place ? `${place.network} ${place.direction} ${place.role}` : "none";
};

describe("Direction: first rule that fits", () => {
  const mesh = network("mesh", ["100.64.0.0/16", "fd0a::/64"], {
    members: [address("203.0.113.77")],
    egress: [
      { id: "office", ranges: [cidr("10.20.0.0/16"), cidr("fd20::/48")] },
      { id: "plant", ranges: [cidr("10.30.0.0/16")] },
      { id: "internet", ranges: [cidr("0.0.0.0/0"), cidr("::/0")] },
    ],
  });
  const table = new NetworkTable([mesh], ["100.64.0.1", "fd0a::1", "192.0.2.10", "10.20.0.1"].map(address));

  it.each([
    ["1. source is an overlay address of the reporter → egress", "100.64.0.1", "100.64.0.2", "mesh egress initiator"],
    ["1. before 2", "100.64.0.1", "100.64.0.1", "mesh egress initiator"],
    ["1. to the internet", "fd0a::1", "2001:db8::9", "mesh egress initiator"],
    ["2. destination is an overlay address of the reporter → ingress", "100.64.0.2", "100.64.0.1", "mesh ingress responder"],
    ["2. from anywhere", "198.51.100.1", "100.64.0.1", "mesh ingress responder"],
    ["3. source is in the network's range → ingress", "100.64.0.21", "198.51.100.1", "mesh ingress forwarder"],
    ["3. source is one of its users or config files → ingress", "203.0.113.77", "198.51.100.1", "mesh ingress forwarder"],
    ["3. before 4", "100.64.0.21", "100.64.0.22", "mesh ingress forwarder"],
    ["4. destination is in the network's range → egress", "10.20.0.5", "100.64.0.21", "mesh egress forwarder"],
    ["5. the source's route is behind the reporter → egress", "10.20.0.5", "10.30.0.5", "mesh egress forwarder"],
    ["5. it is not → ingress", "10.30.0.5", "10.20.0.5", "mesh ingress forwarder"],
    ["5. not within one route", "10.20.0.5", "10.20.0.6", "none"],
    ["5. never by a default route (/0)", "10.20.0.5", "198.51.100.1", "none"],
    ["5. never by a default route of IPv6", "fd20::5", "2001:db8::9", "none"],
    ["6. an underlay address is no overlay address", "192.0.2.10", "198.51.100.1", "none"],
    ["6. IPv4 is not in ::/0", "198.51.100.1", "203.0.113.1", "none"],
  ])("%s", (_rule, source, destination, expected) => {
    expect(told(table, source, destination)).toBe(expected);
  });

  it("believes the inventory about what is behind the reporter", () => {
    const [office, plant] = mesh.egress;
    const egress = [
      { ...office!, behindReporter: false },
      { ...plant!, behindReporter: true },
    ];
    const other = new NetworkTable([{ ...mesh, egress }], [address("100.64.0.1"), address("10.20.0.1")]);
    expect(told(other, "10.20.0.5", "10.30.0.5")).toBe("mesh ingress forwarder");
    expect(told(other, "10.30.0.5", "10.20.0.5")).toBe("mesh egress forwarder");
  });

  it("tells own and overlay addresses", () => {
    expect([table.isOwn(address("192.0.2.10")), table.isOverlay(address("192.0.2.10"))]).toEqual([true, false]);
    expect([table.isOwn(address("fd0a::1")), table.isOverlay(address("fd0a::1"))]).toEqual([true, true]);
    expect(table.isOwn(address("100.64.0.2"))).toBe(false);
  });
});

describe("Direction: with several networks", () => {
  const own = [address("100.64.0.1"), address("10.9.0.1")];

  it("takes the lowest rule number first", () => {
    const wide = network("a", ["10.9.0.0/16", "100.64.0.0/30"]);
    const table = new NetworkTable([wide, network("b", ["100.64.0.0/16"])], own);
    // Rule 3 by a /30 of a, but rule 2 by a /16 of b.
    const forB = new NetworkTable([network("a", ["100.64.0.0/30"]), network("b", ["10.9.0.0/16"])], [address("10.9.0.1")]);
    expect(told(forB, "100.64.0.2", "10.9.0.1")).toBe("b ingress responder");
    expect(told(table, "100.64.0.1", "1.1.1.1")).toBe("a egress initiator");
  });

  it("then the longest prefix, then the network's id", () => {
    const table = new NetworkTable(
      [network("z", ["100.64.0.0/24"]), network("b", ["100.64.0.0/16"]), network("c", ["100.64.0.0/16"])],
      own,
    );
    expect(told(table, "100.64.0.1", "100.64.9.9")).toBe("z egress initiator");
    const equal = new NetworkTable([network("c", ["100.64.0.0/16"]), network("b", ["100.64.0.0/16"])], own);
    expect(told(equal, "100.64.0.1", "100.64.9.9")).toBe("b egress initiator");
  });

  it("takes a member's own address for the longest prefix", () => {
    const member = network("z", ["10.1.0.0/16"], { members: [address("100.64.0.21")] });
    expect(told(new NetworkTable([network("a", ["100.64.0.0/16"]), member], []), "100.64.0.21", "1.1.1.1")).toBe(
      "z ingress forwarder",
    );
  });

  it("finds members among thousands", () => {
    const members = Array.from({ length: 5000 }, (_, i) => address(`203.0.${i >> 8}.${i & 255}`));
    const table = new NetworkTable([network("mesh", [], { members: [...members, ...members] })], []);
    expect(members.every((member) => table.classify(member, address("1.1.1.1")) !== null)).toBe(true);
    expect(table.classify(address("203.0.200.1"), address("1.1.1.1"))).toBeNull();
  });
});
