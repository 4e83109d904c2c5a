/** `flowtrail store move` into a ClickHouse and into a cluster: killed in the middle, asked for again, and the server goes on there. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../../packages/server/src/testing.ts";
import { uploadsOf } from "../integration/harness/store-rows.ts";
import { type RealStore, startStore } from "../integration/harness/stores.ts";
import { needs } from "../needs.ts";

const HOUR_MS = 3_600_000;
const END_MS = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
const DAY = `from=${new Date(END_MS - 24 * HOUR_MS).toISOString()}&to=${new Date(END_MS).toISOString()}`;
const PROGRAM = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));

interface Told {
  readonly tables: readonly {
    readonly table: string;
    readonly rows: string;
    readonly already: number;
    readonly partitions: number;
  }[];
  readonly mismatches: readonly { readonly table: string }[];
}

describe.skipIf(!needs("store move"))("flowtrail store move", () => {
  let dir: string;
  let data: string;
  let before: Awaited<ReturnType<typeof answersOf>>;
  const stores: RealStore[] = [];

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "flowtrail-move-"));
    data = join(dir, "data");
    const server = await startTestServer({ data, flags: PATIENT });
    const tokens = new Map<string, string>();
    for (const { node, rows } of uploadsOf(END_MS, 2000)) {
      const token = tokens.get(node) ?? (await server.agentToken(node));
      tokens.set(node, token);
      expect((await server.deliver(token, rows)).status).toBe(200);
    }
    before = await answersOf(server);
    await server.stop({ keep: true });
  }, 120_000);
  afterAll(async () => {
    for (const store of stores) await store.stop();
    await rm(dir, { recursive: true, force: true });
  }, 60_000);

  async function target(kind: "http" | "cluster"): Promise<{ store: RealStore; args: string[] }> {
    const store = await startStore(kind);
    stores.push(store);
    const passwordFile = join(dir, `password-${kind}`);
    await writeFile(passwordFile, `${store.flags["store.password"]}\n`);
    const { "store.url": url = "", "store.user": user = "", "store.cluster": cluster } = store.flags;
    const of = cluster === undefined ? [] : ["--to-cluster", cluster];
    return { store, args: ["--to", url, ...of, "--user", user, "--password-file", passwordFile] };
  }

  const start = (args: readonly string[]) =>
    spawn(process.execPath, [PROGRAM, "store", "move", "--data", data, ...args], { stdio: ["ignore", "pipe", "pipe"] });

  async function run(args: readonly string[]): Promise<{ code: number | null; told: Told }> {
    const { code, out, err } = await ended(start([...args, "--json"]));
    expect(out, err).not.toBe("");
    return { code, told: JSON.parse(out) as Told };
  }

  it.each(["http", "cluster"] as const)(
    "takes everything to a %s store, though it is killed once",
    { timeout: 120_000 },
    async (kind) => {
      const { store, args } = await target(kind);

      // Killed when it has begun to copy.
      const first = start(args);
      await new Promise<void>((resolve) => {
        first.stderr?.on("data", (part: Buffer) => {
          if (part.toString().includes(" rows: ")) resolve();
        });
        first.once("close", () => resolve());
      });
      first.kill("SIGKILL");
      await ended(first);

      const { code, told } = await run(args);
      expect(told.mismatches).toEqual([]);
      expect(code).toBe(0);
      const rows = Object.fromEntries(told.tables.map((table) => [table.table, Number(table.rows)]));
      expect(rows.flows).toBeGreaterThan(1500);
      expect(rows.flow_deltas).toBeGreaterThan(1500);
      expect(rows.flows_open).toBeGreaterThan(30);
      expect(rows.tokens).toBeGreaterThan(3);

      // A third one has nothing to do.
      const again = await run([...args, "--verify-only"]);
      expect(again.code).toBe(0);
      expect(again.told.tables.every((table) => table.already >= table.partitions)).toBe(true);

      const server = await startTestServer({ data, flags: { ...store.flags, ...PATIENT } });
      try {
        expect(await answersOf(server)).toEqual(before);
      } finally {
        await server.stop({ keep: true });
      }
    },
  );

  it("says what is not the same", { timeout: 60_000 }, async () => {
    const { store, args } = await target("http");
    await run(args);
    await ask(
      store,
      `ALTER TABLE flowtrail.flows DELETE WHERE flow_id = (SELECT min(flow_id) FROM flowtrail.flows) SETTINGS mutations_sync = 2, allow_nondeterministic_mutations = 1`,
    );
    const found = await run([...args, "--verify-only"]);
    expect(found.code).toBe(1);
    expect(found.told.mismatches.map(({ table }) => table)).toEqual(["flows"]);
    const mended = await run(args);
    expect(mended.code).toBe(0);
  });

  it("does not touch a store that a server has open", { timeout: 60_000 }, async () => {
    const server = await startTestServer({ data, flags: PATIENT });
    try {
      const { code, err } = await ended(start(["--to", "http://127.0.0.1:9"]));
      expect(err).toMatch(/a server runs on/);
      expect(code).toBe(2);
    } finally {
      await server.stop({ keep: true });
    }
  });
});

/** What is open stays so, however long the test takes. */
const PATIENT = { "agents.update_interval_s": "300" };

async function answersOf(server: TestServer) {
  const flows = [];
  let next: string | null = "";
  while (next !== null) {
    const page: Awaited<ReturnType<TestServer["flows"]>> = await server.flows(
      `limit=1000&${next === "" ? DAY : `cursor=${next}`}`,
    );
    flows.push(...page.flows);
    next = page.next;
  }
  const histogram = await server.ask<{ series: number[][] }>("GET", `/api/flows/histogram?${DAY}&group=protocol&buckets=24`);
  const tokens = await server.ask<{ tokens: { id: string }[] }>("GET", "/api/tokens");
  return { flows, series: histogram.body.series, tokens: tokens.body.tokens.map(({ id }) => id).sort() };
}

async function ended(child: ChildProcess): Promise<{ code: number | null; out: string; err: string }> {
  let out = "";
  let err = "";
  child.stdout?.on("data", (part: Buffer) => {
    out += part.toString();
  });
  child.stderr?.on("data", (part: Buffer) => {
    err += part.toString();
  });
  if (child.exitCode !== null || child.signalCode !== null) return { code: child.exitCode, out, err };
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, err };
}

async function ask(store: RealStore, sql: string): Promise<void> {
  const { "store.user": user, "store.password": password } = store.flags;
  const answer = await fetch(store.nodes[0]?.url ?? "", {
    method: "POST",
    body: sql,
    headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` },
  });
  if (!answer.ok) throw new Error(await answer.text());
}
