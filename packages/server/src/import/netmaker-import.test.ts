import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NDJSON_CONTENT_TYPE } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { NetmakerAgent } from "../receive/netmaker/testing/agent.ts";
import { destroy, encode, HOST_ID, start as start15 } from "../receive/netmaker/testing/events.ts";
import { startTestServer, type TestServer } from "../testing.ts";
import type { ImportAnswer } from "./netmaker-import.ts";
import { eventOfRow } from "./row.ts";

const BASE_MS = Math.floor(Date.now() / 1000) * 1000 - 3_600_000;
const EPOCH = "1970-01-01T00:00:00Z";
const time = (ms: number) => new Date(BASE_MS + ms).toISOString();

/** A row as Netmaker tells it: a refused attempt of debian on inetgw, as inetgw reported it. */
const row = (change: Readonly<Record<string, unknown>> = {}) => ({
  flow_id: "0190a000-0000-5000-8000-000000000001",
  host_id: "h-inetgw",
  host_name: "inetgw",
  network_id: "netmaker",
  protocol: 6,
  src_port: 44006,
  dst_port: 443,
  icmp_type: 0,
  icmp_code: 0,
  direction: "ingress",
  src_ip: "100.102.137.9",
  src_type: "node",
  src_entity_id: "n-debian",
  src_entity_name: "debian",
  dst_ip: "100.102.137.4",
  dst_type: "node",
  dst_entity_id: "n-inetgw",
  dst_entity_name: "inetgw",
  start_ts: time(0),
  end_ts: time(2000),
  bytes_sent: 40,
  bytes_recv: 60,
  packets_sent: 1,
  packets_recv: 1,
  status: 14,
  version: time(2005),
  ...change,
});
const start = (change: Readonly<Record<string, unknown>> = {}) =>
  row({
    start_ts: time(3),
    end_ts: EPOCH,
    version: time(4),
    bytes_sent: 0,
    bytes_recv: 0,
    packets_sent: 0,
    packets_recv: 0,
    status: 8,
    ...change,
  });

const INVENTORY = {
  networks: ["later", "both"].map((id) => ({
    id,
    ranges: ["100.102.137.0/24"],
    nodes: [
      { id: "n-inetgw", name: "inetgw", host: "h-inetgw", addresses: ["100.102.137.4"] },
      { id: "n-debian", name: "debian", host: "h-debian", addresses: ["100.102.137.9"] },
    ],
  })),
};

let dir: string;
let test: TestServer;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "flowtrail-import-"));
  await writeFile(join(dir, "inventory.yaml"), JSON.stringify(INVENTORY));
  test = await startTestServer({
    flags: { "inventory.file": join(dir, "inventory.yaml"), "netmaker.listen": "127.0.0.1:0" },
  });
});
afterAll(async () => {
  await test.stop();
  await rm(dir, { recursive: true });
});

async function bring(rows: readonly unknown[], query = ""): Promise<ImportAnswer> {
  const body = rows.map((one) => JSON.stringify(one)).join("\n");
  const options = { body, headers: { "content-type": NDJSON_CONTENT_TYPE } };
  const answer = await test.ask<ImportAnswer>("POST", `/api/import/netmaker${query}`, options);
  expect([answer.status, answer.body]).toEqual([200, expect.anything()]);
  return answer.body;
}
const stored = async (network: string) => (await test.flows(`from=-1d&reports=all&network=${network}`)).flows;
const done = (change: Partial<ImportAnswer>) => ({ stored: 0, unfinished: 0, already: 0, joined: 0, rejected: [], ...change });

