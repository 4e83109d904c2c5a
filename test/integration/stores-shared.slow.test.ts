/** Two servers on one store: what one was told, the other one knows; what is to be done once is done once. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ErrorBody, rowNow, startTestServer, type TestServer } from "../../packages/server/src/testing.ts";
import { needs } from "../needs.ts";
import { INVENTORY } from "./harness/store-rows.ts";
import { type RealStore, startStore } from "./harness/stores.ts";

const SOON = { timeout: 30_000, interval: 250 };

describe.skipIf(!needs("two servers on one store")).each(["http", "cluster"] as const)("two servers on one store: %s", (kind) => {
  let dir: string;
  let store: RealStore;
  let a: TestServer;
  let b: TestServer;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "flowtrail-shared-"));
    const inventory = join(dir, "inventory.yaml");
    await writeFile(inventory, INVENTORY);
    store = await startStore(kind);
    const flags = { ...store.flags, "agents.update_interval_s": "300" };
    [a, b] = (await Promise.all([
      startTestServer({ flags: { ...flags, "inventory.file": inventory } }),
      startTestServer({ flags }),
    ])) as [TestServer, TestServer];
  }, 120_000);
  afterAll(async () => {
    await a?.stop();
    await b?.stop();
    await store?.stop();
    await rm(dir, { recursive: true, force: true });
  }, 60_000);

  const ids = async (server: TestServer) =>
    (await server.flows("from=-1h&limit=1000")).flows.map(({ flow_id }) => flow_id).sort();

  it("take any agent's rows, and both show them", async () => {
    const token = await a.agentToken("alpha");
    for (const [i, server] of [a, b, a, b].entries()) {
      const { status } = await server.deliver(token, [rowNow({ flow_id: String(i + 1), reporter: "alpha" })]);
      expect(status).toBe(200);
    }
    expect(await ids(a)).toEqual(["1", "2", "3", "4"]);
    expect(await ids(b)).toEqual(["1", "2", "3", "4"]);
  });

  it("make one flow of what an agent told to both", async () => {
    const token = await b.agentToken("beta");
    const open = rowNow({ flow_id: "50", reporter: "beta", state: "open", end: null, end_reason: null, verdict: null });
    expect((await a.deliver(token, [open])).body.rejected).toEqual([]);
    expect((await b.deliver(token, [{ ...open, revision: 1, src_bytes: 600 }])).body.rejected).toEqual([]);
    expect((await a.deliver(token, [open])).status).toBe(200);
    for (const server of [a, b]) {
      const { flows } = await server.flows("from=-1h&flow_id=50&q=reporter%3Dbeta");
      expect(flows).toMatchObject([{ flow_id: "50", src_bytes: 600, revision: 1 }]);
    }
  });

  it("take a token back on both", async () => {
    const made = await a.ask<{ id: string; token: string }>("POST", "/api/tokens", { body: { kind: "api" } });
    const { token } = made.body;
    expect((await b.ask("GET", "/api/flows", { token })).status).toBe(200);
    expect((await b.ask("DELETE", `/api/tokens/${made.body.id}`)).status).toBeLessThan(300);
    await expect.poll(async () => (await a.ask<ErrorBody>("GET", "/api/flows", { token })).status, SOON).toBe(401);
  });

  it("know one inventory", async () => {
    const who = async (server: TestServer) => {
      const { body } = await server.ask("GET", "/api/inventory/at?ip=100.64.0.20&network=netmaker");
      return JSON.stringify(body);
    };
    await expect.poll(() => who(b), SOON).toContain("ada@example.com");
    expect(await who(a)).toContain("ada@example.com");
  });

  it("count a connection once whose ends told different servers", async () => {
    const flow = { src_ip: "100.64.0.1", dst_ip: "100.64.0.2", src_port: 40_404 };
    const alpha = rowNow({ ...flow, flow_id: "70", reporter: "alpha" }, 30_000);
    const beta = rowNow({ ...flow, flow_id: "71", reporter: "beta", direction: "ingress", role: "responder" }, 30_000);
    // The better view comes last, and to the server that has not met the other one.
    expect((await b.deliver(await a.agentToken("beta"), [beta])).status).toBe(200);
    expect((await a.deliver(await b.agentToken("alpha"), [alpha])).status).toBe(200);
    for (const server of [a, b]) {
      const told = async (filter: string) =>
        (await server.flows(`from=-1h&reports=all&q=${encodeURIComponent(`src.port=40404 ${filter}`)}`)).flows.map(
          (row) => row.reporter,
        );
      await expect.poll(() => told("primary=true"), { ...SOON, timeout: 90_000 }).toEqual(["alpha"]);
      await expect.poll(() => told("primary=false"), { ...SOON, timeout: 90_000 }).toEqual(["beta"]);
    }
  }, 120_000);

  it("keep what was set", async () => {
    await a.ask("PUT", "/api/settings/retention", { body: { deltas_days: 11 } });
    const days = async () => JSON.stringify((await b.ask("GET", "/api/settings/retention")).body);
    await expect.poll(days, { ...SOON, timeout: 90_000 }).toContain('"deltas_days":11');
  }, 120_000);

  it("do a job once, whoever was asked for it", async () => {
    const { body } = await a.ask<{ id: string }>("POST", "/api/inventory/replay", { body: { from: "-1h", dry_run: false } });
    interface Replay {
      readonly id: string;
      readonly state: string;
      readonly rows_read: number;
    }
    const seen = async (server: TestServer) =>
      (await server.ask<{ replays: Replay[] }>("GET", "/api/inventory/replay")).body.replays.find(({ id }) => id === body.id);
    await expect.poll(async () => (await seen(b))?.state, { ...SOON, timeout: 60_000 }).toBe("done");
    expect(await seen(a)).toEqual(await seen(b));
    expect((await seen(a))?.rows_read).toBe(7);
  }, 90_000);
});
