/** A person's records on a cluster of two shards with two servers, one of which is killed in the middle of the deletion. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HEADER_BATCH, NDJSON_CONTENT_TYPE } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rowNow } from "../../packages/server/src/testing.ts";
import { ServerProcess } from "../integration/harness/server-process.ts";
import { type RealStore, startStore } from "../integration/harness/stores.ts";
import { needs } from "../needs.ts";

const INVENTORY = {
  networks: [
    {
      id: "office",
      ranges: ["10.1.0.0/24"],
      users: [
        { id: "alice", devices: [{ name: "laptop", addresses: ["10.1.0.21"] }] },
        { id: "bob", devices: [{ name: "phone", addresses: ["10.1.0.22"] }] },
      ],
    },
  ],
};
const [ALICE, BOB] = ["10.1.0.21", "10.1.0.22"];
const FLOWS_EACH = 60;

describe.skipIf(!needs("deletion of a person's records on a cluster"))("a person's records on a cluster", () => {
  let dir: string;
  let store: RealStore;
  let a: ServerProcess;
  let b: ServerProcess;
  let token: string;
  let sequence = 0;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "flowtrail-erase-"));
    const inventory = join(dir, "inventory.yaml");
    await writeFile(inventory, JSON.stringify(INVENTORY));
    store = await startStore("cluster");
    const flags = { ...store.flags, "ingest.commit_interval_ms": "100", "inventory.file": inventory };
    a = await ServerProcess.start(join(dir, "a"), flags);
    b = await ServerProcess.start(join(dir, "b"), flags);
    const { body } = await post(a, "/api/tokens", { kind: "agent", node: "gw" });
    token = (body as { token: string }).token;
  }, 120_000);
  afterAll(async () => {
    await a?.stop();
    await b?.stop();
    await store?.stop();
    await rm(dir, { recursive: true, force: true });
  }, 60_000);

  const post = (server: ServerProcess, path: string, body: object) =>
    server.ask("POST", path, { body: JSON.stringify(body), headers: { "content-type": "application/json" } });

  async function upload(server: ServerProcess, source: string, ids: readonly number[], agoMs: number): Promise<void> {
    const rows = ids.map((id) =>
      rowNow({ reporter: "gw", network: "office", flow_id: String(id), src_ip: source, dst_ip: "10.1.0.9" }, agoMs),
    );
    const headers = { "content-type": NDJSON_CONTENT_TYPE, [HEADER_BATCH]: `e-${++sequence}` };
    const body = rows.map((row) => JSON.stringify(row)).join("\n");
    const { status, body: answer } = await server.ask("POST", "/ingest/v1/flows", { token, headers, body });
    expect(status, JSON.stringify(answer)).toBe(200);
  }

  const ids = (from: number) => Array.from({ length: FLOWS_EACH }, (_, n) => from + n);

  async function count(server: ServerProcess, source: string): Promise<number> {
    const { body } = await server.ask("GET", `/api/flows/count?from=-1d&q=${encodeURIComponent(`src.ip=${source}`)}`);
    return (body as { count: number }).count;
  }

  /** Rows of flows that a shard itself has of her. */
  async function countOn(url: string): Promise<number> {
    const headers = {
      "x-clickhouse-user": store.flags["store.user"] ?? "",
      "x-clickhouse-key": store.flags["store.password"] ?? "",
    };
    const query = `SELECT count() FROM flowtrail.flows_local WHERE src_name = 'alice'`;
    const answer = await fetch(`${url}/?query=${encodeURIComponent(query)}`, { headers });
    const text = await answer.text();
    expect(answer.status, text).toBe(200);
    return Number(text);
  }

  async function stateOf(server: ServerProcess, id: string): Promise<string> {
    const { body } = await server.ask("GET", `/api/people/erasures/${id}`);
    return (body as { state: string }).state;
  }

  it("are gone from every shard, by the server that was killed in the middle and started again; late ones stay away on both", async () => {
    for (const server of [a, b]) {
      const first = server === a ? 1 : 1000;
      await upload(server, ALICE ?? "", ids(first), 60_000);
      await upload(server, BOB ?? "", ids(first + 500), 60_000);
    }
    await expect.poll(() => count(b, ALICE ?? ""), { timeout: 30_000 }).toBe(2 * FLOWS_EACH);
    for (const { url } of store.nodes) expect(await countOn(url)).toBeGreaterThan(0);

    const { status, body } = await post(a, "/api/people/erase", { user: "alice", dry_run: false });
    expect(status).toBe(202);
    const { id } = body as { id: string };
    await a.kill();
    // The other one knows of it, and takes no more of what is of before.
    await expect.poll(() => stateOf(b, id), { timeout: 20_000 }).toBe("running");
    await upload(b, ALICE ?? "", ids(2000), 50_000);
    await a.start();
    await expect.poll(() => stateOf(a, id), { timeout: 90_000 }).toBe("done");
    await expect.poll(() => stateOf(b, id), { timeout: 20_000 }).toBe("done");
    const { body: job } = await a.ask("GET", `/api/people/erasures/${id}`);
    expect(job).toMatchObject({ report: { left_rows: 0, held_rows: 0 } });

    await upload(a, ALICE ?? "", ids(3000), 40_000);
    for (const server of [a, b])
      expect([await count(server, ALICE ?? ""), await count(server, BOB ?? "")]).toEqual([0, 2 * FLOWS_EACH]);
    for (const { url } of store.nodes) expect(await countOn(url)).toBe(0);
    // What is new is a new record.
    await upload(b, ALICE ?? "", [4000], 0);
    await expect.poll(() => count(a, ALICE ?? ""), { timeout: 20_000 }).toBe(1);
  }, 240_000);
});
