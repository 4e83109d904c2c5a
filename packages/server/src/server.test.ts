import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { NDJSON_CONTENT_TYPE } from "@flowtrail/model";
import { afterEach, describe, expect, it } from "vitest";
import { parseConfig } from "./config/load.ts";
import { readableLine } from "./logger.ts";
import { createTokenOffline } from "./main.ts";
import { storeConfig } from "./store/config.ts";
import { Store } from "./store/store.ts";
import { memoryLogger } from "./store/testing.ts";
import { makeTestServer, rowNow, startTestServer, type TestServer, type TestServerOptions } from "./testing.ts";

const running: TestServer[] = [];
const directories: string[] = [];
afterEach(async () => {
  for (const test of running.splice(0)) await test.stop();
  for (const dir of directories.splice(0)) rmSync(dir, { recursive: true, force: true });
});

async function start(options: TestServerOptions = {}): Promise<TestServer> {
  const test = await startTestServer(options);
  running.push(test);
  return test;
}

function directory(): string {
  const dir = mkdtempSync(join(tmpdir(), "flowtrail-server-"));
  directories.push(dir);
  return dir;
}

async function startError(options: TestServerOptions): Promise<{ code: string; message: string }> {
  const test = await makeTestServer(options);
  try {
    await test.server.start();
  } catch (error) {
    return error as { code: string; message: string };
  } finally {
    await test.stop({ keep: true });
  }
  throw new Error("it started");
}

async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await delay(50);
}

