import { ARROW_CONTENT_TYPE, encodeBatch, FlowBatch, SENDER_COLUMNS } from "@flowtrail/model";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { z } from "zod";
import { FlowCounts } from "../query/count.ts";
import { QueryError } from "../query/errors.ts";
import { ClickHouse } from "../store/clickhouse.ts";
import { startTestEngine, type TestEngine } from "../store/testing.ts";
import { openDoor } from "../store/testing-door.ts";
import { type ErrorBody, rowNow, startTestServer, type TestServer } from "../testing.ts";
import { captureSchema, captureSetSchema } from "./capture-schemas.ts";
import { agentConfigSchema, healthSchema } from "./schemas.ts";
import { settingsHistorySchema } from "./settings-history-schemas.ts";

const URL = "/api/settings/capture";
let engine: TestEngine;
let door: Awaited<ReturnType<typeof openDoor>>;
let test: TestServer;
let other: TestServer;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  engine = await startTestEngine();
  const endpoint = await engine.engine.endpoint(0);
  if (endpoint === null) throw new Error("no endpoint");
  door = await openDoor(endpoint);
  const flags = { "store.url": door.url, "store.user": endpoint.username, "store.password": endpoint.password };
  test = await startTestServer({ flags });
  other = await startTestServer({ flags });
  for (const [i, node] of ["debian", "inetgw"].entries()) {
    tokens[node] = await test.agentToken(node);
    const office = { flow_id: String(10 * i + 1), network: "office", state: "closed", revision: 1, reporter: node };
    const { body } = await test.deliver(tokens[node], [
      rowNow({ ...office, domain: "api.example.com", domain_source: "sni" }),
      rowNow({
        ...office,
        flow_id: String(10 * i + 2),
        protocol: 1,
        src_port: null,
        dst_port: null,
        icmp_type: 8,
        icmp_code: 0,
        icmp_id: 1,
      }),
      rowNow({ ...office, flow_id: String(10 * i + 3), network: "lab" }),
    ]);
    expect(body).toMatchObject({ accepted: 3, rejected: [] });
    await says(node, { addresses: { office: [`10.9.0.${i + 1}`], ...(i === 0 ? { lab: ["10.8.0.1"] } : {}) } });
  }
});
afterAll(async () => {
  await test?.stop();
  await other?.stop();
  door?.close();
  await engine?.stop();
});

let sequence = 0;
async function says(
  node: string,
  about: { addresses?: Record<string, string[]>; gauges?: Record<string, number> },
): Promise<void> {
  const at = Date.now();
  const metadata = {
    agent_version: "0.1.0",
    covered_from: at - 1000,
    covered_to: at,
    drops: {},
    gauges: {},
    addresses: {},
    ...about,
  };
  const { status } = await test.ask("POST", "/ingest/v1/flows", {
    token: tokens[node] ?? null,
    body: encodeBatch(new FlowBatch(), { columns: SENDER_COLUMNS, metadata }),
    headers: { "content-type": ARROW_CONTENT_TYPE, "flowtrail-batch": `e-${++sequence}` },
  });
  expect(status).toBe(200);
}
async function set(change: object, dry = false): Promise<z.infer<typeof captureSetSchema>> {
  const { status, body } = await test.ask("PUT", `${URL}?dry_run=${dry}`, { body: change });
  expect([status, body]).toEqual([200, expect.anything()]);
  return captureSetSchema.parse(body);
}
const get = async (server = test) => captureSchema.parse((await server.ask("GET", URL)).body);
async function configOf(node: string, server = test, headers: Record<string, string> = {}) {
  const { status, body, headers: given } = await server.ask("GET", "/agent/v1/config", { token: tokens[node] ?? null, headers });
  return { status, tag: given.get("etag") ?? "", config: status === 200 ? agentConfigSchema.parse(body) : null };
}
const effect = async (change: object) => (await set(change, true)).effect;

it("tells what is in force for the fleet, each network and each node", async () => {
  const { settings, defaults, set: own, networks, nodes, changed } = await get();
  expect([settings, own, changed]).toEqual([defaults, {}, null]);
  expect(settings).toEqual({
    enabled: true,
    icmp: true,
    dns: true,
    names: "full",
    denied: false,
    process: false,
    update_interval_s: 10,
    flush_interval_ms: 500,
    exclude: [],
    exclude_users: [],
    exclude_groups: [],
    exclude_nodes: [],
    exclude_domains: [],
    external_addresses: "full",
    pseudonyms: false,
  });
  expect(networks).toMatchObject([
    { id: "lab", enabled: true, names: "full", agents: 1 },
    { id: "office", enabled: true, agents: 2 },
  ]);
  expect(nodes).toMatchObject([
    { id: "debian", enabled: true, networks: ["office", "lab"], recording: true },
    { id: "inetgw", enabled: true, networks: ["office"] },
  ]);
});

