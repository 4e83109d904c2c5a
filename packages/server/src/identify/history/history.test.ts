import { parseAddress } from "@flowtrail/model";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { InventoryLog } from "../../store/inventory-log.ts";
import { startTestStore, type TestStore } from "../../store/testing.ts";
import type { Holding } from "../holding.ts";
import { inventoryOf } from "../testing.ts";
import { type HistoryConfig, InventoryHistory } from "./history.ts";

let test: TestStore;
const histories: InventoryHistory[] = [];
const quiet = { debug() {}, info() {}, warn() {} };

beforeEach(async () => {
  test = await startTestStore();
});
afterEach(async () => {
  for (const history of histories.splice(0)) await history.stop();
  await test.stop();
});

let clockMs = 0;
async function open(config: Partial<HistoryConfig> = {}): Promise<InventoryHistory> {
  const store = new InventoryLog(test.store.clickhouse);
  const history = new InventoryHistory({ shared: false, ...config }, { store, now: () => clockMs, logger: quiet });
  await history.start();
  histories.push(history);
  return history;
}

/** Until everything is in the store. */
async function stored(history: InventoryHistory): Promise<void> {
  while (history.stats.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 10));
}

const V1 = `
  - id: net
    ranges: [10.1.0.0/16]
    nodes: [{ id: n1, name: gw, addresses: [10.1.0.1], gateway: true }]
    users: [{ id: ana, devices: [{ name: laptop, addresses: [10.1.0.9], gateway: gw }] }]`;
const V2 = `
  - id: net
    ranges: [10.1.0.0/16]
    nodes: [{ id: n1, name: gw, addresses: [10.1.0.1], gateway: true }]
    users:
      - { id: bob, devices: [{ name: phone, addresses: [10.1.0.9], gateway: gw }] }`;
const REORDERED = `
  - users: [{ devices: [{ gateway: gw, addresses: [10.1.0.9], name: laptop }], id: ana, tags: [] }]
    nodes: [{ gateway: true, id: n1, addresses: [10.1.0.1], name: gw }]
    ranges: [10.1.7.7/16]
    id: net`;

const who = { who: "file:test" };
const told = (holdings: readonly Holding[], address: string) =>
  holdings
    .filter(({ cidr }) => cidr.prefixBits === 128 && Buffer.from(cidr.bytes).equals(parseAddress(address) as Uint8Array))
    .map(({ participant, fromMs, toMs, isFirst }) => [participant.name, fromMs, toMs, isFirst]);

const whole = { networks: null, users: null };

