/** A Netmaker server with a log: its REST API over its published table, in a real ClickHouse. */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { fleet } from "../../../server/src/identify/sources/netmaker/testing/data.ts";
import { NetmakerDouble } from "../../../server/src/identify/sources/netmaker/testing/double.ts";
import { fillNetmakerTable, NETMAKER_FLOWS, netmakerFlows } from "../../../server/src/import/testing.ts";
import { startTestEngine, type TestEngine } from "../../../server/src/store/testing.ts";
import { openDoor } from "../../../server/src/store/testing-door.ts";
import { startTestServer, type TestServer } from "../../../server/src/testing.ts";
import { makeProgram } from "../program.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
const BASE_MS = Math.floor(Date.now() / 1000) * 1000 - 8 * 3_600_000;
const FROM = new Date(BASE_MS - 60_000).toISOString();
const TO = new Date(BASE_MS + 5 * 3_600_000).toISOString();
/** Rows that nobody can store. */
const BAD = 3;
const ROWS = 2 * NETMAKER_FLOWS + BAD;

let engine: TestEngine;
let door: Awaited<ReturnType<typeof openDoor>>;
let netmaker: NetmakerDouble;
let test: TestServer;
let dir: string;
let user: string;
/** How Netmaker answers: up to 1.5.1 both rows of a flow, later what has ended only. */
let style: "both" | "ended" = "ended";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "flowtrail-import-"));
  engine = await startTestEngine();
  await fillNetmakerTable(engine.clickhouse, BASE_MS);
  const endpoint = await engine.engine.endpoint(10_000);
  if (endpoint === null) throw new Error("no engine");
  door = await openDoor(endpoint);
  user = endpoint.username;
  await writeFile(join(dir, "password"), endpoint.password, { mode: 0o600 });
  netmaker = await new NetmakerDouble(fleet()).start();
  netmaker.instead.set("/api/v1/flows", (request, response) => {
    const query = new URL(request.url ?? "", "http://double").searchParams;
    void netmakerFlows(engine.clickhouse, query, style).then((Response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ Code: 200, Message: "flows retrieved successfully", Response }));
    });
  });
  test = await startTestServer();
  await writeFile(join(dir, "token"), "good-token\n", { mode: 0o600 });
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterAll(async () => {
  vi.restoreAllMocks();
  await netmaker.stop();
  door.close();
  await engine.stop();
  await test.stop();
  await rm(dir, { recursive: true });
});
beforeEach(() => {
  netmaker.asked.length = 0;
});

interface Done {
  readonly read: number;
  readonly stored: number;
  readonly unfinished: number;
  readonly already: number;
  readonly joined: number;
  readonly refused: Readonly<Record<string, number>>;
}

async function bring(...args: string[]): Promise<Done> {
  let text = "";
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  const files = ["--state", join(dir, "state.json"), "--bad-rows", join(dir, "bad.ndjson")];
  const all = [
    "import",
    "netmaker",
    "--from",
    FROM,
    "--to",
    TO,
    "--data",
    test.data,
    "--pause",
    "0",
    "--json",
    ...files,
    ...args,
  ];
  try {
    await makeProgram().parseAsync(["node", "flowtrail", ...all]);
    return JSON.parse(text);
  } finally {
    spy.mockRestore();
  }
}
const rest = () => ["--url", netmaker.url, "--token-file", join(dir, "token")];
const table = () => {
  const own = ["--user", user, "--password-file", join(dir, "password")];
  return ["--clickhouse", door.url, "--database", "flowtrail", ...own];
};

async function count(): Promise<number> {
  const query = `from=${FROM}&to=${TO}&reports=all`;
  return (await test.ask<{ count: number }>("GET", `/api/flows/count?${query}`)).body.count;
}