it("says before it is saved what becomes different, with what the last hour brought, and sets nothing", async () => {
  const { tag } = await configOf("debian");
  expect(await effect({ networks: { office: { enabled: false } } })).toEqual({
    agents: 2,
    sentences: ["2 agents stop reporting network office; 4 flows of the last hour came from there."],
  });
  expect(await effect({ nodes: { debian: { enabled: false } } })).toEqual({
    agents: 1,
    sentences: ["debian stops reporting; 3 flows of the last hour came from it."],
  });
  const { sentences } = await effect({ icmp: false, names: "second-level", exclude: ["10.250.0.0/16"], update_interval_s: 30 });
  expect(sentences).toEqual([
    "ICMP is not recorded any more: 2 flows of the last hour were ICMP.",
    expect.stringContaining("cut to what is registered (example.com of api.example.com): 2 flows of the last hour have one."),
    expect.stringMatching(/^Flows with an end in 10\.250\.0\.0\/16 are not recorded any more: 0 flows/),
    expect.stringContaining("every 30 s instead of every 10 s"),
  ]);
  expect((await effect({ enabled: false })).sentences[0]).toMatch(/^2 agents stop recording: .* 6 flows of the last hour/);
  expect((await effect({ enabled: true, networks: { lab: {} } })).sentences).toEqual(["Nothing becomes different."]);
  expect((await configOf("debian")).tag).toBe(tag);
  expect((await get()).set).toEqual({});
});

it("counts for more ranges than a filter takes, and tells without a figure what can't be counted", async () => {
  const exclude = Array.from({ length: 101 }, (_, i) => `10.200.${i}.0/24`);
  expect((await effect({ exclude })).sentences).toEqual([expect.stringMatching(/and 98 more are .* 0 flows of the last hour/)]);
  const spy = vi
    .spyOn(FlowCounts.prototype, "count")
    .mockRejectedValue(new QueryError([{ parameter: "range", message: "the store is busy" }]));
  try {
    expect((await set({ nodes: { inetgw: { enabled: false } } })).effect.sentences).toEqual([
      "inetgw stops reporting; an unknown number of flows of the last hour came from it.",
    ]);
    expect((await get()).nodes[1]).toMatchObject({ id: "inetgw", enabled: false });
    expect((await effect({ enabled: false })).sentences[0]).toContain("; an unknown number of flows");
  } finally {
    spy.mockRestore();
  }
  expect((await set({ nodes: { inetgw: { enabled: null } } })).nodes[1]).toMatchObject({ enabled: true });
});

it("is changed on one server only, of two at the same time: the other is told", async () => {
  const insert = ClickHouse.prototype.insert;
  const both = Promise.withResolvers<void>();
  let waiting = 0;
  // Neither writes before both have read what is set.
  const spy = vi.spyOn(ClickHouse.prototype, "insert").mockImplementation(async function (this: ClickHouse, ...args) {
    if (args[0] === "settings" && ++waiting === 2) both.resolve();
    if (args[0] === "settings") await both.promise;
    return insert.apply(this, args);
  });
  try {
    const answers = await Promise.all([
      test.ask<ErrorBody>("PUT", URL, { body: { flush_interval_ms: 700 } }),
      other.ask<ErrorBody>("PUT", URL, { body: { flush_interval_ms: 800 } }),
    ]);
    const lost = answers.find(({ status }) => status !== 200);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(lost?.body.error).toMatchObject({ code: "SETTINGS_CONFLICT", message: expect.stringContaining("at the same time") });
    const won = answers[0]?.status === 200 ? 700 : 800;
    for (const server of [test, other]) expect((await get(server)).set).toEqual({ flush_interval_ms: won });
  } finally {
    spy.mockRestore();
  }
  expect((await set({ flush_interval_ms: null })).set).toEqual({});
  const { changes } = settingsHistorySchema.parse((await test.ask("GET", "/api/settings/history?section=traffic")).body);
  expect(changes.filter(({ what }) => what.includes("500"))).toHaveLength(2);
});