describe("the history", () => {
  it("appends differences only, also after a restart with the same file", async () => {
    clockMs = 1000;
    const first = await open();
    expect(first.apply("file", inventoryOf(V1), who)).toBe(3);
    expect(first.apply("file", inventoryOf(REORDERED), who)).toBe(0);
    await stored(first);
    clockMs = 2000;
    const again = await open();
    expect(again.apply("file", inventoryOf(REORDERED), who)).toBe(0);
    expect(again.apply("file", inventoryOf(V2), who)).toBe(2);
    await stored(again);
    const log = await new InventoryLog(test.store.clickhouse).query({ ...whole, fromMs: 0, toMs: 1e12, limit: 100 });
    expect(log.map(({ atMs, kind, id, what, who }) => [atMs, kind, id, what, who])).toEqual([
      [2000, "user", "ana", "removed", "file:test"],
      [2000, "user", "bob", "added", "file:test"],
      [1000, "network", "net", "added", "file:test"],
      [1000, "node", "n1", "added", "file:test"],
      [1000, "user", "ana", "added", "file:test"],
    ]);
    expect(log[0]?.before).toContain("laptop");
    for (const history of [again, await open()]) {
      expect(told(history.holdings("net"), "10.1.0.9").sort()).toEqual([
        ["ana", 1000, 2000, true],
        ["bob", 2000, Number.POSITIVE_INFINITY, false],
      ]);
    }
  });

  it("ends what a removed network and a source that is gone held", async () => {
    clockMs = 1000;
    const history = await open();
    history.apply("file", inventoryOf(V1), who);
    history.apply("netmaker", inventoryOf("\n  - { id: other, nodes: [{ id: x, addresses: [10.1.0.1] }] }"), who);
    clockMs = 2000;
    history.apply("file", inventoryOf(" []"), who);
    history.retire("netmaker", who);
    expect(history.holdings("net").map(({ toMs }) => toMs)).toEqual([2000, 2000, 2000]);
    expect(history.holdings("other").map(({ toMs }) => toMs)).toEqual([2000]);
    expect(history.current()).toEqual({ networks: [] });
    clockMs = 3000;
    history.apply("file", inventoryOf(V1), who);
    // It is back, but that is no first version any more.
    expect(told(history.holdings("net"), "10.1.0.1")).toEqual([
      ["gw", 1000, 2000, true],
      ["gw", 3000, Number.POSITIVE_INFINITY, false],
    ]);
  });

  it("takes the first of two entities with one id, and counts the other", async () => {
    const history = await open();
    const [network] = inventoryOf("\n  - { id: net, nodes: [{ id: n, name: first }] }").networks;
    const again = { id: "n", name: "second", addresses: [], gateway: false, tags: [] };
    if (network !== undefined) history.apply("netmaker", { networks: [{ ...network, nodes: [...network.nodes, again] }] }, who);
    expect(history.nodeAt("net", "n", clockMs)?.name).toBe("first");
    expect(history.stats.duplicates).toBe(1);
  });

  it("counts its versions, and keeps what did not change", async () => {
    const history = await open();
    history.apply("file", inventoryOf(`${V1}\n  - { id: calm, ranges: [10.2.0.0/16] }`), who);
    const { version } = history;
    const calm = history.holdings("calm");
    history.apply("file", inventoryOf(`${V2}\n  - { id: calm, ranges: [10.2.0.0/16] }`), who);
    expect(history.version).toBe(version + 1);
    expect(history.holdings("calm")).toBe(calm);
  });

  it("hears what another server stored, and takes a change that both saw for one", async () => {
    clockMs = 1000;
    const a = await open({ shared: true });
    const b = await open({ shared: true });
    a.apply("file", inventoryOf(V1), who);
    clockMs = 1500;
    b.apply("file", inventoryOf(V1), who);
    await Promise.all([stored(a), stored(b)]);
    clockMs = 2000;
    a.apply("file", inventoryOf(V2), who);
    await a.addCorrection({ fromMs: 100, toMs: 200, asOfMs: 2000, who: "ana" });
    const wanted = [
      ["ana", 1000, 2000, true],
      ["bob", 2000, Number.POSITIVE_INFINITY, false],
    ];
    while (b.corrections.length === 0 || told(b.holdings("net"), "10.1.0.9").length < 2)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(told(b.holdings("net"), "10.1.0.9").sort()).toEqual(wanted);
    expect(b.inventoryTime(150, "n")).toBe(2000);
    const c = await open();
    expect(told(c.holdings("net"), "10.1.0.9").sort()).toEqual(wanted);
    const log = await new InventoryLog(test.store.clickhouse).query({
      ...whole,
      kind: "user",
      id: "ana",
      fromMs: 0,
      toMs: 1e12,
      limit: 10,
    });
    expect(log.map(({ atMs, what }) => [atMs, what])).toEqual([
      [2000, "removed"],
      [1000, "added"],
    ]);
  });

  it("is in force while the store is away, and is stored when it is back", async () => {
    clockMs = 1000;
    const history = await open();
    await test.kill();
    history.apply("file", inventoryOf(V1), who);
    expect(told(history.holdings("net"), "10.1.0.9")).toHaveLength(1);
    expect(history.stats.waiting).toBe(3);
    await stored(history);
    const again = await open();
    expect(told(again.holdings("net"), "10.1.0.9")).toHaveLength(1);
  });

  it("takes what sources said last when too much waited for the store", async () => {
    clockMs = 1000;
    const history = await open({ maxWaiting: 3 });
    await test.kill();
    history.apply("file", inventoryOf(V1), who);
    clockMs = 2000;
    expect(history.apply("file", inventoryOf(V2), who)).toBe(0);
    expect(history.stats).toMatchObject({ waiting: 3, deferred: 1 });
    while (history.stats.deferred > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(told(history.holdings("net"), "10.1.0.9").sort()).toEqual([
      ["ana", 1000, 2000, true],
      ["bob", 2000, Number.POSITIVE_INFINITY, false],
    ]);
    await stored(history);
  });

  it("lets go of what was over longest ago when it gets too long, and says so", async () => {
    const history = await open({ maxChanges: 40 });
    for (clockMs = 1000; clockMs <= 60_000; clockMs += 1000) {
      history.apply("file", inventoryOf(`\n  - { id: net, nodes: [{ id: n, name: v${clockMs}, addresses: [10.1.0.1] }] }`), who);
    }
    // What is in force (two entities) stays, and the oldest go in bulk.
    expect(history.stats.changes).toBeLessThan(60);
    const { completeSinceMs } = history.stats;
    expect(completeSinceMs).not.toBeNull();
    expect(history.nodeAt("net", "n", 60_500)?.name).toBe("v60000");
    expect(history.nodeAt("net", "n", (completeSinceMs ?? 0) + 1)).not.toBeNull();
    await stored(history);
    const again = await open({ maxChanges: 40 });
    expect(again.stats.changes).toBeLessThanOrEqual(42);
    expect(again.stats.completeSinceMs).toBeGreaterThan(0);
    // The network itself has not changed since, and is still there.
    expect(again.current().networks.map(({ id }) => id)).toEqual(["net"]);
    expect(again.nodeAt("net", "n", 60_500)?.name).toBe("v60000");
  });

  it("forgets networks that agents named for a while", async () => {
    const history = await open({ maxChanges: 40 });
    for (let i = 1; i <= 200; i++) {
      clockMs = i * 1000;
      history.apply("agent:a", inventoryOf(`\n  - { id: n${i}, nodes: [{ id: a, addresses: [10.1.0.1] }] }`), who);
    }
    expect(history.networks().length).toBeLessThan(60);
    history.retire("agent:a", who);
    expect(history.current().networks).toEqual([]);
  });
});
