import { FlowBatch, rowToJson } from "@flowtrail/model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flowBatch } from "../testing-rows.ts";
import { Identify } from "./identify.ts";
import { inventoryInMemory, inventoryOf } from "./testing.ts";

const DAY_MS = 86_400_000;
const MONDAY_MS = Date.UTC(2026, 10, 16, 9);

const INVENTORY = `
  - id: net
    ranges: [10.1.0.0/24]
    nodes: [{ id: n-gw, name: gw, addresses: [10.1.0.1], gateway: true }, { id: n-db, name: db, addresses: [10.1.0.2] }]
    users: [{ id: ana, devices: [{ name: laptop, addresses: [10.1.0.9], gateway: gw }] }]
    egress:
      - { id: forge, domains: [forge.test], ranges: [203.0.113.80/32], via: [gw] }
      - { id: lan, ranges: [10.20.0.0/16], via: [gw] }`;
const LATER = `
  - id: net
    ranges: [10.1.0.0/24]
    nodes: [{ id: n-gw, name: gw2, addresses: [10.1.0.1], gateway: true }, { id: n-db, name: db, addresses: [10.1.0.2] }]
    users: [{ id: bob, devices: [{ addresses: [10.1.0.9], gateway: gw2 }] }]
    egress: [{ id: lan, name: LAN, ranges: [10.20.0.0/17], via: [n-db] }]`;

function setUp(...versions: readonly (readonly [atMs: number, source: string, networks: string])[]) {
  const { history } = inventoryInMemory(() => MONDAY_MS + 30 * DAY_MS);
  for (const [atMs, source, networks] of versions) history.apply(source, inventoryOf(networks), { who: source, atMs });
  return { history, identify: new Identify({ inventory: history, expected: () => true }) };
}

interface Told {
  reporterId?: string;
  startMs?: number;
  [column: string]: unknown;
}
function rowsOf(...told: Told[]): FlowBatch {
  const batch = flowBatch(...told.map(({ reporterId, startMs, ...row }) => ({ network: "net", role: "forwarder", ...row })));
  for (const [row, { reporterId = "n-gw", startMs = MONDAY_MS + DAY_MS }] of told.entries()) {
    batch.columns.reporter_id.set(row, reporterId);
    batch.columns.start.set(row, startMs);
  }
  return batch;
}
const source = (batch: FlowBatch, row = 0) => {
  const { src_type, src_id, src_name, src_device, src_by } = rowToJson(batch, row);
  return [src_type, src_id, src_name, src_device, src_by];
};
const destination = (batch: FlowBatch, row = 0) => {
  const { dst_type, dst_id, dst_name, dst_by, domain, domain_source } = rowToJson(batch, row);
  return [dst_type, dst_id, dst_name, dst_by, domain, domain_source];
};

