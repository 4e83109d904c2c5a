/** Whoever has a token of one node can't speak for another, by none of the ways in; and the door that asks for no credentials can't speak for those who have some. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ARROW_CONTENT_TYPE, type BatchMetadata, encodeBatch, type FlowJson, SENDER_COLUMNS } from "@flowtrail/model";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openStream } from "../receive/netmaker/testing/agent.ts";
import { encode, start } from "../receive/netmaker/testing/events.ts";
import { rowNow, startTestServer, type TestServer } from "../testing.ts";
import { flowBatch } from "../testing-rows.ts";

const INVENTORY = `networks:
  - id: lab
    ranges: [10.9.0.0/24]
    nodes:
      - { id: id-of-victim, name: victim, addresses: [10.9.0.2] }
`;

const directory = mkdtempSync(join(tmpdir(), "flowtrail-identity-"));
let test: TestServer;
let thief: string;
let victim: string;
beforeAll(async () => {
  const file = join(directory, "inventory.yaml");
  writeFileSync(file, INVENTORY);
  test = await startTestServer({
    flags: { "inventory.file": file, "netmaker.listen": "127.0.0.1:0", "ingest.commit_interval_ms": "20" },
  });
  thief = await test.agentToken("thief");
  victim = await test.agentToken("victim");
});
afterAll(async () => {
  await test.stop();
  rmSync(directory, { recursive: true });
});

/** All that the victim may be called. */
const NAMES = ["victim", "id-of-victim", "VICTIM", " victim", "victim\u0000"];

async function flowsOf(network: string): Promise<readonly FlowJson[]> {
  return (await test.flows(`network=${network}&reports=all&from=-1d`)).flows;
}

function arrow(changes: Readonly<Record<string, unknown>>[], change: Partial<BatchMetadata> = {}): Uint8Array {
  const { start, last_seen, end } = rowNow();
  const metadata = {
    agent_version: "1",
    covered_from: Date.now() - 60_000,
    covered_to: Date.now(),
    addresses: {},
    drops: {},
    gauges: {},
    ...change,
  };
  return encodeBatch(flowBatch(...changes.map((row) => ({ start, last_seen, end, reporter: null, ...row }))), {
    columns: SENDER_COLUMNS,
    metadata,
  });
}

const deliver = (token: string, body: Uint8Array, headers: Record<string, string> = {}) =>
  test.ask<{ accepted: number; duplicate: number; rejected: { code: string }[] }>("POST", "/ingest/v1/flows", {
    token,
    body,
    headers: { "content-type": ARROW_CONTENT_TYPE, ...headers },
  });

it("rows of Arrow and of NDJSON that name another reporter are refused, each alone", async () => {
  for (const [i, reporter] of NAMES.entries()) {
    const mine = { reporter: "thief", network: "rows", flow_id: String(100 + i) };
    const theirs = { reporter, network: "rows", flow_id: String(200 + i) };
    expect((await deliver(thief, arrow([theirs, mine]))).body).toMatchObject({
      accepted: 1,
      rejected: [{ code: "REPORTER_MISMATCH" }],
    });
    const lines = await test.deliver(thief, [rowNow(theirs), rowNow({ ...mine, flow_id: String(300 + i) })]);
    expect(lines.body).toMatchObject({ accepted: 1, rejected: [{ code: "REPORTER_MISMATCH" }] });
  }
  expect(new Set((await flowsOf("rows")).map((flow) => flow.reporter_id))).toEqual(new Set(["thief"]));
});

it("the header with a node's name, and the columns that are the server's, tell nothing beside a token", async () => {
  const row = rowNow({
    reporter: null,
    reporter_id: "id-of-victim",
    reporter_type: "netmaker",
    network: "header",
    flow_id: "400",
  });
  // Columns of the server's are refused or ignored; whatever it is, they say nothing.
  await test.deliver(thief, [row], { "flowtrail-node": "victim" });
  expect(
    (await deliver(thief, arrow([{ network: "header", flow_id: "401" }]), { "flowtrail-node": "victim" })).body.accepted,
  ).toBe(1);
  for (const flow of await flowsOf("header")) expect([flow.reporter, flow.reporter_id]).toEqual(["thief", "thief"]);
  const { body } = await test.ask<{ agents: { id: string; rows: number }[] }>("GET", "/api/health");
  expect(body.agents.find(({ id }) => id === "id-of-victim")).toBeUndefined();
});

