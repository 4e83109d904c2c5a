import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ARROW_CONTENT_TYPE, type BatchMetadata, encodeBatch, FlowBatch, SENDER_COLUMNS } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { type ErrorBody, rowNow, startTestServer, type TestServer } from "../testing.ts";
import { changesSchema, entitiesSchema, holdersSchema, networksSchema } from "./inventory-schemas.ts";
import { healthSchema } from "./schemas.ts";

const V1 = `networks:
  - id: netmaker
    name: Main
    ranges: [100.102.137.0/24, "fd0a::/64"]
    nodes:
      - { id: n-inetgw, name: inetgw, addresses: [100.102.137.4, "fd0a::4"], gateway: true }
      - { id: n-officegw, name: officegw, addresses: [100.102.137.7] }
    users: [{ id: majdi@netmaker.io, devices: [{ name: laptop, addresses: [100.102.137.21], gateway: inetgw }] }]
    egress: [{ id: office-lan, name: Office LAN, ranges: [10.20.0.0/16], via: [officegw] }]
  - id: other
    ranges: [100.102.137.0/24]
    config_files: [{ id: printer, addresses: [100.102.137.21] }]
`;
/** The address goes to somebody else, who shares it with a config file. */
const V2 = V1.replace("majdi@netmaker.io", "ana@example.com").replace(
  "    egress:",
  "    config_files: [{ id: scanner, addresses: [100.102.137.21] }]\n    egress:",
);

let directory: string;
let file: string;
let test: TestServer;
let changedMs: number;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "flowtrail-inventory-"));
  file = join(directory, "inventory.yaml");
  writeFileSync(file, V1);
  test = await startTestServer({ flags: { "inventory.file": file } });
  const before = Date.now();
  writeFileSync(file, V2);
  await until(async () => (await get("history?id=ana@example.com", changesSchema)).changes.length === 1);
  const [change] = (await get("history?id=ana@example.com", changesSchema)).changes;
  changedMs = Date.parse(change?.time ?? "");
  expect(changedMs).toBeGreaterThanOrEqual(before);
});
afterAll(async () => {
  await test?.stop();
  rmSync(directory, { recursive: true });
});

/** The answer, after a look whether it is of the form that the OpenAPI document promises. */
async function get<T extends z.ZodType>(path: string, schema: T): Promise<z.infer<T>> {
  const { status, body } = await test.ask("GET", `/api/inventory${path === "" ? "" : `/${path}`}`.replace("/?", "?"));
  expect([path, status, body]).toEqual([path, 200, expect.anything()]);
  return schema.parse(body);
}

async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 50));
}

const at = (ip: string, more = "") => get(`at?ip=${encodeURIComponent(ip)}${more}`, holdersSchema);
const iso = (ms: number) => encodeURIComponent(new Date(ms).toISOString());