describe("the ends of a flow", () => {
  it("are those of its original side, whatever it was translated to", () => {
    const { identify } = setUp([MONDAY_MS, "file", INVENTORY]);
    const translated = { src_ip: "10.1.0.9", dst_ip: "10.20.0.7", nat_src_ip: "10.1.0.1", nat_dst_ip: "10.1.0.2" };
    const batch = rowsOf(translated);
    identify.fill(batch);
    expect(source(batch)).toEqual(["user", "ana", "ana", "laptop", "inventory"]);
    expect(destination(batch)).toEqual(["egress_route", "lan", "lan", "inventory", null, null]);
  });

  it("are as they were when each flow of a batch began, also in a spool of last week", () => {
    const { identify } = setUp([MONDAY_MS, "file", INVENTORY], [MONDAY_MS + 7 * DAY_MS, "file", LATER]);
    const ends = { src_ip: "10.1.0.9", dst_ip: "10.20.0.7" };
    const days = [8, 1, 8, -5, 1];
    const batch = rowsOf(...days.map((day) => ({ ...ends, startMs: MONDAY_MS + day * DAY_MS })));
    identify.fill(batch);
    expect(days.map((_, row) => [source(batch, row)[1], destination(batch, row)[2]].join())).toEqual([
      "bob,LAN",
      "ana,lan",
      "bob,LAN",
      "ana,lan",
      "ana,lan",
    ]);
    expect(days.map((_, row) => rowToJson(batch, row).rank)).toEqual([2, 2, 2, 2, 2]);
  });

  it("are found anew when a row is filled again: nothing of what was there before stays", () => {
    const { history, identify } = setUp([MONDAY_MS, "file", INVENTORY]);
    const batch = rowsOf({ src_ip: "10.1.0.9", dst_ip: "203.0.113.80" }, { src_ip: "10.1.0.9", dst_ip: "10.20.200.1" });
    identify.fill(batch);
    expect([source(batch), destination(batch)]).toEqual([
      ["user", "ana", "ana", "laptop", "inventory"],
      ["egress_route", "forge", "forge", "inventory", "forge.test", "inventory"],
    ]);
    history.apply("file", inventoryOf(LATER), { who: "file", atMs: MONDAY_MS + DAY_MS });
    identify.fill(batch);
    expect([source(batch), destination(batch), destination(batch, 1)]).toEqual([
      ["user", "bob", "bob", null, "inventory"],
      ["external", null, null, null, null, null],
      ["external", null, null, null, null, null],
    ]);
  });

  it("are nobody's for an election where agents contradict one another, but for who says so itself", () => {
    const claim = (id: string) => `\n  - { id: net, nodes: [{ id: ${id}, addresses: [10.9.0.5] }] }`;
    const { history, identify } = setUp([MONDAY_MS, "agent:b", claim("b")]);
    const told = { src_ip: "10.9.0.5", dst_ip: "203.0.113.1" };
    const elected = () => {
      const batch = rowsOf({ ...told, reporterId: "z" }, { ...told, reporterId: "b" }, { ...told, reporterId: "a" });
      identify.fill(batch);
      return [0, 1, 2].map((row) => {
        const { src_id, rank, primary } = rowToJson(batch, row);
        return [src_id, rank, primary];
      });
    };
    const others = ["b", 5, false];
    expect(elected()).toEqual([others, ["b", 1, true], others]);
    history.apply("agent:a", inventoryOf(claim("a")), { who: "a", atMs: MONDAY_MS });
    expect(elected()).toEqual([
      ["a", 5, true],
      ["b", 1, true],
      ["a", 1, true],
    ]);
    // Two agents that say the same do not contradict one another, and what a file says settles it.
    history.apply("agent:a", inventoryOf(claim("b")), { who: "a", atMs: MONDAY_MS });
    expect(elected()).toEqual([others, ["b", 1, true], others]);
    history.apply("agent:a", inventoryOf(claim("a")), { who: "a", atMs: MONDAY_MS });
    history.apply("file", inventoryOf(claim("b")), { who: "file", atMs: MONDAY_MS });
    expect(elected()).toEqual([others, ["b", 1, true], others]);
  });

  it("are the same in a batch as in batches of one row each", () => {
    const { identify } = setUp(
      [MONDAY_MS, "agent:b", "\n  - { id: net, nodes: [{ id: b, addresses: [172.17.0.1] }] }"],
      [MONDAY_MS, "agent:n-gw", "\n  - { id: net, nodes: [{ id: n-gw, addresses: [172.17.0.1] }] }"],
      [MONDAY_MS + DAY_MS, "file", `${INVENTORY}\n  - { id: other, nodes: [{ id: x, addresses: [10.1.0.9, 172.17.0.1] }] }`],
      [MONDAY_MS + 2 * DAY_MS, "file", LATER],
    );
    const addresses = fc.constantFrom("10.1.0.9", "10.1.0.1", "172.17.0.1", "10.20.0.7", "203.0.113.80", "fd00::1");
    const rows = fc.record({
      network: fc.constantFrom("net", "other", "nobody's"),
      reporterId: fc.constantFrom("n-gw", "b", "z"),
      src_ip: addresses,
      dst_ip: addresses,
      startMs: fc.integer({ min: -1, max: 5 }).map((halves) => MONDAY_MS + (halves * DAY_MS) / 2),
    });
    fc.assert(
      fc.property(fc.array(rows, { minLength: 1, maxLength: 30 }), (told) => {
        const together = rowsOf(...told);
        identify.fill(together);
        const apart = new FlowBatch();
        for (const one of told) {
          const batch = rowsOf(one);
          identify.fill(batch);
          apart.addAll(batch);
        }
        expect(told.map((_, row) => rowToJson(together, row))).toEqual(told.map((_, row) => rowToJson(apart, row)));
      }),
    );
  });
});

