import { gzipSync, zstdCompressSync } from "node:zlib";
import { ARROW_CONTENT_TYPE, type BatchMetadata, encodeBatch, NDJSON_CONTENT_TYPE, SENDER_COLUMNS } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ErrorBody, rowNow, startTestServer, type TestServer } from "../testing.ts";
import { flowBatch } from "../testing-rows.ts";
import { ingestSchema } from "./schemas.ts";

let test: TestServer;
let debian: string;
beforeAll(async () => {
  test = await startTestServer({ flags: { "ingest.max_body": "200KiB", "ingest.max_batch": "1MiB", "ingest.max_rows": "500" } });
  debian = await test.agentToken("debian");
});
afterAll(() => test.stop());

const metadata: BatchMetadata = {
  agent_version: "9.9",
  covered_from: Date.now() - 60_000,
  covered_to: Date.now() - 1000,
  addresses: { arrow: ["100.64.0.1"] },
  drops: { self: 3 },
  gauges: { open_flows: 1 },
};

function arrow(changes: Readonly<Record<string, unknown>>[], about: BatchMetadata = metadata): Uint8Array {
  const times = rowNow();
  const rows = changes.map((change) => ({ start: times.start, last_seen: times.last_seen, end: times.end, ...change }));
  return encodeBatch(flowBatch(...rows), { columns: SENDER_COLUMNS, metadata: about });
}

const upload = (body: Uint8Array | string, headers: Record<string, string> = {}, token: string | null = debian) =>
  test.ask<ErrorBody & { accepted: number; duplicate: number; rejected: { row: number; code: string }[] }>(
    "POST",
    "/ingest/v1/flows",
    {
      token,
      body,
      headers: { "content-type": ARROW_CONTENT_TYPE, ...headers },
    },
  );

describe("an Arrow upload", () => {
  it.each(["zstd", "gzip", "identity"])("is stored before it is acknowledged, compressed by %s", async (encoding) => {
    const bytes = arrow([
      { network: encoding, src_ip: "100.64.0.1", src_bytes: String(2n ** 60n), flow_id: "18446744073709551615" },
    ]);
    const body = { zstd: zstdCompressSync(bytes), gzip: gzipSync(bytes), identity: bytes }[encoding] ?? bytes;
    const answer = await upload(body, { "content-encoding": encoding });
    expect(answer).toMatchObject({ status: 200, body: { accepted: 1, duplicate: 0, rejected: [] } });
    expect(ingestSchema.safeParse(answer.body).success).toBe(true);
    const { flows } = await test.flows(`network=${encoding}`);
    expect(flows).toMatchObject([
      {
        reporter: "debian",
        reporter_id: "debian",
        reporter_type: "agent",
        flow_id: "18446744073709551615",
        src_bytes: String(2n ** 60n),
      },
    ]);
  });

  it("names the agent's own addresses after it", async () => {
    await upload(arrow([{ network: "arrow", src_ip: "100.64.0.1" }]));
    expect((await test.flows("network=arrow")).flows).toMatchObject([
      { src_type: "node", src_name: "debian", dst_type: "external" },
    ]);
  });

  it("is answered as a duplicate when the same batch comes again, but not when its number is used for another", async () => {
    const body = zstdCompressSync(arrow([{ network: "twice", flow_id: "1" }]));
    const headers = { "flowtrail-batch": "e1-1", "content-encoding": "zstd" };
    expect((await upload(body, headers)).body).toMatchObject({ accepted: 1, duplicate: 0 });
    expect((await upload(body, headers)).body).toMatchObject({ accepted: 0, duplicate: 1 });
    expect((await upload(arrow([{ network: "twice", flow_id: "2" }]), { "flowtrail-batch": "e1-1" })).body).toMatchObject({
      accepted: 1,
    });
    expect((await test.flows("network=twice")).flows.map(({ flow_id }) => flow_id)).toEqual(["2", "1"]);
  });

  it.each([
    ["no Arrow at all", "hello", {}, 400, "BAD_BATCH"],
    ["nothing", "", {}, 400, "BAD_BATCH"],
    ["a cut stream", arrow([{}]).slice(0, 500), {}, 400, "BAD_BATCH"],
    ["a broken compression", "hello", { "content-encoding": "zstd" }, 400, "BAD_BATCH"],
    ["an unknown compression", "hello", { "content-encoding": "br" }, 415, "UNSUPPORTED_ENCODING"],
    ["another type", "{}", { "content-type": "application/json" }, 415, "UNSUPPORTED_TYPE"],
    ["a broken batch id", arrow([{}]), { "flowtrail-batch": "??" }, 400, "BAD_HEADER"],
    ["a bomb", zstdCompressSync(Buffer.alloc(50_000_000)), { "content-encoding": "zstd" }, 413, "TOO_LARGE"],
    ["too many bytes", Buffer.alloc(300_000), {}, 413, "TOO_LARGE"],
    [
      "too many rows",
      zstdCompressSync(arrow(Array.from({ length: 501 }, () => ({})))),
      { "content-encoding": "zstd" },
      413,
      "TOO_LARGE",
    ],
  ])("of %s is refused as a whole", async (_, body, headers, status, code) => {
    const answer = await upload(body, headers as Record<string, string>);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    expect(answer.body.error.message).not.toBe("");
  });
});

