import { type Finding, filterTest, type JsonRow, parseCidr, parseFilter, rowToJson } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AgentReport } from "../../health/agent-book.ts";
import type { Holding } from "../../identify/holding.ts";
import { EMPTY_INVENTORY } from "../../identify/inventory-schema.ts";
import { fillRollup } from "../../query/traffic/testing.ts";
import { ROLLUPS } from "../../store/schema/rollup-tables.ts";
import { batchOf, type FlowRow } from "../../store/test-batches.ts";
import { startTestStore, type TestStore } from "../../store/testing.ts";
import { parseListFile } from "./list-file.ts";
import { ListedIndex } from "./listed-index.ts";
import { PolicySet, policySchema } from "./policies.ts";
import { goneBefore } from "./removed.ts";
import { type Looked, lookAt, type TestLook } from "./testing.ts";

const NOON = Date.UTC(2026, 10, 20, 12);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const GIB = 2 ** 30;

const rows: FlowRow[] = [];
let number = 1;
/** A connection that is over, and what it moved. */
function flow(startMs: number, more: FlowRow): void {
  const { src_bytes = 300, dst_bytes = 400 } = more;
  rows.push({
    ...{ state: "closed", verdict: "answered", src_bytes_delta: src_bytes, dst_bytes_delta: dst_bytes, src_bytes, dst_bytes },
    ...{
      flow_id: String(number++),
      start: startMs,
      since: startMs,
      last_seen: startMs + 50,
      end: startMs + 50,
      received: startMs + 60,
    },
    ...more,
  });
}
const node = (name: string, at: number) => ({ src_type: "node", src_id: `n-${name}`, src_name: name, src_ip: `100.64.0.${at}` });
const external = (ip: string, domain: string | null = null) => ({
  dst_type: "external",
  dst_id: null,
  dst_name: null,
  dst_ip: ip,
  domain,
});
const toNode = (name: string, at: number) => ({
  dst_type: "node",
  dst_id: `n-${name}`,
  dst_name: name,
  dst_ip: `100.64.0.${at}`,
});
/** Between 0 and 1, the same each time. */
const chance = (i: number) => Math.abs(Math.sin(i * 12.9898) * 43_758.5453) % 1;
const times = (count: number) => Array.from({ length: count }, (_, i) => i);

function makeRows(): void {
  // A scan of 120 ports within 40 s, three of which answer; a test of five; and a monitor that is answered everywhere.
  for (const i of times(120))
    flow(NOON + i * 333, {
      ...node("officegw", 12),
      ...toNode("db", 5),
      dst_port: 1000 + i,
      verdict: i < 3 ? "answered" : "refused",
    });
  for (const i of times(5))
    flow(NOON + i * 333, { ...node("ana", 20), ...toNode("db", 5), dst_port: 1000 + i, verdict: "refused" });
  for (const i of times(60)) {
    flow(NOON + i * 100, { ...node("metrics", 30), ...toNode(`n${i}`, 100 + i), dst_port: 9100 });
    flow(NOON + i * 100, {
      ...node("worm", 31),
      ...toNode(`n${i}`, 100 + i),
      dst_port: 445,
      verdict: i % 20 === 0 ? "answered" : "unanswered",
    });
  }
  // Every two minutes with a little chance; by chance alone; and by the clock, but everybody.
  for (const i of times(120)) {
    flow(NOON - 4 * HOUR_MS + i * 2 * MINUTE_MS + ((i * 7919) % 9000), {
      ...node("web", 40),
      ...external("203.0.113.9", "c2.bad.example"),
      dst_port: 8443,
    });
    flow(NOON - 4 * HOUR_MS + Math.floor(chance(i) * 4 * HOUR_MS), {
      ...node("web", 40),
      ...external("203.0.113.10", "news.example"),
      dst_port: 443,
    });
    for (const who of times(4))
      flow(NOON - 4 * HOUR_MS + i * 2 * MINUTE_MS, {
        ...node(`m${who}`, 50 + who),
        ...external("203.0.113.11", "updates.example"),
        dst_port: 443,
      });
  }
  // Ten days of habits: `build` asks one place, `ana` somebody new each day; `backup` sends 2 GiB each day.
  for (const day of times(10)) {
    const atMs = NOON - (day + 1) * DAY_MS;
    flow(atMs, { ...node("build", 60), ...external("203.0.113.20", "packages.example"), dst_port: 443 });
    flow(atMs, { ...node("build", 60), ...external("203.0.113.21"), dst_port: 443 });
    flow(atMs, { ...node("ana", 20), ...external("203.0.113.22", `site${day}.example`), dst_port: 443 });
    for (const name of ["backup", "leak"])
      flow(atMs, {
        ...node(name, name === "leak" ? 62 : 61),
        ...external("203.0.113.30", "store.example"),
        dst_port: 443,
        src_bytes: 2 * GIB,
      });
  }
  for (const [ip, domain] of [
    ["203.0.113.20", "packages.example"],
    ["203.0.113.21", null],
    ["203.0.113.23", "new.bad.example"],
    ["203.0.113.24", null],
  ] as const)
    for (const [name, at] of [
      ["build", 60],
      ["ana", 20],
      ["young", 63],
    ] as const)
      flow(NOON + 1000, { ...node(name, at), ...external(ip, domain), dst_port: 443 });
  flow(NOON + 2000, { ...node("backup", 61), ...external("203.0.113.30", "store.example"), dst_port: 443, src_bytes: 5.5 * GIB });
  flow(NOON + 2000, { ...node("leak", 62), ...external("203.0.113.31", "drop.example"), dst_port: 443, src_bytes: 9 * GIB });
  flow(NOON + 2000, { ...node("young", 63), ...external("203.0.113.32", "cloud.example"), dst_port: 443, src_bytes: 9 * GIB });
  // One that has been open for three days, and a short one.
  flow(NOON - 72 * HOUR_MS, {
    ...node("tunnel", 70),
    ...external("203.0.113.40"),
    state: "open",
    verdict: "answered",
    last_seen: NOON + 3000,
    end: null,
    dst_port: 22,
  });
  // Somebody outside who is listed asks in; one who was removed an hour ago talks.
  flow(NOON + 4000, {
    src_type: "external",
    src_id: null,
    src_name: null,
    src_ip: "198.51.100.77",
    ...toNode("web", 40),
    dst_port: 443,
  });
  flow(NOON + 5000, {
    src_type: "unknown",
    src_id: null,
    src_name: null,
    src_ip: "100.64.0.99",
    ...toNode("db", 5),
    dst_port: 5432,
  });
  flow(NOON + 5000, { ...node("ana", 20), ...toNode("phone", 98), dst_port: 80, verdict: "unanswered" });
}