describe("a domain", () => {
  it("is the inventory's only where the agent knew none", () => {
    const { identify } = setUp([MONDAY_MS, "file", INVENTORY]);
    const batch = rowsOf({ dst_ip: "203.0.113.80", domain: "www.forge.test", domain_source: "sni" }, { dst_ip: "203.0.113.80" });
    identify.fill(batch);
    expect(destination(batch).slice(4)).toEqual(["www.forge.test", "sni"]);
    expect(destination(batch, 1).slice(4)).toEqual(["forge.test", "inventory"]);
  });
});

describe("a Netmaker reporter's own words", () => {
  /** As its receiver hands them over. */
  function told(side: "src" | "dst", ip: string, type: string, id: string, domain: string | null = null): FlowBatch {
    const other = side === "src" ? { dst_ip: "203.0.113.9" } : { src_ip: "10.1.0.9" };
    const batch = rowsOf({ ...other, [`${side}_ip`]: ip, reporterId: "n-gw" });
    const { columns } = batch;
    columns.reporter_type.set(0, "netmaker");
    columns[`${side}_type`].set(0, type);
    columns[`${side}_id`].set(0, id);
    columns[`${side}_name`].set(0, id);
    columns[`${side}_by`].set(0, "reporter");
    if (domain !== null) {
      columns.domain.set(0, domain);
      columns.domain_source.set(0, "dns");
    }
    return batch;
  }

  it.each([
    ["an external with a domain", "203.0.113.9", "external", "cdn.test"],
    ["an egress route", "192.168.7.1", "egress_route", "e-1"],
    ["an address within the range", "10.1.0.77", "extclient", "phone"],
  ])("are kept where the inventory has no holder: %s", (_, ip, type, id) => {
    const { identify } = setUp([MONDAY_MS, "file", INVENTORY]);
    const batch = told("dst", ip, type, id, type === "external" ? id : null);
    for (let round = 0; round < 2; round++) {
      identify.fill(batch);
      const domain = type === "external" ? [id, "dns"] : [null, null];
      expect(destination(batch)).toEqual([type, id, id, "reporter", ...domain]);
    }
    expect(source(batch)[1]).toBe("ana");
  });

  it("give way to the inventory's", () => {
    const { identify } = setUp([MONDAY_MS, "file", INVENTORY]);
    const batch = told("dst", "10.1.0.2", "external", "db.test", "db.test");
    identify.fill(batch);
    expect(destination(batch)).toEqual(["node", "n-db", "db", "inventory", "db.test", "dns"]);
  });

  it.each([
    ["user", "eve", 2],
    ["node", "n-gw", 1],
    ["node", "n-other", 5],
  ])("count in the election: %s %s is rank %d", (type, id, rank) => {
    const { identify } = setUp([MONDAY_MS, "file", INVENTORY]);
    const batch = told("src", "10.1.0.77", type, id);
    identify.fill(batch);
    expect([source(batch).slice(0, 2), rowToJson(batch, 0).rank]).toEqual([[type, id], rank]);
  });
});