it("refuses what makes no sense, and says what it knows", async () => {
  const problem = async (body: object) => {
    const answer = await test.ask<ErrorBody>("PUT", URL, { body });
    return [answer.status, answer.body.error.code, answer.body.error.message];
  };
  expect(await problem({ networks: { offce: { enabled: false } } })).toEqual([
    400,
    "BAD_SETTINGS",
    "networks.offce: there is no network offce, did you mean office?; known are lab, office",
  ]);
  expect((await problem({ nodes: { x: { enabled: false } } }))[2]).toBe("nodes.x: there is no node x; known are debian, inetgw");
  expect((await problem({ exclude: ["10.0.0.0/33"] }))[2]).toContain("exclude.0: expected an address range");
  expect((await problem({ update_interval_s: 0 }))[2]).toContain("update_interval_s");
  expect((await problem({ names: "some" }))[2]).toContain("names");
  expect((await problem({ icmpp: true }))[2]).toContain("did you mean icmp?");
  expect((await test.ask("PUT", URL, { body: {}, token: tokens.debian ?? null })).status).toBe(403);
  expect((await test.ask("PUT", URL, { body: {}, token: null })).status).toBe(401);
});

it("is in force for agents at once, and on other servers within seconds", async () => {
  const { tag } = await configOf("debian");
  expect((await configOf("debian", test, { "if-none-match": tag })).status).toBe(304);
  const {
    set: own,
    networks,
    nodes,
  } = await set({
    dns: false,
    exclude: ["10.66.0.0/16"],
    networks: { office: { enabled: false, names: "off" } },
    nodes: { debian: { enabled: false } },
  });
  expect(own).toEqual({ dns: false, exclude: ["10.66.0.0/16"] });
  expect(networks).toMatchObject([
    { id: "lab", enabled: true },
    { id: "office", enabled: false, names: "off", set: { enabled: false } },
  ]);
  expect(nodes).toMatchObject([{ id: "debian", enabled: false, recording: true }, { enabled: true }]);

  const { status, config } = await configOf("debian", test, { "if-none-match": tag });
  expect([status, config]).toMatchObject([200, { enabled: false, capture: { dns: false }, exclude: ["10.66.0.0/16"] }]);
  const office = { id: "office", ranges: [], egress: [], members: [], names: "off", enabled: false };
  expect((await configOf("inetgw")).config).toMatchObject({ enabled: true, networks: [office] });
  await vi.waitFor(
    async () => {
      expect((await configOf("debian", other)).config?.enabled).toBe(false);
      expect((await configOf("inetgw", other)).config?.networks).toMatchObject([office]);
    },
    { timeout: 30_000, interval: 200 },
  );
  expect((await get(other)).set).toEqual(own);
});

it("is no error of the agent that was switched off", async () => {
  await says("debian", { addresses: { office: ["10.9.0.1"] }, gauges: { paused: 1 } });
  const { agents } = healthSchema.parse((await test.ask("GET", "/api/health")).body);
  expect(agents?.map(({ id, off_by_settings }) => [id, off_by_settings])).toEqual([
    ["debian", true],
    ["inetgw", false],
  ]);
  expect((await get()).nodes[0]).toMatchObject({ id: "debian", recording: false });
});

it("is in the audit list, in words, in pages and by section", async () => {
  await set({ dns: null, networks: { office: { enabled: null } } });
  const page = async (query: string) =>
    settingsHistorySchema.parse((await test.ask("GET", `/api/settings/history?${query}`)).body);
  const all = await page("section=traffic");
  expect(all.changes.map(({ name, id, what }) => [name, id, what])).toEqual(
    expect.arrayContaining([
      ["capture", "", "DNS off → on"],
      ["network", "office", "network office: traffic logs off → on"],
      ["capture", "", "DNS on → off, excluded ranges none → 10.66.0.0/16"],
      ["network", "office", "network office: traffic logs on → off, domain names as elsewhere → off"],
      ["node", "debian", "node debian: traffic logs on → off"],
    ]),
  );
  expect(all.changes).toHaveLength(9);
  expect(all.changes[0]).toMatchObject({ who: "api command line of the server's machine", time: expect.any(String) });
  expect(all.next).toBeNull();
  const first = await page("limit=2");
  const second = await page(`limit=3&cursor=${first.next}`);
  expect([...first.changes, ...second.changes]).toEqual(all.changes.slice(0, 5));
  expect((await page("section=retention")).changes).toEqual([]);
  expect((await test.ask("GET", "/api/settings/history?cursor=x")).status).toBe(400);
});