describe("the server does not start, and says why,", () => {
  it("when its port is taken", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number };
    const error = await startError({ data: directory(), flags: { listen: `127.0.0.1:${port}` } });
    expect([error.code, error.message]).toEqual([
      "LISTEN",
      expect.stringContaining(`127.0.0.1:${port} (EADDRINUSE): another program`),
    ]);
    other.close();
  });

  it("when the address is not this machine's", async () => {
    expect(await startError({ data: directory(), flags: { listen: "192.0.2.1:0" } })).toMatchObject({
      code: "LISTEN",
      message: expect.stringContaining("no such address"),
    });
  });

  it("when its data directory can't be written", async () => {
    const file = join(directory(), "file");
    writeFileSync(file, "");
    const error = await startError({ data: join(file, "data") });
    expect([error.code, error.message]).toEqual(["DATA_DIR", expect.stringMatching(/can't be written \(ENOTDIR\).*--data/)]);
  });

  it("when another server has its data directory", async () => {
    const { data } = await start();
    const error = await startError({ data });
    expect([error.code, error.message]).toEqual(["ENGINE_LOCKED", expect.stringContaining(`process id ${process.pid}`)]);
    // The one that runs is left alone.
    expect((await running[0]?.ask("GET", "/api/health"))?.status).toBe(200);
    expect(JSON.parse(readFileSync(join(data, "server.json"), "utf8"))).toMatchObject({ url: running[0]?.url });
  });

  it.each(["0.0.0.0:0", "[::]:0", "192.0.2.1:8080", ":8080"])("when nobody is asked for credentials on %s", async (listen) => {
    const error = await startError({ data: directory(), flags: { listen, insecure_no_auth: true } });
    expect([error.code, error.message]).toEqual(["INSECURE_ADDRESS", expect.stringContaining("listen on 127.0.0.1")]);
  });
});

describe("the server", () => {
  it("leaves where it listens and a token for the command line, for its owner alone", async () => {
    const test = await start();
    const path = (name: string) => join(test.data, name);
    expect(JSON.parse(readFileSync(path("server.json"), "utf8"))).toEqual({ pid: process.pid, url: test.url, page: test.url });
    expect(statSync(path("admin.token")).mode & 0o777).toBe(0o600);
    expect(statSync(path("server.json")).mode & 0o777).toBe(0o600);
    await running.pop()?.stop({ keep: true });
    expect(() => statSync(path("server.json"))).toThrow("ENOENT");
    const kept = readFileSync(path("admin.token"), "utf8");
    await start({ data: test.data });
    expect(readFileSync(path("admin.token"), "utf8")).toBe(kept);
  });

  it("keeps everything over a restart: rows once, tokens, who spoke, whose addresses", async () => {
    const first = await start();
    const token = await first.agentToken("debian");
    const headers = { "flowtrail-batch": "e-1" };
    const rows = [rowNow(), rowNow({ flow_id: "2", state: "open", end: null, end_reason: null })];
    expect((await first.deliver(token, rows, headers)).body.accepted).toBe(2);
    await running.pop()?.stop({ keep: true });
    const second = await start({ data: first.data });
    // Its answer got lost: the agent sends the batch again.
    expect((await second.deliver(token, rows, headers)).status).toBe(200);
    const { flows } = await second.flows("reports=all");
    expect(flows.map(({ flow_id, state }) => [flow_id, state]).sort()).toEqual([
      ["1000", "closed"],
      ["2", "open"],
    ]);
    const { body } = await second.ask<{ store: { rows: number }; agents: { lost_batches: unknown[] }[] }>("GET", "/api/health");
    expect(body.agents).toMatchObject([{ reporter: "debian", lost_batches: [] }]);
  });

  it("answers what came in before it stops", async () => {
    const test = await start({ flags: { "ingest.commit_interval_ms": "2000" } });
    const token = await test.agentToken("debian");
    // Settled from the beginning: what had not been read when it stopped is refused, before anybody looks.
    const answers = Promise.allSettled(
      Array.from({ length: 5 }, (_, i) => test.deliver(token, [rowNow({ flow_id: String(i) })])),
    );
    await delay(20);
    await running.pop()?.stop({ keep: true });
    const accepted = (await answers).filter((answer) => answer.status === "fulfilled" && answer.value.status === 200);
    const again = await start({ data: test.data });
    expect((await again.flows("reports=all")).flows.length).toBeGreaterThanOrEqual(accepted.length);
  });

  it("says 503 with a time to come back while the store is away, and is well again when it is back", async () => {
    const test = await start();
    const token = await test.agentToken("debian");
    const engine = () => Number(/"pid":(\d+),"ms"/.exec(test.log.findLast((line) => line.includes("engine is up")) ?? "")?.[1]);
    process.kill(engine(), "SIGKILL");
    await until(async () => (await test.ask("GET", "/api/health", { token: null })).status === 503);
    await until(async () => (await test.ask("GET", "/api/health", { token: null })).status === 200);
    expect((await test.deliver(token, [rowNow()])).status).toBe(200);
    const { body } = await test.ask("GET", "/api/health");
    expect(body).toMatchObject({ store: { engine: { restarts: 1 } } });
    expect((await test.ask<string>("GET", "/metrics")).body).toContain("flowtrail_store_engine_restarts_total 1");
  });

  it("follows its inventory file: participants, agents' config and health", async () => {
    const file = join(directory(), "inventory.yaml");
    writeFileSync(file, "networks: [{ id: netmaker, ranges: [100.102.137.0/24] }]");
    const test = await start({ flags: { "inventory.file": file, "agents.dns": "false" } });
    const token = await test.agentToken("debian");
    const config = (etag = "") =>
      test.ask<{ networks: { members: string[] }[] }>("GET", "/agent/v1/config", { token, headers: { "if-none-match": etag } });
    const before = await config();
    expect(before.body).toMatchObject({ enabled: true, capture: { dns: false }, networks: [{ id: "netmaker", members: [] }] });
    expect((await config(before.headers.get("etag") ?? "")).status).toBe(304);
    await test.deliver(token, [rowNow()]);
    expect((await test.flows("")).flows).toMatchObject([{ src_type: "unknown", dst_type: "unknown" }]);

    writeFileSync(
      file,
      `networks:
        - id: netmaker
          ranges: [100.102.137.0/24]
          nodes: [{ id: n-debian, name: debian, addresses: [100.102.137.9] }]
          users: [{ id: ana@example.com, devices: [{ name: laptop, addresses: [100.102.137.4] }] }]`,
    );
    await until(async () => (await config(before.headers.get("etag") ?? "")).status === 200);
    expect((await config()).body.networks[0]?.members).toEqual(["100.102.137.4"]);
    // Flows from now on; what began before keeps what was known then.
    await test.deliver(token, [rowNow({ flow_id: "2" }, 0), rowNow({ flow_id: "4" })]);
    expect((await test.flows("flow_id=4")).flows).toMatchObject([{ src_type: "unknown", dst_type: "unknown" }]);
    expect((await test.flows("flow_id=2")).flows).toMatchObject([
      // The reporter's id is that of its token; what an address is called is the inventory's.
      { reporter_id: "debian", reporter: "debian", src_type: "node", src_id: "n-debian", src_name: "debian", rank: 1 },
    ]);
    expect((await test.flows("flow_id=2")).flows).toMatchObject([
      { dst_type: "user", dst_id: "ana@example.com", dst_device: "laptop" },
    ]);
    writeFileSync(file, "networks: [{");
    await until(async () => JSON.stringify((await test.ask("GET", "/api/health")).body).includes("no YAML"));
    await test.deliver(token, [rowNow({ flow_id: "3" }, 0)]);
    expect((await test.flows("flow_id=3")).flows).toMatchObject([{ src_type: "node" }]);
  });

  it("counts a connection once, whoever reports it first", async () => {
    const file = join(directory(), "inventory.yaml");
    const nodes = "[{ id: debian, addresses: [100.102.137.9] }, { id: inetgw, addresses: [100.102.137.4] }]";
    writeFileSync(file, `networks: [{ id: netmaker, ranges: [100.102.137.0/24], nodes: ${nodes} }]`);
    const test = await start({ flags: { "inventory.file": file } });
    const inetgw = await test.agentToken("inetgw");
    const responder = rowNow({ reporter: "inetgw", direction: "ingress", role: "responder" });
    await test.deliver(inetgw, [{ ...responder, flow_id: "1" }]);
    // Nobody else can report it yet. From here on debian is expected to, though it has not spoken so far.
    const debian = await test.agentToken("debian");
    await test.deliver(inetgw, [{ ...responder, flow_id: "2", src_port: 5 }]);
    await test.deliver(debian, [rowNow({ flow_id: "3", src_port: 5 })]);
    const { flows } = await test.flows("reports=all");
    expect(flows.map(({ flow_id, rank, primary }) => [flow_id, rank, primary]).sort()).toEqual([
      ["1", 3, true],
      ["2", 3, false],
      ["3", 1, true],
    ]);
    expect((await test.flows("src_port=5")).flows.map(({ flow_id }) => flow_id)).toEqual(["3"]);
  });

  it("takes what `flowtrail up` says of the agent beside it", async () => {
    const test = await start();
    const said = { state: "no_privileges", message: "start it with sudo" };
    expect((await test.ask("PUT", "/api/local-agent", { body: said })).status).toBe(204);
    expect((await test.ask("GET", "/api/health")).body).toMatchObject({ local_agent: said });
    expect((await test.ask("PUT", "/api/local-agent", { body: { state: "odd", message: null } })).status).toBe(400);
  });

  it("serves the page, and its routes within", async () => {
    const dir = directory();
    writeFileSync(join(dir, "index.html"), "<!doctype html><title>Flowtrail</title>");
    writeFileSync(join(dir, "icon.svg"), "<svg/>");
    const test = await start({ flags: { "web.dir": dir } });
    const page = (path: string) => test.ask<string>("GET", path, { token: null });
    for (const path of ["/", "/traffic/logs?v=1"]) {
      const answer = await page(path);
      expect([answer.status, answer.body.includes("Flowtrail"), answer.headers.get("cache-control")]).toEqual([
        200,
        true,
        "no-cache",
      ]);
    }
    expect((await page("/icon.svg")).headers.get("content-type")).toContain("image/svg");
    expect((await page("/missing.js")).status).toBe(404);
    expect((await page("/../../etc/passwd")).body).not.toContain("root:");
    expect((await page("/%2e%2e/%2e%2e/etc/passwd.txt")).status).toBe(404);
  });
});

it("a token can be made while no server runs, and not while one does", async () => {
  const data = directory();
  const config = parseConfig({ flags: { data, "store.min_free_disk": "10MB" } });
  const { token } = await createTokenOffline(data, { kind: "agent", node: "debian" }, config);
  const test = await start({ data });
  expect((await test.deliver(token, [rowNow()])).body.accepted).toBe(1);
  await expect(createTokenOffline(data, { kind: "api" }, config)).rejects.toMatchObject({ code: "ENGINE_LOCKED" });
});

it("keeps what it refused, with the reason, for whoever looks for it", async () => {
  const test = await start();
  const token = await test.agentToken("debian");
  await test.deliver(token, [rowNow({ reporter: "inetgw", domain: "lost.example.com" })], { "flowtrail-batch": "e-7" });
  // While something is excluded nothing is kept of what was sent: not in the message, nor in the place of a batch's number. Who sent it is told.
  await test.ask("PUT", "/api/settings/capture", { body: { exclude_domains: ["clinic.example"] } });
  const { body } = await test.ask<{ rejected: { message: string }[] }>("POST", "/ingest/v1/flows", {
    token,
    body: `{"domain":secret.example"}\n${JSON.stringify(rowNow({ src_ip: "secret.example" }))}`,
    headers: { "content-type": NDJSON_CONTENT_TYPE },
  });
  expect(body.rejected.map(({ message }) => message.includes("secret"))).toEqual([true, true]);
  await running.pop()?.stop({ keep: true });
  const store = new Store(storeConfig(parseConfig({ flags: { data: test.data, "store.min_free_disk": "10MB" } })), {
    logger: memoryLogger(),
  });
  await store.start();
  const letters = await store.clickhouse.rows(
    "SELECT reporter_id, batch, row_number, code, message, json FROM flows_rejected ORDER BY code DESC",
  );
  await store.stop();
  directories.push(test.data);
  const plain = { reporter_id: "debian", batch: expect.stringMatching(/^.{44}$/), json: "" };
  expect(letters).toEqual([
    {
      reporter_id: "debian",
      batch: "e-7",
      row_number: 0,
      code: "REPORTER_MISMATCH",
      message: expect.stringContaining("inetgw"),
      json: expect.stringContaining("lost.example.com"),
    },
    { ...plain, row_number: 0, code: "NOT_JSON", message: "the line is no JSON object" },
    { ...plain, row_number: 1, code: "BAD_VALUE", message: "a value does not fit its column" },
  ]);
});

it("sends agents away while more waits than it can write, with a time to come back", async () => {
  const test = await start({ flags: { "ingest.max_waiting_rows": "1000" } });
  const token = await test.agentToken("debian");
  const rows = (batch: number) => Array.from({ length: 400 }, (_, i) => rowNow({ flow_id: String(batch * 1000 + i) }));
  const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => test.deliver(token, rows(i))));
  const away = answers.filter(({ status }) => status === 429);
  expect(away.length).toBeGreaterThan(0);
  for (const { headers } of away) expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
  const stored = answers.filter(({ status }) => status === 200).length * 400;
  expect(stored).toBeGreaterThan(0);
  const { body } = await test.ask<{ store: { rows: number } }>("GET", "/api/health");
  expect(body.store.rows).toBe(stored);
});

it("logs a line that a person can read", () => {
  const line = '{"level":40,"time":"2026-11-22T10:04:23.756Z","url":"http://x","msg":"the server is up"}';
  expect(readableLine(line)).toBe('10:04:23.756 warn  the server is up {"url":"http://x"}');
});