const holding = (name: string, address: string, toMs: number, source = "file"): Holding => ({
  ...{ network: "netmaker", kind: "address", domain: null, source, precedence: 0, fromMs: 0, isFirst: true, toMs },
  cidr: parseCidr(`${address}/32`)!,
  participant: { type: "node", id: `n-${name}`, name, device: null, node: null, gateways: [] },
});
const HOLDINGS = [
  holding("old-web", "100.64.0.99", NOON - HOUR_MS),
  holding("phone", "100.64.0.98", NOON - HOUR_MS),
  // Somebody else has it since then; and it got another one.
  holding("before", "100.64.0.20", NOON - HOUR_MS),
  holding("ana", "100.64.0.20", Number.POSITIVE_INFINITY),
  holding("db", "100.64.0.60", NOON - HOUR_MS),
  holding("db", "100.64.0.5", Number.POSITIVE_INFINITY),
];

let test: TestStore;
let look: TestLook;
let policies = new PolicySet([]);
let lists = new ListedIndex([]);
beforeAll(async () => {
  makeRows();
  test = await startTestStore();
  for (let at = 0; at < rows.length; at += 1000) await test.store.insert(batchOf(rows.slice(at, at + 1000)));
  for (const name of ["rollup_visit_days", "rollup_pair_days"])
    await fillRollup(test.store.clickhouse, ROLLUPS.find(({ table }) => table.name === name)!);
  look = {
    clickhouse: test.store.clickhouse,
    inventory: { networks: () => ["netmaker"], holdings: () => HOLDINGS, current: () => EMPTY_INVENTORY },
    deps: { policies: () => policies, lists: () => lists, isRemoved: (id) => id === "n-gone" },
  };
}, 60_000);
afterAll(() => test?.stop());

const around = (ms = 10 * MINUTE_MS) => ({ fromMs: NOON - ms / 2, toMs: NOON + ms / 2 });
/** Evidence is a filter that is understood, and shows rows of the window. */
function seen({ findings }: Looked): readonly string[] {
  for (const finding of findings) expect(evidenceOf(finding).length, `${finding.summary}: ${finding.q}`).toBeGreaterThan(0);
  return findings.map(({ summary }) => summary).sort();
}
function evidenceOf({ q, fromMs, toMs }: Finding): JsonRow[] {
  const batch = batchOf(rows);
  const passes = filterTest(parseFilter(q));
  return rows
    .map((row, i) => ({ row, json: rowToJson(batch, i) }))
    .filter(({ row, json }) => Number(row.start) < toMs && Number(row.last_seen) >= fromMs && passes(json))
    .map(({ json }) => json);
}

