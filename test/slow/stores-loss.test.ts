/** Two servers on a cluster of two shards, under load: a server is killed, a shard is lost and comes back. What was acknowledged is there. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HEADER_BATCH, NDJSON_CONTENT_TYPE } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rowNow } from "../../packages/server/src/testing.ts";
import { ServerProcess } from "../integration/harness/server-process.ts";
import { type RealStore, startStore } from "../integration/harness/stores.ts";
import { needs } from "../needs.ts";

const SENDERS = ["alpha", "beta", "gamma"];
const ROWS = 40;
const RETRY_MS = 100;

interface FlowsAnswer {
  readonly flows: readonly { readonly flow_id: string; readonly reporter: string }[];
  readonly next: string | null;
}
interface ErrorAnswer {
  readonly error: { readonly code: string; readonly message: string };
}

describe.skipIf(!needs("loss of a server and of a shard"))("a cluster and its servers, under load", () => {
  let dir: string;
  let store: RealStore;
  let servers: ServerProcess[];
  const tokens = new Map<string, string>();
  /** `reporter id` of each row of which an agent was told that it is stored. */
  const acknowledged = new Set<string>();
  const sent = new Set<string>();
  const refusals = new Map<string, number>();
  const stopping = new AbortController();

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "flowtrail-loss-"));
    store = await startStore("cluster");
    const flags = { ...store.flags, "agents.update_interval_s": "300", "ingest.commit_interval_ms": "100" };
    servers = await Promise.all(["a", "b"].map((name) => ServerProcess.start(join(dir, name), flags)));
    for (const node of SENDERS) {
      // Each token is made by one server and used with the other one, too.
      const { body } = await at(node.length).ask("POST", "/api/tokens", {
        body: JSON.stringify({ kind: "agent", node }),
        headers: { "content-type": "application/json" },
      });
      tokens.set(node, (body as { token: string }).token);
    }
  }, 120_000);
  afterAll(async () => {
    for (const server of servers ?? []) await server.stop();
    await store?.stop();
    await rm(dir, { recursive: true, force: true });
  }, 60_000);

  const at = (i: number) => servers[i % servers.length] as ServerProcess;

  it("loses nothing that was acknowledged", { timeout: 240_000 }, async () => {
    const senders = SENDERS.map((node, i) => send(node, i));
    try {
      await untilAcknowledged(400);
      await at(0).kill();
      await untilAcknowledged(400);
      await at(0).start();

      const [, shard] = store.nodes;
      await shard?.kill();
      // Whoever asks is told; nobody is told half of it.
      const before = acknowledged.size;
      await expect.poll(async () => refusals.get("503 STORE_UNAVAILABLE") ?? 0, { timeout: 30_000 }).toBeGreaterThan(0);
      const { status, body } = await at(1).ask("GET", "/api/flows?from=-1h");
      expect({ status, code: (body as ErrorAnswer).error.code }).toEqual({ status: 503, code: "STORE_UNAVAILABLE" });
      expect((await fetch(`${at(1).url}/api/health`)).status).toBe(503);
      await sleep(1000);
      // Only what was on its way when the shard was lost.
      expect(acknowledged.size - before).toBeLessThanOrEqual(SENDERS.length * ROWS);
      await shard?.start();
      await untilAcknowledged(400);
    } finally {
      stopping.abort();
      await Promise.all(senders);
    }

    for (const server of servers) {
      const stored = await allFlows(server);
      const there = new Set(stored);
      expect([...acknowledged].filter((flow) => !there.has(flow))).toEqual([]);
      expect(stored.length, "each once").toBe(there.size);
      expect(stored.filter((flow) => !sent.has(flow))).toEqual([]);
    }
  });

  /** Sends batch after batch as an agent does: the same one again and again, to whatever server, until it is acknowledged. */
  async function send(node: string, index: number): Promise<void> {
    for (let sequence = 1; !stopping.signal.aborted; sequence++) {
      const rows = Array.from({ length: ROWS }, (_, i) =>
        rowNow({ flow_id: String((index + 1) * 1_000_000 + sequence * 100 + i), reporter: node, src_port: 1024 + i }),
      );
      const ids = rows.map(({ flow_id }) => `${node} ${flow_id}`);
      for (const id of ids) sent.add(id);
      const body = rows.map((row) => JSON.stringify(row)).join("\n");
      for (let attempt = 0; ; attempt++) {
        const outcome = await deliver(at(sequence + attempt), node, `${node}-${sequence}`, body);
        if (outcome === "200") break;
        refusals.set(outcome, (refusals.get(outcome) ?? 0) + 1);
        if (stopping.signal.aborted) return;
        await sleep(RETRY_MS);
      }
      for (const id of ids) acknowledged.add(id);
    }
  }

  async function deliver(server: ServerProcess, node: string, batch: string, body: string): Promise<string> {
    const headers = { "content-type": NDJSON_CONTENT_TYPE, [HEADER_BATCH]: batch };
    try {
      const answer = await server.ask("POST", "/ingest/v1/flows", { token: tokens.get(node) ?? "", body, headers });
      if (answer.status !== 200) return `${answer.status} ${(answer.body as ErrorAnswer).error.code}`;
      expect((answer.body as { rejected: unknown[] }).rejected).toEqual([]);
      return "200";
    } catch (error) {
      if (error instanceof TypeError || (error as Error).name === "TimeoutError") return "gone";
      throw error;
    }
  }

  async function untilAcknowledged(more: number): Promise<void> {
    const goal = acknowledged.size + more;
    await expect
      .poll(() => acknowledged.size, { timeout: 60_000, message: JSON.stringify([...refusals]) })
      .toBeGreaterThanOrEqual(goal);
  }

  async function allFlows(server: ServerProcess): Promise<string[]> {
    const found: string[] = [];
    for (let next: string | null = ""; next !== null; ) {
      const query: string = next === "" ? "from=-1h&to=now" : `cursor=${next}`;
      const { status, body } = await server.ask("GET", `/api/flows?limit=1000&${query}`);
      expect(status, JSON.stringify(body)).toBe(200);
      const page = body as FlowsAnswer;
      found.push(...page.flows.map(({ reporter, flow_id }) => `${reporter} ${flow_id}`));
      next = page.next;
    }
    return found;
  }
});
