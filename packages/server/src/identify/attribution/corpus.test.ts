/** The attribution corpus: inventories in time, and who had an address in a network then. One line a case. */
import { rowToJson } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { flowBatch } from "../../testing-rows.ts";
import { Identify } from "../identify.ts";
import { inventoryInMemory, inventoryOf } from "../testing.ts";

/** Of the one day on which all of it happens; `09:30` is `09:30:00.000`. */
const at = (time: string) => Date.parse(`2026-11-17T${time.length === 5 ? `${time}:00.000` : time}Z`);

interface Scene {
  readonly what: string;
  /** When which source began to say what. */
  readonly versions: readonly (readonly [time: string, source: string, networks: string])[];
  /** For flows that began from … to …, the inventory is as it stood at …, said in this order. */
  readonly corrections?: readonly (readonly [from: string, to: string, asOf: string | null])[];
  /** Type, id, name, device, domain; `-` is null. */
  readonly cases: readonly (readonly [address: string, time: string, expected: string, network?: string, reporter?: string])[];
}

const KINDS = `
  - id: net
    ranges: [100.102.137.0/24, "fd0a::/64"]
    nodes:
      - { id: n-gw, name: gw, addresses: [100.102.137.4, "fd0a::4"], gateway: true }
      - { id: n-debian, name: debian, addresses: [100.102.137.9] }
      - { id: n-nas, addresses: [100.102.137.40], tags: [static] }
    users:
      - { id: majdi@netmaker.io, devices: [{ name: laptop, addresses: [100.102.137.21, "fd0a::21"], gateway: gw }, { addresses: [100.102.137.22] }] }
      - { id: u-7, name: Ana, devices: [{ id: d1, name: tablet, addresses: [100.102.137.23], gateway: gw }] }
    config_files:
      - { id: printer, addresses: [100.102.137.30], gateway: gw }
      - { id: c-2, name: Build-server, addresses: [100.102.137.31, "fd0a::31"], gateway: gw }
    egress:
      - { id: office-lan, name: Office-LAN, ranges: [10.20.0.0/16], via: [gw] }
      - { id: lab, ranges: [10.20.5.0/24], via: [gw] }
      - { id: desk, ranges: [10.20.5.128/25], via: [gw] }
      - { id: rack, ranges: [10.30.5.0/24], via: [gw] }
      - { id: hall, ranges: [10.30.0.0/16], via: [gw] }
      - { id: kiosk, ranges: [100.102.137.64/26], via: [gw] }
      - { id: carrier, ranges: [100.96.0.0/11], via: [gw] }
      - { id: branch, ranges: [192.168.1.0/24], virtual_ranges: [10.77.1.0/24], via: [gw] }
      - { id: a-rival, ranges: [10.77.1.0/24, 10.77.1.8/32], via: [gw] }
      - { id: dc, ranges: [198.51.100.0/24], via: [gw] }
      - { id: saas, domains: [app.example.test], resolved: { app.example.test: [198.51.100.7/32, 198.51.100.64/27] }, via: [gw] }
      - { id: cdn, domains: [a.test, b.test], resolved: { a.test: [198.51.100.9/32], b.test: [198.51.100.9/32, 198.51.100.10/32] }, via: [gw] }
      - { id: forge, domains: [forge.test], ranges: [203.0.113.80/32], via: [gw] }
      - { id: pair, domains: [pair.test], ranges: [203.0.113.81/32, 203.0.113.82/32], via: [gw] }
      - { id: block, domains: [block.test], ranges: [203.0.113.96/28], via: [gw] }
      - { id: both, domains: [x.test, y.test], ranges: [203.0.113.83/32], via: [gw] }
      - { id: site6, ranges: ["fd20::/48"], via: [gw] }
      - { id: room6, ranges: ["fd20:0:0:5::/64"], via: [gw] }
      - { id: lamp6, ranges: ["fd20:0:0:5::77/128"], via: [gw] }
      - { id: everything, ranges: [0.0.0.0/0, "::/0"], via: [gw] }
      - { id: local, ranges: [169.254.7.0/24], via: [gw] }
      - { id: on-node, ranges: [100.102.137.9/32], via: [gw] }`;

const FIRST = `
  - id: net
    ranges: [10.1.0.0/24]
    nodes: [{ id: n1, name: old-name, addresses: [10.1.0.9] }, { id: n2, addresses: [10.1.0.10] }]
    users: [{ id: ana, devices: [{ name: laptop, addresses: [10.1.0.21] }] }]
    egress: [{ id: lan, name: Old-LAN, ranges: [172.20.0.0/16], via: [n1] }]`;