describe("an NDJSON upload", () => {
  it("keeps its good rows, tells the others and puts them into the dead letters", async () => {
    const rows = [
      rowNow({ network: "mixed" }),
      rowNow({ network: "mixed", reporter: "inetgw" }),
      rowNow({ network: "mixed", src_ip: null }),
    ];
    const body = `${rows.map((row) => JSON.stringify(row)).join("\n")}\nnonsense\n`;
    const answer = await upload(body, { "content-type": NDJSON_CONTENT_TYPE, "flowtrail-batch": "mixed-1" });
    expect(answer.body.accepted).toBe(1);
    expect(answer.body.rejected.map(({ row, code }) => [row, code])).toEqual([
      [1, "REPORTER_MISMATCH"],
      [2, "MISSING"],
      [3, "NOT_JSON"],
    ]);
    const { body: health } = await test.ask<{ agents: { reporter: string; rejected: number }[]; ingest: { rejected: object } }>(
      "GET",
      "/api/health",
    );
    expect(health.ingest.rejected).toMatchObject({ REPORTER_MISMATCH: 1, MISSING: 1, NOT_JSON: 1 });
    expect(health.agents.find(({ reporter }) => reporter === "debian")?.rejected).toBe(3);
  });

  it("may come any number of times and in any order: the highest revision counts", async () => {
    const row = rowNow({ network: "order" });
    const open = { ...row, state: "open", end: null, end_reason: null, verdict: null };
    await test.deliver(debian, [{ ...row, revision: 2, src_bytes: 300 }]);
    await test.deliver(debian, [{ ...open, revision: 1, src_bytes: 200 }]);
    await test.deliver(debian, [{ ...open, revision: 0, src_bytes: 100 }]);
    await test.deliver(debian, [{ ...row, revision: 2, src_bytes: 300 }]);
    expect((await test.flows("network=order&reports=all")).flows).toMatchObject([
      { revision: 2, src_bytes: 300, state: "closed" },
    ]);
    // A question that an older revision would answer with yes.
    expect((await test.flows("network=order&state=open&reports=all")).flows).toEqual([]);
  });

  it("can't claim to be sample traffic", async () => {
    const { body } = await test.deliver(debian, [rowNow({ network: "sample" })]);
    expect(body).toMatchObject({ accepted: 0, rejected: [{ code: "RESERVED_NETWORK" }] });
  });
});

describe("credentials of agents", () => {
  it("are needed, and must be an agent's", async () => {
    expect(await upload(arrow([{}]), {}, null)).toMatchObject({ status: 401, body: { error: { code: "UNAUTHENTICATED" } } });
    expect(await upload(arrow([{}]), {}, "ft_agent_guess")).toMatchObject({ status: 401 });
    expect(await upload(arrow([{}]), {}, test.adminToken)).toMatchObject({ status: 403, body: { error: { code: "FORBIDDEN" } } });
  });

  it("end with their token", async () => {
    const { body } = await test.ask<{ id: string; token: string }>("POST", "/api/tokens", {
      body: { kind: "agent", node: "gone" },
    });
    const row = rowNow({ reporter: "gone" });
    expect((await test.deliver(body.token, [row])).status).toBe(200);
    expect((await test.ask("DELETE", `/api/tokens/${body.id}`)).status).toBe(204);
    expect((await test.deliver(body.token, [row])).status).toBe(401);
  });
});

it("says which batches of an agent never came, and what it said of itself", async () => {
  const token = await test.agentToken("gappy");
  for (const sequence of [1, 2, 5, 6]) {
    const headers = {
      "flowtrail-batch": `ep-${sequence}`,
      "flowtrail-spool": "2;2048",
      "flowtrail-clock": String(Date.now() + 5000),
    };
    await upload(arrow([{ reporter: "gappy", network: "gappy" }]), headers, token);
  }
  interface Agent {
    reporter: string;
    clock_skew_ms: number;
    lag_ms: number;
  }
  const { body } = await test.ask<{ agents: Agent[] }>("GET", "/api/health");
  const agent = body.agents.find(({ reporter }) => reporter === "gappy");
  expect(agent).toMatchObject({
    version: "9.9",
    spool: { batches: 2, bytes: 2048 },
    drops: { self: 12 },
    gauges: { open_flows: 1 },
    addresses: { arrow: ["100.64.0.1"] },
    silent: false,
    covered_to: new Date(metadata.covered_to).toISOString(),
    lost_batches: [{ epoch: "ep", from: 3, to: 4 }],
  });
  expect(agent?.clock_skew_ms).toBeGreaterThan(3000);
  expect(agent?.lag_ms).toBeGreaterThan(500);
});

it("takes a heartbeat without rows", async () => {
  const token = await test.agentToken("quiet");
  expect((await upload(arrow([]), { "flowtrail-batch": "q-1" }, token)).body).toEqual({
    accepted: 0,
    duplicate: 0,
    rejected: [],
  });
  const { body } = await test.ask<{ agents: { reporter: string; rows: number }[] }>("GET", "/api/health");
  expect(body.agents.find(({ reporter }) => reporter === "quiet")).toMatchObject({ rows: 0, drops: { self: 3 } });
});

it("rejects what is older than the retention, and tells when it is for the future", async () => {
  const ago = (days: number) => rowNow({}, days * 86_400_000);
  const { body } = await test.deliver(debian, [ago(31), ago(-2), ago(29)]);
  expect(body.accepted).toBe(1);
  expect(body.rejected.map(({ code }) => code)).toEqual(["TOO_OLD", "IN_FUTURE"]);
});