describe("who had an address", () => {
  it("is answered for now, in each network, the winner first", async () => {
    const { holders, ip, complete, as_of } = await at("100.102.137.21");
    expect({ ip, complete, as_of }).toEqual({ ip: "100.102.137.21", complete: true, as_of: null });
    expect(
      holders.map(({ network, type, name, device, kind, range, wins }) => [network, type, name, device, kind, range, wins]),
    ).toEqual([
      ["netmaker", "user", "ana@example.com", "laptop", "address", "100.102.137.21/32", true],
      ["netmaker", "extclient", "scanner", null, "address", "100.102.137.21/32", false],
      ["netmaker", "unknown", null, null, "network", "100.102.137.0/24", false],
      ["other", "extclient", "printer", null, "address", "100.102.137.21/32", true],
      ["other", "unknown", null, null, "network", "100.102.137.0/24", false],
    ]);
    expect(holders[0]).toMatchObject({
      gateways: [{ id: "n-inetgw", name: "inetgw" }],
      source: "file",
      since: new Date(changedMs).toISOString(),
      until: null,
      first: false,
    });
  });

  it("is answered for a time in the past, and for all time before the first version", async () => {
    const before = await at("100.102.137.21", `&network=netmaker&time=${iso(changedMs - 1)}`);
    expect(before.holders[0]).toMatchObject({
      name: "majdi@netmaker.io",
      until: new Date(changedMs).toISOString(),
      first: true,
      wins: true,
    });
    expect(before.conflicts).toEqual([]);
    const longAgo = await at("100.102.137.21", "&network=netmaker&time=-300d");
    expect(longAgo.holders.map(({ name }) => name)).toEqual(["majdi@netmaker.io", null]);
    const since = await at("100.102.137.21", `&network=netmaker&time=${iso(changedMs)}`);
    expect(since.holders.map(({ name }) => name)).toEqual(["ana@example.com", "scanner", null]);
  });

  it("is answered for ranges, IPv6 and strangers", async () => {
    expect((await at("10.20.1.2")).holders).toMatchObject([
      { type: "egress_route", id: "office-lan", range: "10.20.0.0/16", gateways: [{ name: "officegw" }] },
    ]);
    expect((await at("fd0a:0::4")).holders.map(({ name }) => name)).toEqual(["inetgw", null]);
    expect((await at("8.8.8.8")).holders).toEqual([]);
    expect((await at("100.102.137.21", "&network=nobody")).holders).toEqual([]);
  });

  it.each([
    ["at?ip=100.102.137", "ip: expected an IPv4 or IPv6 address"],
    ["at?ip=10.0.0.0/8", "without a mask"],
    ["at?ip=10.0.0.1&time=tuesday", 'time: "tuesday" is not a time'],
    ["at?time=now", "ip: "],
    ["at?ip=10.0.0.1&when=now", "when: unknown"],
    ["history?from=later", "from: "],
    ["history?from=now&to=-1h", "from, to: "],
    ["history?kind=robot", "kind: "],
  ])("%s is refused with reasons", async (path, message) => {
    const { status, body } = await test.ask<ErrorBody>("GET", `/api/inventory/${path}`);
    expect(status).toBe(400);
    expect(body.error.message).toContain(message);
  });
});

it("is answered with the corrections of each network, also where all are asked", async () => {
  const [from, to] = [new Date(changedMs - 200_000).toISOString(), new Date(changedMs - 100_000).toISOString()];
  const { status } = await test.ask("POST", "/api/inventory/replay", { body: { from, to, network: "netmaker", dry_run: false } });
  expect(status).toBe(202);
  const then = `&time=${iso(changedMs - 150_000)}`;
  const [all, one] = [await at("100.102.137.21", then), await at("100.102.137.21", `${then}&network=netmaker`)];
  expect(all.holders.map(({ network, name, as_of }) => [network, name, as_of])).toEqual([
    ["netmaker", "ana@example.com", one.as_of],
    ["netmaker", "scanner", one.as_of],
    ["netmaker", null, one.as_of],
    ["other", "printer", null],
    ["other", null, null],
  ]);
  expect([all.as_of, one.as_of]).toEqual([null, expect.any(String)]);
  expect(all.conflicts.map(({ network, winner }) => [network, winner.id])).toEqual([["netmaker", "ana@example.com"]]);
  const { holders } = await at("100.102.137.21", `&network=netmaker&time=${iso(changedMs - 250_000)}`);
  expect(holders.map(({ as_of }) => as_of)).toEqual([null, null]);
});

it("lists what there is now, with its source, in pages", async () => {
  const all = await get("", entitiesSchema);
  expect(all.total).toBe(8);
  expect(all.next).toBeNull();
  const page = await get("?limit=3&offset=3", entitiesSchema);
  expect(page.entities).toEqual(all.entities.slice(3, 6));
  expect(page.next).toBe(6);
  const nodes = await get("?kind=node&q=INETGW", entitiesSchema);
  expect(nodes.entities).toMatchObject([
    { network: "netmaker", kind: "node", id: "n-inetgw", name: "inetgw", source: "file", first: true, entity: { gateway: true } },
  ]);
  expect((await get("?network=other", entitiesSchema)).entities.map(({ id }) => id)).toEqual(["other", "printer"]);
  expect((await get("?source=netmaker", entitiesSchema)).total).toBe(0);
});

it("tells what changed, when, by whom, with before and after", async () => {
  const { changes } = await get("history?kind=user", changesSchema);
  const time = new Date(changedMs).toISOString();
  expect(changes).toMatchObject([
    { time, id: "ana@example.com", what: "added", who: `file:${file}`, before: null, after: { id: "ana@example.com" } },
    { time, id: "majdi@netmaker.io", what: "removed", before: { id: "majdi@netmaker.io" }, after: null },
    { id: "majdi@netmaker.io", what: "added" },
  ]);
  expect((await get(`history?to=${iso(changedMs)}&limit=1`, changesSchema)).changes).toHaveLength(1);
  expect((await get(`history?from=${iso(changedMs)}`, changesSchema)).changes).toHaveLength(3);
});

