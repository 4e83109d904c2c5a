/** The same uploads to a server on each kind of store, the same questions: the answers are the same. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HEADER_BATCH } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FullHealth } from "../../packages/server/src/health/health.ts";
import { startTestServer, type TestServer } from "../../packages/server/src/testing.ts";
import { needs } from "../needs.ts";
import { until } from "./harness/bed.ts";
import { INVENTORY, uploadsOf } from "./harness/store-rows.ts";
import { type RealStore, STORE_KINDS, type StoreKind, startStore } from "./harness/stores.ts";

const HOUR_MS = 3_600_000;
/** What is open stays so, however long the questions take. */
const PATIENT = { "agents.update_interval_s": "300" };
/** On a whole hour: buckets are whole, too. */
const END_MS = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
const DAY = `from=${new Date(END_MS - 24 * HOUR_MS).toISOString()}&to=${new Date(END_MS).toISOString()}`;
const MORNING = `from=${new Date(END_MS - 4 * HOUR_MS).toISOString()}&to=${new Date(END_MS - 2 * HOUR_MS).toISOString()}`;
const q = (filter: string) => `q=${encodeURIComponent(filter)}`;

const COLUMNS = "reporter,flow_id,start,end,src_name,dst_ip,src_bytes,state,primary";
const QUESTIONS: readonly string[] = [
  `/api/flows?${DAY}&limit=1000`,
  `/api/flows?${MORNING}&reports=all&limit=1000`,
  `/api/flows?${DAY}&${q("domain~example and bytes>10k")}&limit=200`,
  `/api/flows?${DAY}&${q("state=open")}`,
  `/api/flows?${DAY}&reports=all&${q("primary=false or proto=icmp")}&limit=200`,
  `/api/flows?${DAY}&${q("src.name=alpha ip in 203.0.113.0/28")}`,
  `/api/flows?${DAY}&sort=bytes&limit=50`,
  `/api/flows?${DAY}&sort=duration&order=asc&limit=50`,
  `/api/flows/count?${DAY}`,
  `/api/flows/count?${MORNING}&${q("name~ada")}`,
  `/api/flows/histogram?${DAY}&group=protocol&buckets=24`,
  `/api/flows/histogram?${DAY}&group=src.name&metric=connections&buckets=48`,
  `/api/flows/histogram?${MORNING}&group=domain&metric=packets&buckets=40&${q("direction=egress")}`,
  `/api/flows/histogram?${MORNING}&metric=reports&buckets=10`,
  `/api/flows/top?${DAY}&by=src.name,dst.name&limit=5`,
  `/api/flows/top?${DAY}&by=domain&metric=connections&limit=3`,
  `/api/flows/pairs?${DAY}&limit=10`,
  `/api/flows/facets?${DAY}`,
  `/api/flows/facets?${MORNING}&fields=proto,src.name&${q("bytes>1k")}`,
  `/api/filter/complete?${DAY}&${q("src.name=")}`,
  "/api/inventory",
  "/api/networks",
  `/api/inventory/at?ip=100.64.0.20&network=netmaker&time=${new Date(END_MS).toISOString()}`,
  `/api/flows/export?format=ndjson&${DAY}&columns=${COLUMNS}`,
  `/api/flows/export?format=csv&${DAY}&${q("proto=tcp")}&columns=${COLUMNS},cursor`,
];

async function isRolledUp(server: TestServer): Promise<boolean> {
  const { rollups } = (await server.ask<FullHealth>("GET", "/api/health")).body.store;
  return rollups.through !== null && rollups.behind_ms === 0 && rollups.pending === 0;
}

interface Place {
  readonly store: RealStore;
  readonly server: TestServer;
}

