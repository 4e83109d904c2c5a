import type { AgentDeclaration } from "@flowtrail/model";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { InventoryLog } from "../../../store/inventory-log.ts";
import { startTestStore, type TestStore } from "../../../store/testing.ts";
import { InventoryHistory } from "../../history/history.ts";
import { type Inventory, inventorySchema } from "../../inventory-schema.ts";
import { inventoryOf } from "../../testing.ts";
import { Sources } from "../sources.ts";
import { AgentSources } from "./agents.ts";

const key = (letter: string) => `${letter.repeat(43)}=`;
const A = { id: "a", name: "gw-a" };
const B = { id: "b", name: "b" };
const quiet = { debug() {}, info() {}, warn() {} };
const MINUTE = 60_000;

let test: TestStore;
let nowMs = Date.UTC(2026, 10, 1);
let sequence = 0;
const opened: InventoryHistory[] = [];

interface Opened {
  readonly history: InventoryHistory;
  readonly sources: Sources;
  readonly agents: AgentSources;
}

/** A server's part of it, on the one store. */
async function open(): Promise<Opened> {
  const history = new InventoryHistory(
    { shared: false },
    { store: new InventoryLog(test.store.clickhouse), now: () => nowMs, logger: quiet },
  );
  await history.start();
  opened.push(history);
  const sources = new Sources({ history, logger: quiet, now: () => nowMs });
  await sources.start();
  return { history, sources, agents: new AgentSources({ sources, history, now: () => nowMs }) };
}

beforeAll(async () => {
  test = await startTestStore();
});
beforeEach(() => {
  sequence = 0;
});
afterEach(async () => {
  for (const history of opened.splice(0)) await history.stop();
  await test.store.clickhouse.command("TRUNCATE TABLE inventory");
});
afterAll(() => test.stop());

type Said = {
  addresses?: Record<string, string[]>;
  declares?: AgentDeclaration | undefined;
  sequence?: number;
  epoch?: string;
  coveredFromMs?: number;
};
/** The next batch of an agent. */
function say({ agents }: Opened, reporter: typeof A, { addresses = {}, declares, ...batch }: Said): void {
  agents.declare(reporter, {
    addresses,
    declares,
    epoch: reporter.id,
    sequence: ++sequence,
    coveredFromMs: nowMs - 1000,
    ...batch,
  });
}

const wireguard = (network: string, public_key: string, peers: [string, string[]][]): AgentDeclaration["wireguard"][number] => ({
  network,
  name: "wg0",
  public_key,
  peers: peers.map(([public_key, allowed_ips]) => ({ public_key, allowed_ips })),
});
const declares = (ranges: string[], ...interfaces: AgentDeclaration["wireguard"]): AgentDeclaration => ({
  ranges: { wg0: ranges },
  wireguard: interfaces,
});

function current({ history }: Opened, id = "wg0"): Inventory["networks"][number] | undefined {
  expect(inventorySchema.safeParse(history.current()).error).toBeUndefined();
  return history.current().networks.find((network) => network.id === id);
}