it("lists networks of the inventory and of flows", async () => {
  await test.deliver(await test.agentToken("debian"), [
    rowNow(),
    rowNow({ flow_id: "2", network: "lonely" }),
    rowNow({ flow_id: "3", network: "busy", state: "open", end: null, end_reason: null }),
  ]);
  const { body } = await test.ask("GET", "/api/networks");
  expect(networksSchema.parse(body).networks).toMatchObject([
    { id: "busy", flows: 0, last_flow: expect.any(String) },
    { id: "lonely", name: null, sources: [], nodes: 0, flows: 1 },
    { id: "netmaker", name: "Main", sources: ["file"], nodes: 2, users: 1, config_files: 1, egress: 1, flows: 1 },
    { id: "other", sources: ["file"], config_files: 1, flows: 0, last_flow: null },
  ]);
});

it("shows sources and conflicts on the health page", async () => {
  const { body } = await test.ask("GET", "/api/health");
  const { inventory } = healthSchema.parse(body);
  expect(inventory?.sources).toMatchObject([{ name: "file", kind: "file", where: file, error: null, entities: 8 }]);
  expect(inventory?.conflicts).toMatchObject({
    count: 1,
    list: [
      {
        network: "netmaker",
        address: "100.102.137.21",
        winner: { type: "user", id: "ana@example.com" },
        others: [{ type: "extclient", id: "scanner" }],
        why: "a user counts before a config file",
      },
    ],
  });
  const { body: metrics } = await test.ask<string>("GET", "/metrics");
  expect(metrics).toContain("flowtrail_inventory_conflicts 1\n");
  expect(metrics).toContain("flowtrail_inventory_failing_sources 0\n");
  expect(inventory).toMatchObject({ networks: 2, entities: 8, waiting_changes: 0, store_error: null, complete_since: null });
});

it("forgets an agent's addresses when the last token of its node is taken back", async () => {
  const made = () => test.ask<{ id: string; token: string }>("POST", "/api/tokens", { body: { kind: "agent", node: "lonely" } });
  const [first, second] = [(await made()).body, (await made()).body];
  const metadata: BatchMetadata = {
    agent_version: "0.1.0",
    covered_from: Date.now() - 1000,
    covered_to: Date.now(),
    addresses: { netmaker: ["100.102.137.99"] },
    drops: {},
    gauges: {},
  };
  const { status } = await test.ask("POST", "/ingest/v1/flows", {
    token: first.token,
    body: encodeBatch(new FlowBatch(), { columns: SENDER_COLUMNS, metadata }),
    headers: { "content-type": ARROW_CONTENT_TYPE, "flowtrail-batch": "1-1" },
  });
  expect(status).toBe(200);
  const holders = async () =>
    (
      await test.ask<{ holders: { id: string }[] }>("GET", "/api/inventory/at?network=netmaker&ip=100.102.137.99")
    ).body.holders.map(({ id }) => id);
  expect(await holders()).toEqual(["lonely", null]);
  await test.ask("DELETE", `/api/tokens/${second.id}`);
  expect(await holders()).toEqual(["lonely", null]);
  await test.ask("DELETE", `/api/tokens/${first.id}`);
  expect(await holders()).toEqual([null]);
});

it("keeps what it knew over a restart without its file, until the configuration does without it, too", async () => {
  await test.stop({ keep: true });
  rmSync(file);
  const data = test.data;
  test = await startTestServer({ data, flags: { "inventory.file": file } });
  expect((await at("100.102.137.21", "&network=netmaker")).holders[0]).toMatchObject({ name: "ana@example.com" });
  const { body } = await test.ask("GET", "/api/health");
  expect(healthSchema.parse(body).inventory?.sources[0]?.error).toContain("is not there");
  await test.stop({ keep: true });
  test = await startTestServer({ data });
  expect((await at("100.102.137.21")).holders).toEqual([]);
  expect((await at("100.102.137.21", `&network=netmaker&time=${iso(changedMs)}`)).holders[0]).toMatchObject({
    name: "ana@example.com",
  });
});