const SECOND = `
  - id: net
    ranges: [10.1.0.0/24]
    nodes: [{ id: n1, name: new-name, addresses: [10.1.0.9] }, { id: n3, addresses: [10.1.0.11] }]
    users: [{ id: bob, devices: [{ name: phone, addresses: [10.1.0.21] }] }]
    egress: [{ id: lan, name: New-LAN, ranges: [172.20.0.0/17], via: [n1] }]`;
const BACK = `
  - id: net
    ranges: [10.1.0.0/24]
    nodes: [{ id: n9, addresses: [10.1.0.9] }]`;

const scenes: readonly Scene[] = [
  {
    what: "kinds of holders",
    versions: [["09:00", "file", KINDS]],
    cases: [
      ["100.102.137.4", "09:30", "node n-gw gw - -"],
      ["fd0a::4", "09:30", "node n-gw gw - -"],
      ["fd0a:0:0:0:0:0:0:4", "09:30", "node n-gw gw - -"],
      // A node's address stays the node's, whatever route claims it.
      ["100.102.137.9", "09:30", "node n-debian debian - -"],
      ["::ffff:100.102.137.9", "09:30", "node n-debian debian - -"],
      ["100.102.137.40", "09:30", "node n-nas n-nas - -"],
      ["100.102.137.21", "09:30", "user majdi@netmaker.io majdi@netmaker.io laptop -"],
      ["fd0a::21", "09:30", "user majdi@netmaker.io majdi@netmaker.io laptop -"],
      ["100.102.137.22", "09:30", "user majdi@netmaker.io majdi@netmaker.io - -"],
      ["100.102.137.23", "09:30", "user u-7 Ana tablet -"],
      ["100.102.137.30", "09:30", "extclient printer printer - -"],
      ["fd0a::31", "09:30", "extclient c-2 Build-server - -"],
      // Within the range, nobody's: the network's own and broadcast address, too.
      ["100.102.137.200", "09:30", "unknown - - - -"],
      ["100.102.137.0", "09:30", "unknown - - - -"],
      ["100.102.137.255", "09:30", "unknown - - - -"],
      ["fd0a::99", "09:30", "unknown - - - -"],
      ["fd0a:0:0:1::4", "09:30", "external - - - -"],
      // Nested ranges: the longest, in whatever order they are written, up to their edges.
      ["10.20.0.0", "09:30", "egress_route office-lan Office-LAN - -"],
      ["10.20.4.255", "09:30", "egress_route office-lan Office-LAN - -"],
      ["10.20.5.0", "09:30", "egress_route lab lab - -"],
      ["10.20.5.127", "09:30", "egress_route lab lab - -"],
      ["10.20.5.128", "09:30", "egress_route desk desk - -"],
      ["10.20.5.255", "09:30", "egress_route desk desk - -"],
      ["10.20.6.0", "09:30", "egress_route office-lan Office-LAN - -"],
      ["10.20.255.255", "09:30", "egress_route office-lan Office-LAN - -"],
      ["10.21.0.0", "09:30", "external - - - -"],
      ["10.30.5.9", "09:30", "egress_route rack rack - -"],
      ["10.30.6.9", "09:30", "egress_route hall hall - -"],
      ["fd20:0:0:5::1", "09:30", "egress_route room6 room6 - -"],
      ["fd20:0:0:5::77", "09:30", "egress_route lamp6 lamp6 - -"],
      ["fd20:0:0:6::77", "09:30", "egress_route site6 site6 - -"],
      ["fd20:0:1::", "09:30", "external - - - -"],
      // A range within the network's range, and one around it.
      ["100.102.137.64", "09:30", "egress_route kiosk kiosk - -"],
      ["100.102.137.127", "09:30", "egress_route kiosk kiosk - -"],
      ["100.102.137.128", "09:30", "unknown - - - -"],
      ["100.102.138.1", "09:30", "egress_route carrier carrier - -"],
      // Virtual ranges before ranges of the same length; a longer range before both.
      ["10.77.1.7", "09:30", "egress_route branch branch - -"],
      ["10.77.1.8", "09:30", "egress_route a-rival a-rival - -"],
      ["192.168.1.7", "09:30", "egress_route branch branch - -"],
      // Domains: resolved ones within a range, a route's only one if it has a single address.
      ["198.51.100.7", "09:30", "egress_route saas saas - app.example.test"],
      ["198.51.100.70", "09:30", "egress_route saas saas - app.example.test"],
      ["198.51.100.8", "09:30", "egress_route dc dc - -"],
      ["198.51.100.9", "09:30", "egress_route cdn cdn - -"],
      ["198.51.100.10", "09:30", "egress_route cdn cdn - b.test"],
      ["203.0.113.80", "09:30", "egress_route forge forge - forge.test"],
      ["203.0.113.81", "09:30", "egress_route pair pair - -"],
      ["203.0.113.97", "09:30", "egress_route block block - -"],
      ["203.0.113.83", "09:30", "egress_route both both - -"],
      // A default route is nobody's address; nor is what every network has.
      ["8.8.8.8", "09:30", "external - - - -"],
      ["2001:db8::1", "09:30", "external - - - -"],
      ["0.0.0.0", "09:30", "external - - - -"],
      ["255.255.255.255", "09:30", "external - - - -"],
      ["224.0.0.251", "09:30", "external - - - -"],
      ["ff02::fb", "09:30", "external - - - -"],
      ["fe80::4", "09:30", "external - - - -"],
      ["169.254.1.1", "09:30", "external - - - -"],
      ["169.254.7.1", "09:30", "egress_route local local - -"],
      ["::", "09:30", "external - - - -"],
      ["::ffff:8.8.8.8", "09:30", "external - - - -"],
    ],
  },
  {
    what: "in time",
    versions: [
      ["09:00", "file", FIRST],
      ["10:00", "file", SECOND],
      ["11:00", "file", " []"],
      ["12:00", "file", BACK],
    ],
    cases: [
      ["10.1.0.9", "09:30", "node n1 old-name - -"],
      ["10.1.0.9", "09:59:59.999", "node n1 old-name - -"],
      ["10.1.0.9", "10:00", "node n1 new-name - -"],
      ["10.1.0.21", "09:59:59.999", "user ana ana laptop -"],
      ["10.1.0.21", "10:00:00.000", "user bob bob phone -"],
      ["10.1.0.21", "10:00:00.001", "user bob bob phone -"],
      ["10.1.0.10", "09:59:59.999", "node n2 n2 - -"],
      ["10.1.0.10", "10:00", "unknown - - - -"],
      ["172.20.1.1", "09:30", "egress_route lan Old-LAN - -"],
      ["172.20.1.1", "10:30", "egress_route lan New-LAN - -"],
      ["172.20.200.1", "09:30", "egress_route lan Old-LAN - -"],
      ["172.20.200.1", "10:30", "external - - - -"],
      // The first version holds for all time before it, later ones do not.
      ["10.1.0.9", "00:00", "node n1 old-name - -"],
      ["10.1.0.21", "00:00", "user ana ana laptop -"],
      ["10.1.0.11", "00:00", "unknown - - - -"],
      ["10.1.0.11", "09:59:59.999", "unknown - - - -"],
      ["10.1.0.11", "10:00", "node n3 n3 - -"],
      // A network that was removed, and is there again with somebody else.
      ["10.1.0.9", "10:59:59.999", "node n1 new-name - -"],
      ["10.1.0.9", "11:00", "external - - - -"],
      ["10.1.0.9", "11:59:59.999", "external - - - -"],
      ["10.1.0.9", "12:00", "node n9 n9 - -"],
      ["10.1.0.21", "12:00", "unknown - - - -"],
    ],
  },
  {
    what: "networks apart",
    versions: [
      [
        "09:00",
        "file",
        `
  - { id: red, ranges: [10.9.0.0/24], nodes: [{ id: r1, addresses: [10.9.0.1] }], egress: [{ id: red-lan, ranges: [10.0.0.0/8] }] }
  - { id: blue, ranges: [10.9.0.0/24], users: [{ id: eve, devices: [{ name: mac, addresses: [10.9.0.1] }] }] }`,
      ],
    ],
    cases: [
      ["10.9.0.1", "09:30", "node r1 r1 - -", "red"],
      ["10.9.0.1", "09:30", "user eve eve mac -", "blue"],
      ["10.9.0.2", "09:30", "unknown - - - -", "red"],
      ["10.8.0.1", "09:30", "egress_route red-lan red-lan - -", "red"],
      ["10.8.0.1", "09:30", "external - - - -", "blue"],
      ["10.9.0.1", "09:30", "external - - - -", "green"],
      ["10.9.0.1", "09:30", "external - - - -", ""],
    ],
  },
  {
    what: "several sources and several holders",
    versions: [
      [
        "09:00",
        "netmaker",
        `
  - id: net
    ranges: [10.1.0.0/24]
    nodes: [{ id: nm, addresses: [10.1.0.1] }, { id: x2, addresses: [10.1.0.2] }, { id: x1, addresses: [10.1.0.2] }]
    users: [{ id: ana, devices: [{ name: d, addresses: [10.1.0.2, 10.1.0.3, 10.1.0.5] }] }]
    config_files: [{ id: aa, addresses: [10.1.0.3] }]
    egress: [{ id: b-lan, ranges: [10.7.0.0/16] }, { id: a-lan, ranges: [10.7.0.0/16] }]`,
      ],
      [
        "10:00",
        "file",
        `
  - id: net
    nodes: [{ id: by-hand, addresses: [10.1.0.1, 10.1.0.4] }]
    config_files: [{ id: hand-file, addresses: [10.1.0.5] }]
    egress: [{ id: z-lan, ranges: [10.7.0.0/16] }]`,
      ],
    ],
    cases: [
      ["10.1.0.1", "10:30", "node by-hand by-hand - -"],
      // What is known to hold then before what is only assumed to have.
      ["10.1.0.1", "09:59:59.999", "node nm nm - -"],
      ["10.1.0.1", "08:00", "node by-hand by-hand - -"],
      ["10.1.0.4", "09:30", "node by-hand by-hand - -"],
      ["10.1.0.2", "09:30", "node x1 x1 - -"],
      ["10.1.0.3", "09:30", "user ana ana d -"],
      // The source before the type.
      ["10.1.0.5", "10:30", "extclient hand-file hand-file - -"],
      ["10.7.1.1", "09:30", "egress_route a-lan a-lan - -"],
      ["10.7.1.1", "10:30", "egress_route z-lan z-lan - -"],
    ],
  },
  {
    what: "agents that declare their addresses",
    versions: [
      ["09:00", "agent:b", "\n  - { id: local, nodes: [{ id: b, addresses: [192.168.1.3, 172.17.0.1] }] }"],
      [
        "09:10",
        "agent:a",
        "\n  - { id: local, nodes: [{ id: a, name: alpha, addresses: [192.168.1.2, 192.168.1.8, 172.17.0.1] }] }",
      ],
      ["10:30", "agent:c", "\n  - { id: local, nodes: [{ id: c, addresses: [172.17.0.1] }] }"],
      ["11:00", "agent:b", "\n  - { id: local, nodes: [{ id: b, addresses: [192.168.1.3] }] }"],
      [
        "12:00",
        "file",
        "\n  - { id: local, nodes: [{ id: n-c, name: c }, { id: n-z, addresses: [192.168.1.2] }], users: [{ id: ana, devices: [{ addresses: [192.168.1.3] }] }] }",
      ],
    ],
    cases: [
      ["192.168.1.8", "09:30", "node a alpha - -", "local", "b"],
      ["192.168.1.8", "09:30", "node a alpha - -", "local", "z"],
      // Everybody may have a bridge of that address: the reporter means its own, others the lowest id's of those that are known.
      ["172.17.0.1", "09:30", "node a alpha - -", "local", "a"],
      ["172.17.0.1", "09:30", "node b b - -", "local", "b"],
      ["172.17.0.1", "09:30", "node a alpha - -", "local", "z"],
      ["172.17.0.1", "09:05", "node b b - -", "local", "z"],
      ["172.17.0.1", "09:05", "node a alpha - -", "local", "a"],
      ["172.17.0.1", "09:30", "node n-c c - -", "local", "c"],
      ["172.17.0.1", "10:59:59.999", "node b b - -", "local", "b"],
      ["172.17.0.1", "11:00", "node a alpha - -", "local", "b"],
      // What people wrote stands above it, also for the time before it was written.
      ["192.168.1.3", "11:59:59.999", "user ana ana - -", "local", "b"],
      ["192.168.1.2", "09:30", "node n-z n-z - -", "local", "a"],
      ["192.168.1.3", "12:00", "user ana ana - -", "local", "b"],
      ["192.168.1.2", "12:00", "node n-z n-z - -", "local", "a"],
      // The node that declares it is the one that the file calls so.
      ["172.17.0.1", "12:00", "node n-c c - -", "local", "c"],
    ],
  },
  {
    what: "agents that declare what others describe",
    versions: [
      [
        "09:00",
        "agent:evil",
        `
  - id: net
    ranges: [10.50.0.0/28]
    nodes: [{ id: evil, addresses: [10.1.0.9, 10.1.0.7, 10.20.5.1, 10.30.0.1, 192.168.9.1] }]
    egress: [{ id: "key:10.20.5.0/24", ranges: [10.20.5.0/24] }, { id: "key:10.1.0.0/24", ranges: [10.1.0.0/24] }]`,
      ],
      [
        "10:00",
        "file",
        `
  - id: net
    ranges: [10.1.0.0/24]
    users: [{ id: ana, devices: [{ addresses: [10.1.0.9] }] }]
    egress: [{ id: lan, ranges: [10.20.0.0/16] }, { id: wide, ranges: [10.0.0.0/12] }, { id: v, virtual_ranges: [10.30.0.0/24] }]`,
      ],
    ],
    cases: [
      ["10.1.0.9", "10:30", "user ana ana - -", "net", "evil"],
      ["10.1.0.9", "09:30", "user ana ana - -", "net", "evil"],
      ["10.1.0.9", "08:00", "user ana ana - -"],
      // No longer prefix of an agent's is in what others describe,
      ["10.20.5.1", "10:30", "egress_route lan lan - -", "net", "evil"],
      ["10.20.5.2", "10:30", "egress_route lan lan - -"],
      ["10.30.0.1", "10:30", "egress_route v v - -"],
      // but in the network's own range, where its members are.
      ["10.1.0.7", "10:30", "node evil evil - -"],
      ["10.1.0.8", "10:30", "unknown - - - -"],
      ["192.168.9.1", "10:30", "node evil evil - -"],
      ["10.50.0.1", "10:30", "unknown - - - -"],
    ],
  },
  {
    what: "corrections",
    versions: [
      ["09:00", "file", FIRST],
      ["10:00", "file", SECOND],
      ["12:00", "file", BACK],
    ],
    corrections: [
      ["09:00", "09:30", "10:30"],
      ["09:20", "09:40", "12:30"],
      ["09:30", "09:35", null],
    ],
    cases: [
      ["10.1.0.21", "08:59:59.999", "user ana ana laptop -"],
      ["10.1.0.21", "09:00", "user bob bob phone -"],
      // The newest correction of a time counts.
      ["10.1.0.9", "09:20", "node n9 n9 - -"],
      ["10.1.0.21", "09:30", "user ana ana laptop -"],
      ["10.1.0.9", "09:39:59.999", "node n9 n9 - -"],
      ["10.1.0.9", "09:40", "node n1 old-name - -"],
    ],
  },
];

