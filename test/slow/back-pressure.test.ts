/** A store that stands still under many senders: they are told to wait, the server's memory stays as it is, and everything is stored in the end. */
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HEADER_BATCH, NDJSON_CONTENT_TYPE } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rowNow } from "../../packages/server/src/testing.ts";
import { ServerProcess } from "../integration/harness/server-process.ts";

const SENDERS = 12;
const ROWS = 200;
const MAX_WAITING_ROWS = 1000;
const STILL_MS = 15_000;
/** Answers, garbage, code that runs for the first time. What all senders offer in that time would be a multiple. */
const MAY_GROW_MIB = 150;

describe("a store that stands still", () => {
  let dir: string;
  let server: ServerProcess;
  const tokens: string[] = [];
  const acknowledged = new Set<string>();
  /** By status. */
  const answers = new Map<number, number>();
  const withoutTime: number[] = [];
  const stopping = new AbortController();

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "flowtrail-pressure-"));
    server = await ServerProcess.start(dir, {
      "store.min_free_disk": "10MB",
      "ingest.max_waiting_rows": String(MAX_WAITING_ROWS),
    });
    for (let i = 0; i < SENDERS; i++) {
      const body = JSON.stringify({ kind: "agent", node: `node${i}` });
      const answer = await server.ask("POST", "/api/tokens", { body, headers: { "content-type": "application/json" } });
      tokens.push((answer.body as { token: string }).token);
    }
  }, 120_000);
  afterAll(async () => {
    await server?.stop();
    await rm(dir, { recursive: true, force: true });
  }, 60_000);

  it("slows senders, not memory", { timeout: 240_000 }, async () => {
    const senders = tokens.map((token, i) => send(token, i));
    try {
      await expect.poll(() => acknowledged.size, { timeout: 60_000 }).toBeGreaterThan(SENDERS * ROWS);
      const engine = enginePid(server.pid ?? 0);
      const before = rssMib(server.pid ?? 0);
      process.kill(engine, "SIGSTOP");
      try {
        await sleep(STILL_MS);
        const grown = rssMib(server.pid ?? 0) - before;
        expect(answers.get(429) ?? 0, JSON.stringify([...answers])).toBeGreaterThan(0);
        expect(grown).toBeLessThan(MAY_GROW_MIB);
        console.log(`${STILL_MS / 1000} s: answers ${JSON.stringify([...answers])}, memory grew by ${grown.toFixed(0)} MiB`);
      } finally {
        process.kill(engine, "SIGCONT");
      }
      const goal = acknowledged.size + SENDERS * ROWS;
      await expect.poll(() => acknowledged.size, { timeout: 90_000 }).toBeGreaterThan(goal);
    } finally {
      stopping.abort();
      await Promise.all(senders);
    }
    expect(withoutTime, "refusals without Retry-After").toEqual([]);
    const answer = await fetch(`${server.url}/api/flows/export?format=csv&columns=reporter_id,flow_id&from=-1h`, {
      headers: { authorization: `Bearer ${await adminToken()}` },
    });
    const stored = (await answer.text())
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.trim().replaceAll('"', ""));
    const there = new Set(stored);
    expect(stored.length, "each once").toBe(there.size);
    expect([...acknowledged].filter((flow) => !there.has(flow))).toEqual([]);
  });

  const adminToken = async () => readFileSync(join(dir, "admin.token"), "utf8").trim();

  /** One batch after the other, each until it is acknowledged, as an agent does. */
  async function send(token: string, index: number): Promise<void> {
    const node = `node${index}`;
    for (let sequence = 1; !stopping.signal.aborted; sequence++) {
      const rows = Array.from({ length: ROWS }, (_, i) =>
        rowNow({ flow_id: String((index + 1) * 10_000_000 + sequence * 1000 + i), reporter: node, src_port: 1024 + i }),
      );
      const body = rows.map((row) => JSON.stringify(row)).join("\n");
      while (!(await deliver(token, `${node}-${sequence}`, body))) if (stopping.signal.aborted) return;
      for (const row of rows) acknowledged.add(`${node},${String(row.flow_id)}`);
      await sleep(100);
    }
  }

  async function deliver(token: string, batch: string, body: string): Promise<boolean> {
    const headers = { "content-type": NDJSON_CONTENT_TYPE, [HEADER_BATCH]: batch, authorization: `Bearer ${token}` };
    const signal = AbortSignal.timeout(5000);
    try {
      const answer = await fetch(`${server.url}/ingest/v1/flows`, { method: "POST", body, headers, signal });
      await answer.text();
      const { status } = answer;
      answers.set(status, (answers.get(status) ?? 0) + 1);
      if (status === 200) return true;
      const seconds = answer.headers.get("retry-after");
      if (seconds === null) withoutTime.push(status);
      await sleep(Number(seconds ?? 1) * 1000 * (1 + Math.random() / 10));
    } catch (error) {
      if ((error as Error).name !== "TimeoutError") throw error;
    }
    return false;
  }
});

function enginePid(serverPid: number): number {
  const children = readFileSync(`/proc/${serverPid}/task/${serverPid}/children`, "utf8").trim().split(" ");
  const pid = children.find((child) => readFileSync(`/proc/${child}/cmdline`, "utf8").includes("/engine/child.ts"));
  return Number(pid ?? Number.NaN);
}

const rssMib = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
