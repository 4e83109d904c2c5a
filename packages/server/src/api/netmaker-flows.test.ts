import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rowNow, startTestServer, type TestServer } from "../testing.ts";
import { type NetmakerRow, netmakerListSchema } from "./netmaker-schemas.ts";

const INVENTORY = {
  networks: [
    {
      id: "netmaker",
      ranges: ["100.102.137.0/24"],
      nodes: [
        { id: "n-inetgw", name: "inetgw", host: "h-inetgw", addresses: ["100.102.137.4"], gateway: true },
        { id: "n-debian", name: "debian", host: "h-debian", addresses: ["100.102.137.9"] },
      ],
      users: [{ id: "ana@example.com", devices: [{ addresses: ["100.102.137.21"], gateway: "inetgw" }] }],
    },
  ],
};

interface Answer {
  readonly Code: number;
  readonly Message: string;
  readonly Response: NetmakerRow[];
}

let dir: string;
let test: TestServer;
const startedMs = Date.now();
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "flowtrail-netmaker-"));
  const file = join(dir, "inventory.yaml");
  await writeFile(file, JSON.stringify(INVENTORY));
  test = await startTestServer({ flags: { "inventory.file": file } });
  const inbound = { reporter: "inetgw", direction: "ingress", role: "responder", ct_status: 14 };
  const user = {
    src_ip: "100.102.137.21",
    src_port: 38532,
    dst_ip: "34.160.111.145",
    domain: "github.com",
    domain_source: "dns",
  };
  const rows = [
    rowNow({ flow_id: "1", ...inbound }, 60_000),
    rowNow({ flow_id: "2", ...inbound, ...user, role: "forwarder", src_bytes: 2417, dst_bytes: 4127 }, 120_000),
    rowNow({ flow_id: "3", ...inbound, state: "open", end: null, end_reason: null, verdict: null, src_port: 5000 }, 180_000),
    rowNow({ flow_id: "4", ...inbound, protocol: 17, dst_port: 53, dst_ip: "100.102.137.77" }, 240_000),
    // Began before what is asked for below, and goes on into it.
    rowNow(
      { flow_id: "5", ...inbound, last_seen: new Date(startedMs - 60_000).toISOString(), end: null, state: "closed" },
      7_200_000,
    ),
  ];
  const gateway = await test.deliver(await test.agentToken("inetgw"), rows);
  expect(gateway.body).toMatchObject({ accepted: 5, rejected: [] });
  const debian = await test.deliver(await test.agentToken("debian"), [rowNow({ flow_id: "6" }, 59_999)]);
  expect(debian.body).toMatchObject({ accepted: 1, rejected: [] });
});
afterAll(async () => {
  await test.stop();
  await rm(dir, { recursive: true });
});

async function ask(query: string): Promise<NetmakerRow[]> {
  const { status, body } = await test.ask<Answer>("GET", `/api/v1/flows?${query}`);
  expect([status, netmakerListSchema.safeParse(body).error]).toEqual([200, undefined]);
  expect([body.Code, body.Message]).toEqual([200, "flows retrieved successfully"]);
  return body.Response;
}
const ids = async (query: string) => (await ask(query)).map(({ flow_id }) => flow_id).join(" ");
const ago = (ms: number) => new Date(startedMs - ms).toISOString();

describe("rows", () => {
  it("are told in Netmaker's words, relative to the reporting host", async () => {
    const [outbound, inbound, user] = await ask("");
    const between = {
      network_id: "netmaker",
      protocol: 6,
      src_ip: "100.102.137.9",
      dst_port: 443,
      src_type: "node",
      dst_type: "node",
    };
    const ends = { src_entity_id: "n-debian", src_entity_name: "debian", dst_entity_id: "n-inetgw", dst_entity_name: "inetgw" };
    const sent = (bytes_sent: number, bytes_recv: number) => ({ bytes_sent, bytes_recv, packets_sent: 1, packets_recv: 1 });
    expect(outbound).toMatchObject({ ...between, ...ends, direction: "egress", host_name: "debian", ...sent(60, 40), status: 0 });
    expect(inbound).toMatchObject({
      ...between,
      ...ends,
      direction: "ingress",
      host_name: "inetgw",
      ...sent(40, 60),
      status: 14,
    });
    expect(inbound).toMatchObject({ icmp_type: 0, icmp_code: 0, start_ts: expect.stringMatching(/^20.*\.\d{3}Z$/) });
    expect(user).toMatchObject({ src_type: "user", src_entity_id: "ana@example.com", bytes_sent: 4127, bytes_recv: 2417 });
    expect(user).toMatchObject({ dst_type: "external", dst_entity_id: "github.com", dst_entity_name: "github.com" });
  });

  it("are those of our own list", async () => {
    const { flows } = await test.flows("from=-7d&reports=all&limit=1000");
    const own = flows.map(({ flow_id, reporter_id, start, direction, src_bytes, dst_bytes }) => {
      const [bytes_sent, bytes_recv] = direction === "egress" ? [src_bytes, dst_bytes] : [dst_bytes, src_bytes];
      return { flow_id, host_id: reporter_id, start_ts: start, direction, bytes_sent, bytes_recv };
    });
    expect(await ask("state=open&state=closed&state=lost")).toMatchObject(own);
  });

  it("of open flows have no end, and come when they are asked for", async () => {
    expect(await ask("state=open")).toMatchObject([{ flow_id: "3", end_ts: "1970-01-01T00:00:00.000Z" }]);
    expect(await ids("q=state%3Dopen")).toBe("3");
  });
});