describe("a reporter", () => {
  const HOSTS = `
  - { id: blue, nodes: [{ id: b-1, name: gw, host: h-1, addresses: [10.2.0.1] }], users: [{ id: eve, devices: [{ addresses: [10.2.0.9], gateway: b-1 }] }] }
  - { id: net, nodes: [{ id: n-1, name: gw, host: h-1, addresses: [10.1.0.1] }], users: [{ id: ana, devices: [{ addresses: [10.1.0.9], gateway: n-1 }] }] }`;

  it("is one machine in all its networks, under its machine's id", () => {
    const { identify } = setUp([MONDAY_MS, "netmaker", HOSTS]);
    expect([identify.node("gw").id, identify.node("b-1").id, identify.node("h-1").id]).toEqual(["h-1", "h-1", "h-1"]);
    expect(identify.node("nobody")).toEqual({ id: "nobody", name: "nobody" });
    // The last two: tokens that were made before the machine's id was known.
    for (const reporterId of ["h-1", "gw", "b-1", "n-1"]) {
      const batch = rowsOf({ src_ip: "10.1.0.9", reporterId }, { network: "blue", src_ip: "10.2.0.9", reporterId });
      identify.fill(batch);
      expect([rowToJson(batch, 0).rank, rowToJson(batch, 1).rank]).toEqual([2, 2]);
    }
  });

  it("that had its token before the inventory was written is the inventory's node also for flows of before", () => {
    const { identify } = setUp(
      [
        MONDAY_MS,
        "agent:gw",
        "\n  - { id: local, nodes: [{ id: gw, addresses: [192.168.0.1] }] }\n  - { id: net, nodes: [{ id: gw, addresses: [10.1.0.1] }] }",
      ],
      [MONDAY_MS + 2 * DAY_MS, "file", INVENTORY],
    );
    expect(identify.node("gw")).toEqual({ id: "n-gw", name: "gw" });
    const batch = rowsOf({ src_ip: "10.1.0.9", reporterId: "gw" }, { src_ip: "10.1.0.1", reporterId: "gw" });
    identify.fill(batch);
    expect([rowToJson(batch, 0).rank, rowToJson(batch, 1).rank]).toEqual([2, 1]);
    expect(source(batch, 1).slice(0, 3)).toEqual(["node", "n-gw", "gw"]);
  });

  it("is one node, by whatever id each source calls it", () => {
    const users = "users: [{ id: ana, devices: [{ addresses: [10.1.0.9], gateway: u-1 }] }]";
    const { identify } = setUp(
      [
        MONDAY_MS,
        "netmaker",
        `\n  - { id: net, nodes: [{ id: u-1, name: gw, addresses: [10.1.0.1] }, { id: u-2, name: db }, { id: u-3, name: db }], ${users} }`,
      ],
      [MONDAY_MS + 2 * DAY_MS, "file", INVENTORY],
    );
    for (const day of [1, 3]) {
      for (const reporterId of ["gw", "u-1", "n-gw"]) {
        const batch = rowsOf({ src_ip: "10.1.0.9", reporterId, startMs: MONDAY_MS + day * DAY_MS });
        identify.fill(batch);
        expect(rowToJson(batch, 0)).toMatchObject({ rank: 2, primary: true });
      }
    }
    // Which of the two is called so can't be told.
    const batch = rowsOf({ src_ip: "10.1.0.2", reporterId: "u-2", startMs: MONDAY_MS + 3 * DAY_MS });
    identify.fill(batch);
    expect(rowToJson(batch, 0).rank).toBe(5);
  });

  it("is known by the name that it had then", () => {
    const { identify } = setUp([MONDAY_MS, "file", INVENTORY], [MONDAY_MS + 7 * DAY_MS, "file", LATER]);
    const ends = { src_ip: "10.1.0.9", dst_ip: "203.0.113.9" };
    const batch = rowsOf(
      { ...ends, reporterId: "gw" },
      { ...ends, reporterId: "gw2" },
      { ...ends, reporterId: "gw", startMs: MONDAY_MS + 8 * DAY_MS },
      { ...ends, reporterId: "gw2", startMs: MONDAY_MS + 8 * DAY_MS },
    );
    identify.fill(batch);
    expect([0, 1, 2, 3].map((row) => rowToJson(batch, row).rank)).toEqual([2, 5, 5, 2]);
  });
});