describe("agents as sources", () => {
  it("have their addresses and ranges, each under its own name", async () => {
    const server = await open();
    say(server, A, {
      addresses: { local: ["192.168.1.2", "nonsense"] },
      declares: { ranges: { local: ["192.168.1.0/24", "0.0.0.0/0", "x"] }, wireguard: [] },
    });
    say(server, B, { addresses: { local: ["192.168.1.3"] } });
    expect(current(server, "local")).toMatchObject({
      ranges: ["192.168.1.0/24"],
      nodes: [
        { id: "a", name: "gw-a", addresses: ["192.168.1.2"] },
        { id: "b", addresses: ["192.168.1.3"] },
      ],
    });
    expect(server.sources.states).toMatchObject([
      { name: "agent:a", kind: "agent", where: "gw-a", lastSyncMs: nowMs, error: null, nextTryMs: null },
      { name: "agent:b", where: "b" },
    ]);
  });

  it("know their WireGuard peers: nodes by their agents' keys, devices by theirs, sites behind them", async () => {
    const server = await open();
    say(server, B, { addresses: { wg0: ["10.9.0.2"] }, declares: declares(["10.9.0.0/24"], wireguard("wg0", key("B"), [])) });
    const peers: [string, string[]][] = [
      [key("B"), ["10.9.0.2/32", "10.20.0.0/16"]],
      [key("P"), ["10.9.0.77/32", "fd09::77/128", "192.168.7.0/24"]],
      [key("Q"), ["192.168.9.9/32"]],
    ];
    const ranges = ["10.9.0.0/24", "fd09::/64"];
    say(server, A, { addresses: { wg0: ["10.9.0.1"] }, declares: declares(ranges, wireguard("wg0", key("A"), peers)) });
    expect(current(server)).toMatchObject({
      nodes: [
        { id: "a", addresses: ["10.9.0.1"], public_keys: [key("A")] },
        { id: "b", addresses: ["10.9.0.2"] },
      ],
      config_files: [{ id: key("P"), name: "PPPPPPPP…", addresses: ["10.9.0.77", "fd09::77"], gateway: "a" }],
      egress: [
        { id: `${key("B")}:10.20.0.0/16`, name: "b 10.20.0.0/16", ranges: ["10.20.0.0/16"], via: ["b"] },
        { id: `${key("P")}:192.168.7.0/24`, name: "PPPPPPPP… 192.168.7.0/24", ranges: ["192.168.7.0/24"], via: ["a"] },
        { id: `${key("Q")}:192.168.9.9/32`, ranges: ["192.168.9.9/32"], via: ["a"] },
      ],
    });
  });

  it("find that a peer is another agent's node when that one has declared its key", async () => {
    const server = await open();
    const peers: [string, string[]][] = [[key("B"), ["10.9.0.2/32", "10.20.0.0/16"]]];
    say(server, A, { addresses: { wg0: ["10.9.0.1"] }, declares: declares(["10.9.0.0/24"], wireguard("wg0", key("A"), peers)) });
    expect(current(server)?.config_files).toMatchObject([{ id: key("B") }]);
    nowMs += MINUTE;
    say(server, B, { addresses: { wg0: ["10.9.0.2"] }, declares: declares(["10.9.0.0/24"], wireguard("wg0", key("B"), [])) });
    say(server, A, { addresses: { wg0: ["10.9.0.1"] } });
    expect(current(server)).toMatchObject({
      config_files: [],
      egress: [{ id: `${key("B")}:10.20.0.0/16`, via: ["b"] }],
    });
    expect(current(server)?.nodes.map(({ id }) => id)).toEqual(["a", "b"]);
  });

  it("know that a gateway's peer has the addresses of the gateway's members, too", async () => {
    const server = await open();
    const ranges = ["10.9.0.0/24"];
    const member: [string, string[]] = [key("P"), ["10.9.0.77/32"]];
    say(server, B, { addresses: { wg0: ["10.9.0.2"] }, declares: declares(ranges, wireguard("wg0", key("B"), [member])) });
    const gateway: [string, string[]] = [key("B"), ["10.9.0.2/32", "10.9.0.77/32"]];
    // It calls the network something else.
    const other = { ranges: { mesh: ranges }, wireguard: [wireguard("mesh", key("A"), [gateway])] };
    say(server, A, { addresses: { mesh: ["10.9.0.1"] }, declares: other });
    expect(current(server, "mesh")).toMatchObject({
      nodes: [
        { id: "a", addresses: ["10.9.0.1"] },
        { id: "b", addresses: ["10.9.0.2"] },
      ],
      config_files: [],
    });
    expect(current(server)?.config_files).toMatchObject([{ id: key("P"), addresses: ["10.9.0.77"], gateway: "b" }]);
  });

  it("name no device that people or the control plane named", async () => {
    const server = await open();
    const peers: [string, string[]][] = [
      [key("P"), ["10.9.0.77/32"]],
      [key("Q"), ["10.9.0.78/32", "10.9.0.79/32"]],
    ];
    say(server, A, { addresses: { wg0: ["10.9.0.1"] }, declares: declares(["10.9.0.0/24"], wireguard("wg0", key("A"), peers)) });
    const agents = () => current(server)?.config_files.map(({ id }) => id);
    expect(agents()).toEqual([key("P"), key("Q")]);
    const yaml = "\n  - { id: wg0, users: [{ id: ana, devices: [{ addresses: [10.9.0.77, 10.9.0.78] }] }] }";
    server.history.apply("file", inventoryOf(yaml), { who: "x" });
    nowMs += MINUTE;
    say(server, A, { addresses: { wg0: ["10.9.0.1"] } });
    expect(agents()).toEqual([key("Q")]);
  });

  it("name no site that people or the control plane named", async () => {
    const server = await open();
    const said = declares(["10.9.0.0/24"], wireguard("wg0", key("A"), [[key("P"), ["10.20.5.0/24", "10.30.0.0/16"]]]));
    say(server, A, { addresses: { wg0: ["10.9.0.1"] }, declares: said });
    const agents = () =>
      current(server)
        ?.egress.filter(({ id }) => id.startsWith(key("P")))
        .map(({ ranges }) => ranges[0]);
    expect(agents()).toEqual(["10.20.5.0/24", "10.30.0.0/16"]);
    server.history.apply(
      "netmaker",
      inventoryOf("\n  - { id: wg0, egress: [{ id: office, ranges: [10.20.0.0/16, 0.0.0.0/0] }] }"),
      { who: "x" },
    );
    nowMs += MINUTE;
    say(server, A, { addresses: { wg0: ["10.9.0.1"] } });
    expect(agents()).toEqual(["10.30.0.0/16"]);
    server.history.retire("netmaker", { who: "x" });
    nowMs += MINUTE;
    say(server, A, { addresses: { wg0: ["10.9.0.1"] } });
    expect(agents()).toEqual(["10.20.5.0/24", "10.30.0.0/16"]);
  });

  it.each([
    ["the way to everything", ["0.0.0.0/0", "::/0"]],
    ["the way to everything in two halves", ["0.0.0.0/1", "128.0.0.0/1", "2000::/3"]],
    [
      "the way to everything but a LAN",
      ["0.0.0.0/5", "8.0.0.0/7", "11.0.0.0/8", "12.0.0.0/6", "16.0.0.0/4", "32.0.0.0/3", "64.0.0.0/2", "128.0.0.0/2"],
    ],
    ["the network itself", ["10.9.0.0/24"]],
    ["a part of the network", ["10.9.0.64/26"]],
  ])("take %s for nobody's site", async (_, allowed) => {
    const server = await open();
    say(server, A, {
      addresses: { wg0: ["10.9.0.1"] },
      declares: declares(["10.9.0.0/24"], wireguard("wg0", key("A"), [[key("H"), allowed]])),
    });
    expect(current(server)).toMatchObject({ egress: [], config_files: [] });
  });

  it("never stand above what people or the control plane say", async () => {
    const server = await open();
    server.history.apply(
      "file",
      inventoryOf(
        "\n  - { id: wg0, users: [{ id: ana, devices: [{ addresses: [10.9.0.77] }] }], nodes: [{ id: b, name: bee }] }",
      ),
      { who: "file:x" },
    );
    say(server, A, {
      addresses: { wg0: ["10.9.0.77"] },
      declares: declares(["10.9.0.0/24"], wireguard("wg0", key("A"), [[key("P"), ["10.9.0.77/32"]]])),
    });
    say(server, B, { addresses: { wg0: ["10.9.0.2"] } });
    const held = server.history.holdings("wg0").filter(({ cidr }) => cidr.prefixBits === 128);
    expect(held.map(({ source, precedence }) => [source, precedence]).sort()).toEqual([
      ["agent:a", 2],
      ["agent:b", 2],
      ["file", 0],
    ]);
    expect(held.find(({ source }) => source === "agent:b")?.participant).toMatchObject({ type: "node", id: "b", name: "bee" });
  });

  it("keep what they declared across a restart of the server, until they declare again", async () => {
    const before = await open();
    const peers: [string, string[]][] = [[key("P"), ["10.9.0.77/32"]]];
    say(before, A, { addresses: { wg0: ["10.9.0.1"] }, declares: declares(["10.9.0.0/24"], wireguard("wg0", key("A"), peers)) });
    const said = before.history.current();
    await before.history.stop();
    nowMs += 10_000;
    const after = await open();
    say(after, A, { addresses: { wg0: ["10.9.0.1"] } });
    expect(after.history.current()).toEqual(said);
    say(after, A, { addresses: { wg0: ["10.9.0.5"] } });
    expect(current(after)).toMatchObject({
      ranges: ["10.9.0.0/24"],
      nodes: [{ id: "a", addresses: ["10.9.0.5"], public_keys: [key("A")] }],
      config_files: [{ id: key("P") }],
    });
    // Its key is still known to be its own.
    say(after, B, {
      addresses: { wg0: ["10.9.0.2"] },
      declares: declares(["10.9.0.0/24"], wireguard("wg0", key("B"), [[key("A"), ["10.9.0.5/32"]]])),
    });
    expect(current(after)?.config_files.map(({ id }) => id)).toEqual([key("P")]);
  });

  it("say since when it is so: a batch of yesterday speaks of yesterday", async () => {
    const server = await open();
    say(server, A, { addresses: { wg0: ["10.9.0.1"] }, coveredFromMs: nowMs - 3 * MINUTE });
    say(server, A, { addresses: { wg0: ["10.9.0.2"] }, coveredFromMs: nowMs - MINUTE });
    const times = server.history.holdings("wg0").map(({ fromMs, toMs, isFirst }) => [fromMs, toMs, isFirst]);
    expect(times).toEqual([
      [nowMs - 3 * MINUTE, nowMs - MINUTE, true],
      [nowMs - MINUTE, Number.POSITIVE_INFINITY, false],
    ]);
  });

  it("say no more of the past than a day: by an agent's token nobody has what others had then", async () => {
    const server = await open();
    say(server, A, { addresses: { wg0: ["10.9.0.1"] }, coveredFromMs: nowMs - 29 * 24 * 60 * MINUTE });
    expect(server.history.holdings("wg0")[0]?.fromMs).toBe(nowMs - 24 * 60 * MINUTE);
  });

  it("have no key that another agent declares, too: it is nobody's, whoever was first", async () => {
    const server = await open();
    const C = { id: "c", name: "evil" };
    const ranges = ["10.9.0.0/24"];
    const peer = wireguard("wg0", key("A"), [[key("B"), ["10.9.0.2/32"]]]);
    const own = { addresses: { wg0: ["10.9.0.2"] }, declares: declares(ranges, wireguard("wg0", key("B"), [])) };
    say(server, B, own);
    say(server, C, { declares: declares(ranges, wireguard("wg0", key("B"), [[key("B"), ["10.9.0.66/32"]]])) });
    nowMs += MINUTE;
    say(server, A, { addresses: { wg0: ["10.9.0.1"] }, declares: declares(ranges, peer) });
    say(server, B, own);
    const claims = server.history.versions("wg0").filter(({ kind, id }) => kind === "config_file" && id === key("B"));
    expect(claims.map(({ source }) => source).sort()).toEqual(["agent:a", "agent:c"]);
    // Its own address is its own all the same.
    expect(current(server)?.nodes.find(({ id }) => id === "b")?.addresses).toEqual(["10.9.0.2"]);
  });

  it.each([
    ["ahead", 3_600_000],
    ["at its beginning", -Date.UTC(2026, 0, 1)],
  ])("are not believed about when, with a clock that is %s", async (_, offMs) => {
    const server = await open();
    say(server, A, { addresses: { wg0: ["10.9.0.1"] }, coveredFromMs: nowMs + offMs });
    expect(server.history.holdings("wg0")[0]?.fromMs).toBe(nowMs);
  });

  it("are not taken back by an older batch that comes late", async () => {
    const server = await open();
    say(server, A, { addresses: { wg0: ["10.9.0.2"] }, sequence: 7 });
    say(server, A, { addresses: { wg0: ["10.9.0.1"] }, sequence: 6 });
    expect(current(server)?.nodes[0]?.addresses).toEqual(["10.9.0.2"]);
    // A new state directory counts from one again.
    say(server, A, { addresses: { wg0: ["10.9.0.3"] }, epoch: "new", sequence: 1 });
    expect(current(server)?.nodes[0]?.addresses).toEqual(["10.9.0.3"]);
  });

  it("that change their minds all the time are heard now and then, and in the end", async () => {
    const server = await open();
    for (let i = 0; i < 100; i++) {
      nowMs += 1000;
      say(server, A, { addresses: { wg0: [`10.9.0.${i}`] } });
    }
    expect(server.history.stats.changes).toBeLessThan(15);
    expect(server.agents.stats.heldBack).toBeGreaterThan(80);
    expect(server.sources.states[0]?.error).toMatch(/gw-a changes what it declares more than once a minute/);
    nowMs += MINUTE;
    say(server, A, { addresses: { wg0: ["10.9.0.99"] } });
    expect(current(server)?.nodes[0]?.addresses).toEqual(["10.9.0.99"]);
    expect(server.sources.states[0]?.error).toBeNull();
  });

  it("lose no declaration that was held back: later batches do not repeat it", async () => {
    const server = await open();
    for (let i = 0; i < 20; i++) say(server, A, { addresses: { wg0: [`10.9.0.${i}`] } });
    say(server, A, { addresses: { wg0: ["10.9.0.1"] }, declares: declares(["10.9.0.0/24"]) });
    expect(current(server)?.ranges).toEqual([]);
    nowMs += 2 * MINUTE;
    say(server, A, { addresses: { wg0: ["10.9.0.1"] } });
    expect(current(server)?.ranges).toEqual(["10.9.0.0/24"]);
  });

  it("leave nothing behind of networks that they do not name any more", async () => {
    const server = await open();
    for (let i = 0; i < 5; i++) {
      nowMs += MINUTE;
      say(server, A, { addresses: { [`n${i}`]: ["10.0.0.1"], [`empty${i}`]: [] } });
    }
    expect(server.history.current().networks.map(({ id }) => id)).toEqual(["n4"]);
    nowMs += MINUTE;
    say(server, A, { addresses: { n4: [] }, declares: { ranges: { wg0: ["10.9.0.0/24"], none: [] }, wireguard: [] } });
    nowMs += MINUTE;
    say(server, A, { addresses: {} });
    expect(server.history.current().networks.map(({ id }) => id)).toEqual(["wg0"]);
  });

  it("name no more than 5,000 things each: the rest is left out, counted and told", async () => {
    const server = await open();
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, [`10.0.${i >> 8}.${i & 255}`]]));
    say(server, A, { addresses: many(3000) });
    expect(server.history.counts().get("agent:a")).toBe(5000);
    expect(server.agents.stats.leftOut).toBe(1000);
    expect(server.sources.states[0]?.error).toMatch(/gw-a declares too much: 1000 of its networks/);
    nowMs += MINUTE;
    say(server, A, { addresses: many(2) });
    expect(server.history.counts().get("agent:a")).toBe(4);
    expect([server.agents.stats.leftOut, server.sources.states[0]?.error]).toEqual([0, null]);
  });
});