describe("rows of both styles", () => {
  // A flow of its own for each test.
  const of = (network_id: string) => ({ network_id, flow_id: network_id });

  it("one row of a flow, again and again", async () => {
    expect(await bring([row(of("one"))], "?dry_run=true")).toEqual(done({ stored: 1 }));
    expect(await stored("one")).toEqual([]);
    expect(await bring([row(of("one"))])).toEqual(done({ stored: 1 }));
    expect(await bring([row(of("one")), row(of("one"))])).toEqual(done({ already: 2 }));
    expect(await stored("one")).toMatchObject([
      {
        reporter_id: "h-inetgw",
        reporter: "inetgw",
        reporter_type: "netmaker",
        direction: "ingress",
        role: "responder",
        state: "closed",
        src_bytes: 60,
        dst_bytes: 40,
        start: time(0),
        end: time(2000),
        ct_status: 14,
        verdict: "answered",
        src_type: "node",
        src_name: "debian",
        src_by: "reporter",
        primary: true,
      },
    ]);
  });

  it("START and DESTROY in one batch are one flow, which began when the START says", async () => {
    expect(await bring([start(of("two")), row(of("two"))])).toEqual(done({ stored: 1, joined: 1 }));
    expect(await stored("two")).toMatchObject([{ state: "closed", start: time(3), src_bytes: 60 }]);
    expect(await bring([start(of("two")), row(of("two"))])).toEqual(done({ already: 1, joined: 1 }));
  });

  it("START in one batch, DESTROY in a later one", async () => {
    expect(await bring([start(of("later"))])).toEqual(done({ stored: 1, unfinished: 1 }));
    expect(await stored("later")).toMatchObject([{ state: "lost", end: null, src_bytes: null }]);
    expect(await bring([start(of("later"))])).toEqual(done({ already: 1 }));
    expect(await bring([row(of("later"))])).toEqual(done({ stored: 1 }));
    expect(await stored("later")).toMatchObject([{ state: "closed", start: time(3), end: time(2000), dst_bytes: 40 }]);
  });

  it("DESTROY before its START, and flows that share an id or a tuple", async () => {
    expect(await bring([row(of("mixed"))])).toEqual(done({ stored: 1 }));
    expect(await bring([start(of("mixed"))])).toEqual(done({ already: 1 }));
    const again = { ...of("mixed"), start_ts: time(60_000), end_ts: time(61_000), version: time(61_001) };
    const other = { ...of("mixed"), src_port: 44007 };
    expect(await bring([row(again), row(other)])).toEqual(done({ stored: 2 }));
    expect(await stored("mixed")).toHaveLength(3);
  });

  it("two hosts' reports of one connection count once, whoever comes first", async () => {
    const own = { host_id: "h-debian", host_name: "debian", direction: "egress", bytes_sent: 60, bytes_recv: 40 };
    const told = async () =>
      (await stored("both"))
        .map(({ reporter, role, src_bytes, primary }) => `${reporter} ${role} ${src_bytes} ${primary}`)
        .sort();
    await bring([row(of("both"))]);
    expect(await told()).toEqual(["inetgw responder 60 true"]);
    await bring([row({ ...of("both"), ...own })]);
    await vi.waitFor(async () => expect(await told()).toEqual(["debian initiator 60 true", "inetgw responder 60 false"]), {
      timeout: 20_000,
      interval: 200,
    });
    expect(await bring([row(of("both"))])).toEqual(done({ already: 1 }));
  });

  it("leave the roster as it is: nobody of then is heard of now", async () => {
    const { body } = await test.ask<{ agents: unknown[] }>("GET", "/api/health");
    expect(body.agents).toEqual([]);
    const chart = await test.ask<{ gaps: unknown[] }>("GET", "/api/flows/histogram?from=-3h&network=both");
    expect(chart.body.gaps).toEqual([]);
  });
});

it("what a Netmaker agent itself has reported is there already", async () => {
  const { body } = await test.ask<{ netmaker: { address: string } }>("GET", "/api/health");
  const agent = new NetmakerAgent("grpc-js", () => body.netmaker.address);
  const told = { networkId: "door", flowId: "door" };
  const ended = destroy(told);
  await agent.report([encode("1.5", start15("1.5", told)), encode("1.5", ended)]);
  agent.stop();
  expect(agent.answered).toBe(2);
  const logged = row({
    flow_id: "door",
    network_id: "door",
    host_id: HOST_ID,
    direction: "egress",
    src_ip: ended.src.ip,
    dst_ip: ended.dst.ip,
    start_ts: new Date(Number(ended.startTsMs)).toISOString(),
    end_ts: new Date(Number(ended.endTsMs)).toISOString(),
    version: new Date(Number(ended.version)).toISOString(),
  });
  expect(await bring([logged])).toEqual(done({ already: 1 }));
  expect(await bring([{ ...logged, src_port: 1 }])).toEqual(done({ stored: 1 }));
  expect(await stored("door")).toHaveLength(2);
});

it("bad rows are refused alone, each with its reason", async () => {
  const bad = [
    [row({ direction: "" }), "MISSING"],
    [row({ src_ip: "nobody" }), "BAD_VALUE"],
    [row({ start_ts: "yesterday" }), "BAD_VALUE"],
    [row({ protocol: 300 }), "OUT_OF_RANGE"],
    [row({ start_ts: "2021-01-01T00:00:00Z", end_ts: "2021-01-01T00:00:01Z", version: "2021-01-01T00:00:01Z" }), "TOO_OLD"],
    [row({ end_ts: "2100-01-01T00:00:00Z" }), "IN_FUTURE"],
    [row({ network_id: "sample" }), "RESERVED_NETWORK"],
    [null, "BAD_VALUE"],
  ] as const;
  const answer = await bring([...bad.map(([one]) => one), row({ network_id: "good", flow_id: "good" })]);
  expect(answer.stored).toBe(1);
  expect(answer.rejected.map(({ row: at, code }) => [at, code])).toEqual(bad.map(([, code], at) => [at, code]));
  expect((await test.ask("POST", "/api/import/netmaker", { token: null, body: "" })).status).toBe(401);
});

describe("times", () => {
  it.each([
    ["RFC 3339", "2026-11-22T09:51:00.123Z", Date.UTC(2026, 10, 22, 9, 51, 0, 123)],
    ["another zone", "2026-11-22T11:51:00+02:00", Date.UTC(2026, 10, 22, 9, 51)],
    ["ClickHouse's", "2026-11-22 09:51:00.123", Date.UTC(2026, 10, 22, 9, 51, 0, 123)],
    ["Go's zero", "0001-01-01T00:00:00Z", 0],
    ["the epoch", EPOCH, 0],
  ])("%s", (_, start_ts, expected) => {
    expect(eventOfRow(row({ start_ts }))).toMatchObject({ startMs: expected, kind: "destroy" });
  });
});