describe.skipIf(!needs("the same answers on every kind of store"))("a server on each kind of store", () => {
  let dir: string;
  let places: ReadonlyMap<StoreKind, Place>;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "flowtrail-stores-"));
    const inventory = join(dir, "inventory.yaml");
    await writeFile(inventory, INVENTORY);
    const opened = await Promise.all(
      STORE_KINDS.map(async (kind): Promise<[StoreKind, Place]> => {
        const store = await startStore(kind);
        const server = await startTestServer({ flags: { ...store.flags, "inventory.file": inventory, ...PATIENT } });
        return [kind, { store, server }];
      }),
    );
    places = new Map(opened);
    await Promise.all([...places.values()].map(({ server }) => deliver(server)));
    // What is folded, ports and domains, is so by the table that answers: all of them are as far.
    await Promise.all([...places.values()].map(({ server }) => until("all is rolled up", 300_000, () => isRolledUp(server))));
  }, 360_000);

  afterAll(async () => {
    for (const { store, server } of places?.values() ?? []) {
      await server.stop();
      await store.stop();
    }
    await rm(dir, { recursive: true, force: true });
  }, 60_000);

  const on = (kind: StoreKind): TestServer => (places.get(kind) as Place).server;
  const ask = async (kind: StoreKind, path: string) => {
    const { status, body } = await on(kind).ask("GET", path);
    return { status, body: comparable(body) };
  };

  it("has the rows on both shards of the cluster", async () => {
    const { store } = places.get("cluster") as Place;
    for (const { url } of store.nodes) expect(await rowsAt(url, store)).toBeGreaterThan(100);
  });

  it.each(QUESTIONS)("%s", async (path) => {
    const embedded = await ask("embedded", path);
    expect(embedded.status, JSON.stringify(embedded.body)).toBe(200);
    expect(JSON.stringify(embedded.body).length).toBeGreaterThan(40);
    for (const kind of ["http", "cluster"] as const) expect(await ask(kind, path), kind).toEqual(embedded);
  });

  it("says the same out of rollups as out of rows", { timeout: 240_000 }, async () => {
    const question = `/api/flows/histogram?${DAY}&group=protocol&buckets=24`;
    const asked = async (kind: StoreKind) =>
      (await on(kind).ask<{ series: unknown; meta: { table: string } }>("GET", question)).body;
    const answers = new Map<StoreKind, unknown>();
    for (const kind of STORE_KINDS) {
      await expect.poll(async () => (await asked(kind)).meta.table, { timeout: 120_000, interval: 500 }).toMatch(/^rollup_/);
      answers.set(kind, (await asked(kind)).series);
    }
    expect(answers.get("http")).toEqual(answers.get("embedded"));
    expect(answers.get("cluster")).toEqual(answers.get("embedded"));
    const rows = await on("embedded").ask<{ series: unknown; meta: { table: string } }>(
      "GET",
      `${question}&${q("src.ip in 100.64.0.0/10")}`,
    );
    expect(rows.body.meta.table).not.toMatch(/rollup_/);
    expect(rows.body.series).toEqual(answers.get("embedded"));
  });

  it("pages both ways through the same rows", async () => {
    const walk = async (kind: StoreKind) => {
      const ids: string[] = [];
      let next: string | null = "";
      while (next !== null) {
        const page: Awaited<ReturnType<TestServer["flows"]>> = await on(kind).flows(
          `limit=120&${next === "" ? DAY : `cursor=${next}`}`,
        );
        ids.push(...page.flows.map((flow) => `${flow.reporter} ${flow.flow_id}`));
        next = page.next;
      }
      return ids;
    };
    const embedded = await walk("embedded");
    expect(new Set(embedded).size).toBe(embedded.length);
    expect(embedded.length).toBeGreaterThan(300);
    for (const kind of ["http", "cluster"] as const) expect(await walk(kind), kind).toEqual(embedded);
  });

  it("tells one flow and its life alike", async () => {
    const { flows } = await on("embedded").flows(`${DAY}&${q("duration>2h")}&limit=1`);
    expect(flows).toHaveLength(1);
    for (const { reporter, flow_id } of flows) {
      for (const path of [`/api/flows/${reporter}/${flow_id}`, `/api/flows/${reporter}/${flow_id}/timeline`]) {
        const embedded = await ask("embedded", path);
        expect(embedded.status, path).toBe(200);
        for (const kind of ["http", "cluster"] as const) expect(await ask(kind, path), kind).toEqual(embedded);
      }
    }
  });

  it("knows tokens, agents and what was refused alike", async () => {
    const known = async (kind: StoreKind) => {
      const tokens = await on(kind).ask<{ tokens: { kind: string; node: string | null; revoked: string | null }[] }>(
        "GET",
        "/api/tokens",
      );
      const health = await on(kind).ask<{ agents: { reporter: string; rejected?: number }[]; ingest: object }>(
        "GET",
        "/api/health",
      );
      return {
        tokens: tokens.body.tokens.map(({ kind: of, node }) => `${of} ${node}`).sort(),
        agents: health.body.agents.map(({ reporter }) => reporter).sort(),
        // How long a write took, what was written together and the rate of the last minute are each server's own.
        ingest: { ...health.body.ingest, write_ms: null, write_rows: null, rows_per_second: null },
      };
    };
    const embedded = await known("embedded");
    expect(embedded.agents).toEqual(["alpha", "beta", "gamma"]);
    for (const kind of ["http", "cluster"] as const) expect(await known(kind), kind).toEqual(embedded);
  });
});

/** All uploads, the second of each node twice. */
async function deliver(server: TestServer): Promise<void> {
  const tokens = new Map<string, string>();
  for (const { node, sequence, rows } of uploadsOf(END_MS)) {
    const token = tokens.get(node) ?? (await server.agentToken(node));
    tokens.set(node, token);
    for (let times = sequence === 2 ? 2 : 1; times > 0; times--) {
      const send = () => server.deliver(token, rows, { [HEADER_BATCH]: `${node}-${sequence}` });
      let answer = await send();
      // On a busy machine an election may take longer than a request waits: as an agent does, it is sent again.
      for (let again = 0; answer.status === 503 && again < 30; again++) {
        await sleep(1000);
        answer = await send();
      }
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    }
  }
}

async function rowsAt(url: string, store: RealStore): Promise<number> {
  const { "store.user": user, "store.password": password } = store.flags;
  const answer = await fetch(`${url}/?query=${encodeURIComponent("SELECT count() FROM flowtrail.flows_local")}`, {
    headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` },
  });
  return Number(await answer.text());
}

/** Without what depends on the moment or on how long it took. */
const OF_THE_MOMENT = new Set(["received", "elapsed_ms", "rows_read", "table", "since", "changed"]);

function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, part]) => (OF_THE_MOMENT.has(name) ? [] : [[name, comparable(part)]])),
  );
}