describe("watchers on a store", () => {
  it("a port scan: who, how many, how long, how many answered; not a few tries", async () => {
    const found = await lookAt("port-scan", around(), look);
    expect(seen(found)).toEqual(["officegw tried 120 ports on db (100.64.0.5) in 40 s; 3 answered"]);
    expect(found.findings[0]).toMatchObject({
      labels: { network: "netmaker", "src.name": "officegw", "dst.ip": "100.64.0.5" },
      value: 120,
      limit: 50,
      q: "network=netmaker and src.name=officegw and dst.ip=100.64.0.5",
    });
    expect(evidenceOf(found.findings[0]!)).toHaveLength(120);
    expect((await lookAt("port-scan", { fromMs: NOON - HOUR_MS, toMs: NOON }, look)).findings).toEqual([]);
  });

  it("a sweep of hosts, and not a monitor that is answered", async () => {
    expect(seen(await lookAt("host-sweep", around(), look))).toEqual([
      "worm tried TCP port 445 on 60 hosts in 5.9 s; 3 answered",
    ]);
  });

  it("a beacon: not chance, not what everybody does", async () => {
    const window = { fromMs: NOON - 4 * HOUR_MS, toMs: NOON };
    const [summary, ...others] = seen(await lookAt("beacon", window, look));
    expect(summary).toMatch(
      /^web connected to c2\.bad\.example \(203\.0\.113\.9\) 120 times, every (1 min 59 s|2 min) give or take \d %, 700 B each$/,
    );
    expect(others).toEqual([]);
    expect(seen(await lookAt("beacon", window, look, { most_sources: 10 }))).toHaveLength(5);
  });

  it("a first contact of who has a habit: not of who browses, nor of who is new", async () => {
    const found = await lookAt("first-contact", around(), look);
    expect(seen(found)).toEqual([
      "build talked to 203.0.113.24 for the first time, port 443: nobody of netmaker did so in 30 days",
      "build talked to new.bad.example for the first time, port 443: nobody of netmaker did so in 30 days",
      "leak talked to drop.example for the first time, port 443: nobody of netmaker did so in 30 days",
    ]);
    // On its first day nothing is known of anybody.
    const early = { fromMs: NOON - 10 * DAY_MS - HOUR_MS, toMs: NOON - 10 * DAY_MS + HOUR_MS };
    expect((await lookAt("first-contact", early, look)).findings).toEqual([]);
    const every = await lookAt("first-contact", around(), look, { least_days: 0, known_to_others: false });
    expect(seen(every).filter((text) => text.startsWith("young"))).toHaveLength(5);
  });

  it("an upload that is unusual for who makes it", async () => {
    const [summary, ...others] = seen(await lookAt("exfiltration", around(HOUR_MS), look));
    expect(summary).toBe("leak sent 9.00 GiB to drop.example in 1 h; on its busiest of 10 days before, 2.00 GiB");
    expect(others).toEqual([]);
  });

  it("a connection that lasts for days", async () => {
    expect(seen(await lookAt("long-flow", around(), look))).toEqual([
      "tunnel and 203.0.113.40, port 22: one connection that has lasted 3 d and moved 700 B",
    ]);
    const large = await lookAt("elephant-flow", around(), look, { least_bytes: 5 * GIB });
    expect(seen(large)).toHaveLength(3);
    expect((await lookAt("elephant-flow", around(), look)).findings).toEqual([]);
  });

  it("what no policy allows, once there is one", async () => {
    const quiet = await lookAt("outside-policy", around(), look);
    expect([quiet.findings, quiet.notes.length]).toEqual([[], 1]);
    policies = new PolicySet([
      policySchema.parse({ to: { type: ["external"] } }),
      policySchema.parse({ from: { name: ["metrics", "worm", "officegw", "ana"] } }),
      policySchema.parse({ from: { type: ["external"] }, to: { name: ["web"] }, ports: ["tcp/443"] }),
    ]);
    const found = await lookAt("outside-policy", around(), look);
    expect(seen(found)).toEqual(["100.64.0.99 talked to db on TCP 5432, which no policy allows: 1 connection, 1 answered"]);
    policies = new PolicySet([policySchema.parse({ network: "another" })]);
    expect((await lookAt("outside-policy", around(), look)).findings).toEqual([]);
  });

  it("what is listed, in both directions", async () => {
    expect((await lookAt("listed", around(), look)).notes).toHaveLength(1);
    lists = new ListedIndex([{ name: "bad.txt", ...parseListFile("bad.example\n198.51.100.0/24\n192.0.2.1") }]);
    const found = seen(await lookAt("listed", around(), look));
    expect(found).toEqual([
      "198.51.100.77 talked to web, which is listed in bad.txt as 198.51.100.0/24: 1 connection, 1 answered",
      "ana talked to new.bad.example, which is listed in bad.txt as bad.example: 1 connection, 1 answered",
      "build talked to new.bad.example, which is listed in bad.txt as bad.example: 1 connection, 1 answered",
      "web talked to c2.bad.example, which is listed in bad.txt as bad.example: 2 connections, 2 answered",
      "young talked to new.bad.example, which is listed in bad.txt as bad.example: 1 connection, 1 answered",
    ]);
    expect((await lookAt("listed", around(), look, { lists: ["another.txt"] })).findings).toEqual([]);
  });

  it("who was removed and still talks: not who is only asked for, nor an address that has another owner", async () => {
    expect(seen(await lookAt("removed-node", around(), look))).toEqual([
      "old-web still talks as 100.64.0.99: the node was removed or disabled 1 h before (1 connection, 1 answered)",
    ]);
    expect((await lookAt("removed-node", around(), look, { grace_s: 7200 })).findings).toEqual([]);
  });

  it("who was removed is gone, though agents still tell of it; what agents tell of those who are known counts", () => {
    const gone = (...holdings: Holding[]) =>
      goneBefore({ networks: () => ["netmaker"], holdings: () => holdings }, NOON, { days: 30 }).map(({ name }) => name);
    const [removed, known] = [holding("printer", "100.64.0.30", NOON - HOUR_MS), holding("db", "100.64.0.5", Infinity)];
    const told = (name: string, address = "100.64.0.30") => holding(name, address, Infinity, "agent:n-gw");
    // A gateway's peer without a name, and the node itself.
    expect(gone(removed, known, told("BfojXfRw…"))).toEqual(["printer"]);
    expect(gone(removed, known, told("printer"))).toEqual(["printer"]);
    expect(gone(removed, known, told("db"))).toEqual([]);
    // Nobody but agents knows the network any more.
    expect(gone(removed, told("printer"))).toEqual([]);
    // An agent's own word, and what agents say since.
    expect(gone(holding("bridge", "100.64.0.30", NOON - HOUR_MS, "agent:n-db"), known, told("another"))).toEqual([]);
  });

  it("agents that are silent, and whose clocks are wrong", async () => {
    const agent = (name: string, agoMs: number, more: Partial<AgentReport> = {}) =>
      ({
        ...{ reporter_id: `n-${name}`, reporter: name, last_seen: new Date(NOON - agoMs).toISOString() },
        ...{ clock_skew_ms: 100, silent: agoMs > MINUTE_MS, off_by_settings: false },
        ...more,
      }) as AgentReport;
    const agents = [
      agent("web", 10 * MINUTE_MS),
      agent("db", 1000, { clock_skew_ms: -90_000 }),
      agent("gone", 10 * MINUTE_MS),
      agent("off", 10 * MINUTE_MS, { off_by_settings: true }),
      agent("old", 8 * DAY_MS),
      agent("well", 2000),
    ];
    const now = { ...look, agents, nowMs: NOON };
    expect((await lookAt("agent-silent", around(), now)).findings.map(({ summary }) => summary)).toEqual([
      "the agent on web has said nothing for 10 min: nobody knows what happens there",
    ]);
    expect((await lookAt("clock-skew", around(), now)).findings.map(({ summary }) => summary)).toEqual([
      "the clock of db is 1 min 30 s slow: its flows are told at the wrong time",
    ]);
  });

  it("a store that is full soon", async () => {
    const storage = (full_in_days: number | null, kept_days: number) =>
      ({
        ...look,
        storage: {
          settings: { flows_days: 30 },
          size: { bytes: 5 * GIB, limit_bytes: 6 * GIB },
          forecast: { full_in_days, kept_days },
          problem: null,
        } as never,
      }) satisfies TestLook;
    expect((await lookAt("disk-forecast", around(), storage(3, 12))).findings).toMatchObject([
      {
        summary: "the store is full in 3 days (5.00 GiB of 6.00 GiB): flows will be kept for 12 days instead of 30",
        value: 3,
        limit: 7,
      },
    ]);
    for (const quiet of [storage(null, 30), storage(20, 25), storage(3, 30), look])
      expect((await lookAt("disk-forecast", around(), quiet)).findings).toEqual([]);
  });
});