it("a token for some networks says nothing of others, neither in rows nor about itself", async () => {
  const { body: enrolment } = await test.ask<{ token: string }>("POST", "/api/tokens/enrol", { body: { networks: ["own"] } });
  const key = randomBytes(32).toString("base64url");
  const { body: made } = await test.ask<{ token: string }>("POST", "/agent/v1/enroll", {
    token: enrolment.token,
    body: { node: "narrow", key },
  });
  const public_key = randomBytes(32).toString("base64");
  const interfaceIn = (network: string) => ({
    network,
    name: "wg0",
    public_key,
    peers: [{ public_key: randomBytes(32).toString("base64"), allowed_ips: ["10.5.0.3/32", "10.6.0.0/24"] }],
  });
  const declares = {
    ranges: { own: ["10.5.0.0/24"], others: ["10.5.0.0/24"] },
    wireguard: [interfaceIn("own"), interfaceIn("others")],
  };
  const addresses = { own: ["10.5.0.2"], others: ["10.5.0.2"] };
  const rows = ["own", "others"].map((network, i) => ({ network, flow_id: String(450 + i) }));
  expect((await deliver(made.token, arrow(rows, { addresses, declares }))).body).toMatchObject({
    accepted: 1,
    rejected: [{ code: "NETWORK_NOT_ALLOWED" }],
  });
  const ask = async (path: string) => JSON.stringify((await test.ask("GET", path)).body);
  expect(await ask("/api/inventory/at?network=own&ip=10.5.0.2")).toContain("narrow");
  expect(await ask("/api/inventory/at?network=others&ip=10.5.0.2")).not.toContain("narrow");
  const inventory = await ask("/api/inventory");
  expect([inventory.includes('"own"'), inventory.includes('"others"')]).toEqual([true, false]);
});

it("a question for the configuration is answered for the token's node", async () => {
  await test.ask("PUT", "/api/settings/capture", { body: { nodes: { "id-of-victim": { enabled: false } } } });
  const enabled = async (token: string, node: string) => {
    const headers = { "flowtrail-node": node };
    return (await test.ask<{ enabled: boolean }>("GET", "/agent/v1/config", { token, headers })).body.enabled;
  };
  expect(await enabled(victim, "thief")).toBe(false);
  expect(await enabled(thief, "victim")).toBe(true);
});

it("the numbers of batches are each node's own: nobody can make another's batch a duplicate", async () => {
  const headers = { "flowtrail-batch": "e1-1" };
  const body = arrow([{ network: "batches", flow_id: "500" }]);
  expect((await deliver(thief, body, headers)).body).toMatchObject({ accepted: 1, duplicate: 0 });
  expect((await deliver(victim, body, headers)).body).toMatchObject({ accepted: 1, duplicate: 0 });
  expect((await flowsOf("batches")).map((flow) => flow.reporter_id).sort()).toEqual(["id-of-victim", "thief"]);
});

it("a flow under another's id changes nothing of the other's", async () => {
  const row = { network: "same", flow_id: "600" };
  await deliver(victim, arrow([{ ...row, src_bytes: "7" }]));
  await deliver(thief, arrow([{ ...row, src_bytes: "99" }]));
  const bytes = (await flowsOf("same")).map((flow) => [flow.reporter_id, String(flow.src_bytes)]).sort();
  expect(bytes).toEqual([
    ["id-of-victim", "7"],
    ["thief", "99"],
  ]);
});

it("an agent that declares another's address does not become that node", async () => {
  const declares = { addresses: { lab: ["10.9.0.2"] } };
  await deliver(thief, arrow([{ network: "lab", src_ip: "10.9.0.2", dst_ip: "10.9.0.9", flow_id: "700" }], declares));
  const [flow] = await flowsOf("lab");
  expect([flow?.src_name, flow?.src_id, flow?.reporter_id]).toEqual(["victim", "id-of-victim", "thief"]);
});

it("who comes by Netmaker's door, where nobody has credentials, speaks for no node that has an agent with a token", async () => {
  const { body } = await test.ask<{ listeners: { netmaker: string } }>("GET", "/api/health");
  const send = async (hostId: string, srcPort: number) => {
    const stream = openStream("connect", body.listeners.netmaker);
    const answer = await stream.send([encode("1.5", start("1.5", { hostId, srcPort }))]);
    stream.close();
    return answer;
  };
  for (const hostId of ["victim", "id-of-victim", "thief"])
    expect(await send(hostId, 1000)).toMatchObject({ success: true, error: expect.stringContaining("agent with a token") });
  expect(await send("somebody", 1001)).toMatchObject({ success: true, error: "" });
  expect((await test.flows("reports=all&from=-1d&q=reporter_type%3Dnetmaker")).flows.map((flow) => flow.reporter_id)).toEqual([
    "somebody",
  ]);
});