describe.each(scenes)("$what", ({ versions, corrections = [], cases }) => {
  const named = cases.map(([address, time, expected, network = "net", reporter = "gw"]) => {
    return { address, time, expected, network, reporter };
  });
  it.each(named)("$address at $time in $network, said by $reporter: $expected", async (one) => {
    const { address, time, expected, network, reporter } = one;
    let nowMs = 0;
    const { history } = inventoryInMemory(() => nowMs++);
    for (const [from, source, networks] of versions)
      history.apply(source, inventoryOf(networks), { who: source, atMs: at(from) });
    for (const [from, to, asOf] of corrections) {
      const asOfMs = asOf === null ? null : at(asOf);
      await history.addCorrection({ fromMs: at(from), toMs: at(to), asOfMs, who: "test" });
    }
    const identify = new Identify({ inventory: history, expected: () => false });
    const [start, last] = [new Date(at(time)).toISOString(), new Date(at("23:00")).toISOString()];
    // Both ends, so that none is forgotten.
    const batch = flowBatch({ network, reporter, src_ip: address, dst_ip: address, start, last_seen: last, end: last });
    batch.columns.reporter_id.set(0, reporter);
    identify.fill(batch);
    const row = rowToJson(batch, 0);
    const [type, id, name, device, domain] = expected.split(" ").map((word) => (word === "-" ? null : word));
    expect([row.src_type, row.src_id, row.src_name, row.src_device]).toEqual([type, id, name, device]);
    expect([row.dst_type, row.dst_id, row.dst_name, row.dst_device]).toEqual([type, id, name, device]);
    expect([row.domain, row.domain_source]).toEqual([domain, domain === null ? null : "inventory"]);
    const held = type === "unknown" || type === "external" ? null : "inventory";
    expect([row.src_by, row.dst_by]).toEqual([held, held]);
  });
});