describe("a question", () => {
  it.each([
    ["", "6 1 2 4 5"],
    [`from=${ago(3_600_000)}`, "6 1 2 4"],
    [`from=${ago(3_600_000)}&to=${ago(100_000)}`, "2 4"],
    ["network_id=netmaker", "6 1 2 4 5"],
    ["network_id=other", ""],
    ["src_type=user", "2"],
    ["src_type[]=user&src_type[]=node", "6 1 2 4 5"],
    ["src_type=user&src_type=extclient", "2"],
    ["dst_type=external", "2 4"],
    ["src_entity_id=n-debian&dst_type=node", "6 1 5"],
    ["dst_entity_id=github.com", "2"],
    ["protocol=17", "4"],
    ["protocol[]=17&protocol[]=6", "6 1 2 4 5"],
    ["node_id=n-debian", "6"],
    ["node_id=n-inetgw&network_id=netmaker", "1 2 4 5"],
    ["username=ana@example.com", "2"],
    ["username=ana@example.com&src_type=&src_entity_id=&dst_entity_id=", "2"],
    ["direction=egress", "6"],
    ["dst_port=53", "4"],
    ["src_ip=100.102.137.21", "2"],
    ["domain=github.com", "2"],
    ["q=github", "2"],
    ["page=0&per_page=two", "6 1 2 4 5"],
    ["page=2&per_page=2", "2 4"],
    ["page=9&per_page=2", ""],
  ])("%s", async (query, expected) => {
    expect(await ids(query)).toBe(expected);
  });

  it("for page after page tells each row once, though new ones come in", async () => {
    expect(await ids("per_page=2&direction=ingress")).toBe("1 2");
    await test.deliver(await test.agentToken("inetgw"), [
      rowNow({ flow_id: "7", reporter: "inetgw", direction: "ingress" }, 1000),
    ]);
    expect(await ids("per_page=2&direction=ingress&page=2")).toBe("4 5");
    expect(await ids("per_page=2&direction=ingress&page=2")).toBe("4 5");
    expect(await ids("per_page=2&direction=ingress")).toBe("7 1");
  });
});

it("of a flow with more bytes than a number holds exactly, the page is told", async () => {
  const big = rowNow({ flow_id: "8", reporter: "inetgw", network: "big", direction: "ingress", src_bytes: "18014398509481985" });
  expect((await test.deliver(await test.agentToken("inetgw"), [big])).body).toMatchObject({ accepted: 1, rejected: [] });
  expect(await ask("network_id=big")).toMatchObject([{ flow_id: "8", bytes_recv: 18014398509481984 }]);
});

describe("what is refused is told in Netmaker's form", () => {
  it.each([
    ["from=yesterday", 400, /from/],
    [`from=${ago(0)}&to=${ago(1000)}`, 400, /from: is after to/],
    ["src_type=printer", 400, /src_type: expected one of node, user/],
    ["protocol=tcp", 400, /protocol: expected a whole number/],
    ["username=ana&src_type=user", 400, /username/],
    ["node_id=nobody", 400, /no node with id nobody/],
    ["node_id=n-debian&network_id=other", 400, /does not belong to network other/],
    ["networkid=netmaker", 400, /did you mean network_id/],
    ["q=and", 400, /./],
    ["page=60&per_page=1000", 400, /page 60 is more than 10000 rows away/],
  ])("%s", async (query, status, message) => {
    const answer = await test.ask<Answer>("GET", `/api/v1/flows?${query}`);
    expect([answer.status, answer.body.Code]).toEqual([status, status]);
    expect(answer.body.Message).toMatch(message);
  });

  it("without an API token", async () => {
    const { status, body } = await test.ask<Answer>("GET", "/api/v1/flows", { token: null });
    expect([status, body.Code]).toEqual([401, 401]);
    expect((await test.ask("GET", "/api/v1/flows", { token: await test.agentToken("x") })).status).toBe(403);
    expect((await test.ask("GET", "/api/v1/flows/1")).status).toBe(404);
  });
});