describe("a Netmaker server's log", () => {
  it("would be stored, says a dry run, which stores nothing", async () => {
    const to = new Date(BASE_MS + 600_000).toISOString();
    const done = await bring(...rest(), "--dry-run", "--to", to);
    expect(done.stored).toBeGreaterThan(NETMAKER_FLOWS / 20);
    expect([await count(), existsSync(join(dir, "state.json"))]).toEqual([0, false]);
    await rm(join(dir, "bad.ndjson"), { force: true });
  });

  it("comes as a whole, though the token runs out on the way", async () => {
    const { good, asked } = { good: netmaker.instead.get("/api/v1/flows"), asked: netmaker.asked };
    netmaker.instead.set("/api/v1/flows", (request, response) => {
      if (asked.length === 6) netmaker.tokens.clear();
      good?.(request, response);
    });
    await expect(bring(...rest())).rejects.toThrow(/401.*the token is not valid.*--token-file/);
    if (good) netmaker.instead.set("/api/v1/flows", good);
    netmaker.tokens.add("good-token");
    const part = await count();
    expect(part).toBeGreaterThan(0);
    expect(part).toBeLessThan(NETMAKER_FLOWS);
    await expect(bring(...rest(), "--network", "other")).rejects.toThrow(/of another import/);
    asked.length = 0;
    const done = await bring(...rest());
    // Counts of both runs. Rows on the edge of two questions are read twice.
    expect(done).toMatchObject({ stored: NETMAKER_FLOWS, unfinished: 0, joined: 0, refused: { OUT_OF_RANGE: BAD } });
    expect(done.read).toBe(NETMAKER_FLOWS + BAD + done.already);
    expect(asked[0]).not.toContain(encodeURIComponent(FROM.slice(0, 16)));
    expect(await count()).toBe(NETMAKER_FLOWS);
    expect(existsSync(join(dir, "state.json"))).toBe(false);
    const bad = (await readFile(join(dir, "bad.ndjson"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(bad).toHaveLength(BAD);
    expect(bad[0]).toMatchObject({ code: "OUT_OF_RANGE", message: "protocol is above 255", row: { protocol: 300 } });
  });

  it("is told by our own GET /api/v1/flows as Netmaker tells it", async () => {
    const query = new URLSearchParams({ from: FROM, to: TO, per_page: "1000" });
    const theirs = await netmakerFlows(engine.clickhouse, query, "ended");
    const { body } = await test.ask<{ Response: Record<string, unknown>[] }>("GET", `/api/v1/flows?${query}`);
    // What is another thing here: the id, and when the row was made.
    const told = (rows: readonly Record<string, unknown>[]) =>
      rows
        .filter(({ protocol }) => protocol !== 300)
        .map(({ flow_id: _, version: __, ...row }) => ({ ...row, start_ts: new Date(String(row.start_ts)).toISOString() }))
        .map((row) => JSON.stringify(Object.entries(row).sort()))
        .sort();
    expect(body.Response).toHaveLength(1000);
    const [ours, all] = [told(body.Response), new Set(told(theirs))];
    expect(ours.filter((row) => !all.has(row)).length).toBeLessThan(20);
  });

  it("again, in the other style, and out of the table, doubles nothing", async () => {
    style = "both";
    const both = await bring(...rest(), "--to", new Date(BASE_MS + 3_600_000).toISOString());
    expect(both).toMatchObject({ stored: 0, unfinished: 0, refused: { OUT_OF_RANGE: BAD } });
    expect(both.already + both.joined + BAD).toBe(both.read);
    expect(both.read).toBeGreaterThan(NETMAKER_FLOWS / 2);
    const out = await bring(...table());
    expect(out).toMatchObject({ read: ROWS, stored: 0, refused: { OUT_OF_RANGE: BAD } });
    expect(await count()).toBe(NETMAKER_FLOWS);
    const [{ sent } = { sent: "" }] = await engine.clickhouse.rows<{ sent: string }>(
      "SELECT toString(sum(bytes_sent + bytes_recv)) AS sent FROM flows WHERE end_ts > toDateTime64(0, 3) AND protocol < 256",
    );
    const total = async (metric: string) => {
      const query = `from=${FROM}&to=${TO}&by=protocol&metric=${metric}`;
      return (await test.ask<{ total: number }>("GET", `/api/flows/top?${query}`)).body.total;
    };
    expect([await total("reports"), await total("connections")]).toEqual([NETMAKER_FLOWS, NETMAKER_FLOWS]);
    expect(String(await total("bytes"))).toBe(sent);
  });
});

it.each([
  [["--url", "http://x", "--clickhouse", "http://y"], /give --url.*or --clickhouse/],
  [[], /give --url/],
  [["--url", "http://127.0.0.1:1", "--token", "t", "--from", "never"], /--from/],
])("%j is refused", async (args, message) => {
  await expect(bring(...args)).rejects.toThrow(message);
});
