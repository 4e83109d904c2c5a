/**
 * Every route × role × what names a foreign network: what is stored of a network changes nothing in any answer to those who may not see
 * it. All that they are told is asked for before the other network exists, and again when it has flows, open ones, deltas, agents, gaps
 * and an inventory: it must be the same to the letter, for questions that name it, too. Administrators must see the difference.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ARROW_CONTENT_TYPE, encodeBatch, FlowBatch, type FlowJson, NDJSON_CONTENT_TYPE, SENDER_COLUMNS } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../testing.ts";
import { flowJson } from "../testing-rows.ts";
import { each, FULL, HOUR_MS, NOW, T0, WALK } from "./testing-scope.ts";

const MINUTE_MS = 60_000;

const ALPHA = `networks:
  - id: alpha
    name: Alpha
    ranges: [10.55.0.0/16]
    nodes:
      - { id: n-agw, name: alpha-gw, addresses: [10.55.0.1], gateway: true }
      - { id: n-aweb, name: alpha-web, addresses: [10.55.0.2] }
    users:
      - { id: u-ana, name: ana, devices: [{ name: laptop-of-ana, addresses: [10.55.0.21], gateway: alpha-gw }] }
      - { id: u-alf, name: alf, devices: [{ name: phone-of-alf, addresses: [10.55.0.22], gateway: alpha-gw }] }
`;
const BRAVO = `  - id: bravo
    name: Bravo
    ranges: [10.66.0.0/16]
    nodes:
      - { id: n-bgw, name: bravo-gw, addresses: [10.66.0.1], gateway: true }
      - { id: n-both, name: bravo-both, host: n-agw, addresses: [10.66.0.9] }
    users: [{ id: u-bea, name: bea, devices: [{ name: bravo-phone, addresses: [10.66.0.21], gateway: bravo-gw }] }]
    config_files: [{ id: bravo-printer, addresses: [10.66.0.31] }]
    egress: [{ id: bravo-lan, ranges: [10.77.0.0/16], via: [bravo-gw] }]
`;
/** Whatever tells of the other network in a body or a header, other than an echo of the question. */
const OF_BRAVO = /bravo|\bbea\b|n-bgw|n-both|u-bea|10\.66\.|10\.77\./i;
/** In the own network, but of no flow of ana's. */
const NOT_ANAS = /\balf\b|u-alf|phone-of-alf|10\.55\.0\.22|10\.55\.0\.2\b/;

let directory: string;
let file: string;
let test: TestServer;
const tokens = new Map<string, string>();
const LIMITED = FULL ? ["alpha", "ana", "alpha-ana", "nothing"] : ["alpha", "ana"];
const BROAD = FULL ? ["admin", "auditor"] : ["admin"];
let before: Snapshot;
let after: Snapshot;
let live: Stream[];

beforeAll(
  async () => {
    directory = mkdtempSync(join(tmpdir(), "flowtrail-scope-"));
    file = join(directory, "inventory.yaml");
    writeFileSync(file, ALPHA);
    test = await startTestServer({ now: () => NOW, flags: { "inventory.file": file, "auth.max_failures": "1000000" } });
    for (const [name, grant] of Object.entries({
      admin: { role: "admin" },
      auditor: { role: "auditor" },
      alpha: { role: "viewer", networks: ["alpha"] },
      ana: { role: "viewer", own: "ana" },
      "alpha-ana": { role: "viewer", networks: ["alpha"], own: "ana" },
      // None that there is.
      nothing: { role: "viewer", networks: ["nowhere"] },
    })) {
      const { body } = await test.ask<{ token: string }>("POST", "/api/tokens", { body: { kind: "api", name, ...grant } });
      tokens.set(name, body.token);
    }
    tokens.set("alpha-gw", await test.agentToken("alpha-gw"));
    await deliver("alpha-gw", [
      flow("alpha", { src_ip: "10.55.0.21", dst_ip: "203.0.113.5", domain: "ana.example", ...VIEWED }),
      flow("alpha", { src_ip: "10.55.0.21", dst_ip: "203.0.113.6", domain: "both.example", ...VIEWED }, 2 * HOUR_MS),
      flow("alpha", { src_ip: "10.55.0.22", dst_ip: "203.0.113.5", domain: "alf.example", ...VIEWED }, HOUR_MS),
      flow("alpha", { src_ip: "10.55.0.22", dst_ip: "10.55.0.2", dst_port: 8443, ...VIEWED }, HOUR_MS),
      open("alpha", { src_ip: "10.55.0.21", dst_ip: "10.55.0.1", role: "responder" }),
      open("alpha", { src_ip: "10.55.0.22", dst_ip: "10.55.0.1", role: "responder" }),
    ]);
    await declare("alpha-gw", 1, { alpha: ["10.55.0.1"] });
    before = await snapshot();
    live = await Promise.all([...LIMITED, ...BROAD].map((name) => Stream.open(name)));

    writeFileSync(file, ALPHA + BRAVO);
    await until(async () => (await test.ask<{ total: number }>("GET", "/api/inventory?network=bravo")).body.total >= 6);
    tokens.set("bravo-gw", await test.agentToken("bravo-gw"));
    await deliver("bravo-gw", [
      flow("bravo", { reporter: "bravo-gw", src_ip: "10.66.0.21", dst_ip: "203.0.113.5", domain: "both.example", ...VIEWED }),
      flow("bravo", { reporter: "bravo-gw", src_ip: "10.66.0.21", dst_ip: "10.77.0.5", dst_port: 5432, ...VIEWED }, HOUR_MS),
      flow(
        "bravo",
        { reporter: "bravo-gw", src_ip: "10.66.0.31", dst_ip: "203.0.113.9", domain: "bravo.example", ...VIEWED },
        2 * HOUR_MS,
      ),
      open("bravo", { reporter: "bravo-gw", src_ip: "10.66.0.21", dst_ip: "10.66.0.1", role: "responder", rule: "bravo-rule" }),
    ]);
    await declare("bravo-gw", 2, { bravo: ["10.66.0.1"] });
    // The same machine is a node of both networks.
    await deliver("alpha-gw", [flow("bravo", { src_ip: "10.66.0.9", dst_ip: "10.66.0.1", dst_port: 9999 })]);
    await declare("alpha-gw", 3, { alpha: ["10.55.0.1"], bravo: ["10.66.0.9"] });
    after = await snapshot();
  },
  FULL ? 1_800_000 : 400_000,
);
afterAll(async () => {
  for (const stream of live ?? []) stream.close();
  await test?.stop();
  rmSync(directory, { recursive: true, force: true });
});

let nextId = 1;
const VIEWED = { role: "forwarder", direction: "ingress", verdict: "answered", end_reason: "finished" };
const flow = (network: string, change: Record<string, unknown>, laterMs = 0) =>
  flowJson({ reporter: "alpha-gw", network, flow_id: String(nextId++), src_bytes: 1000, dst_bytes: 77, ...change }, T0 + laterMs);
const open = (network: string, change: Record<string, unknown>) => ({
  ...flowJson({ reporter: "alpha-gw", network, flow_id: String(nextId++), ...change }, NOW - MINUTE_MS),
  ...{ state: "open", end: null, end_reason: null, verdict: "answered" },
});

async function deliver(node: string, rows: Record<string, unknown>[]): Promise<void> {
  const { body } = await test.deliver(tokens.get(node) ?? null, rows);
  expect(body).toMatchObject({ accepted: rows.length, rejected: [] });
}

/** An agent says which addresses it has, and that it did not cover an hour. */
async function declare(node: string, sequence: number, addresses: Record<string, string[]>): Promise<void> {
  const metadata = { agent_version: `1-${node}`, drops: {}, gauges: {}, addresses };
  for (const [i, [fromMs, toMs]] of [
    [T0 - 2 * HOUR_MS, T0],
    [T0 + HOUR_MS, NOW],
  ].entries()) {
    const covered = { covered_from: fromMs as number, covered_to: toMs as number };
    const body = gzipSync(encodeBatch(new FlowBatch(), { columns: SENDER_COLUMNS, metadata: { ...metadata, ...covered } }));
    const batch = { "flowtrail-batch": `${node}-${sequence * 10 + i}` };
    const headers = { "content-type": ARROW_CONTENT_TYPE, "content-encoding": "gzip", ...batch };
    const { status } = await test.ask("POST", "/ingest/v1/flows", { token: tokens.get(node) ?? null, body, headers });
    expect(status).toBe(200);
  }
}

async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** Those that tell people of themselves alone. */
const OF_ONESELF = [
  "get /api/auth/sessions",
  "delete /api/auth/sessions/{id}",
  "post /api/auth/password",
  "post /api/auth/signout/everywhere",
];
/** Open to all. */
const PUBLIC = ["/api/health", "/api/auth/me", "/api/openapi.json"];

interface Told {
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}
/** By who asked and what. */
type Snapshot = ReadonlyMap<string, Told>;

const QUESTIONS = [...Object.values(WALK).flat(), ...PUBLIC];

async function snapshot(): Promise<Snapshot> {
  const told = new Map<string, Told>();
  for (const name of [...LIMITED, ...BROAD]) {
    for (let at = 0; at < QUESTIONS.length; at += 6)
      await Promise.all(QUESTIONS.slice(at, at + 6).map(async (path) => told.set(`${name} ${path}`, await tell(name, path))));
  }
  return told;
}

async function tell(name: string, path: string, accept?: string): Promise<Told> {
  const authorization = `Bearer ${tokens.get(name)}`;
  const response = await fetch(`${test.url}${path}`, { headers: { authorization, ...(accept === undefined ? {} : { accept }) } });
  const text = Buffer.from(await response.arrayBuffer()).toString("latin1");
  // Its length is the body's.
  const headers = [...response.headers].filter(([header]) => !["date", "content-length"].includes(header));
  return { status: response.status, headers: JSON.stringify(headers), body: withoutCost(text) };
}

/** How long it took, and from what it was made, which becomes different as rollups are computed. */
const withoutCost = (body: string) =>
  body.replaceAll(/"meta":\{[^}]*\}/g, (meta) => /"rows_read":(null|\d+)/.exec(meta)?.[0]?.replace(/\d+/, "told") ?? meta);

const of = (snapshot: Snapshot, name: string, path: string) => snapshot.get(`${name} ${path}`);

describe("what a network has", () => {
  it("changes nothing that those are told who may not see it", () => {
    for (const name of LIMITED)
      for (const path of QUESTIONS)
        expect({ name, path, ...of(after, name, path) }).toEqual({ name, path, ...of(before, name, path) });
  });

  it("is seen by administrators and auditors on every route that they read it on", () => {
    for (const name of BROAD) {
      for (const [route, paths] of Object.entries(WALK)) {
        if (paths.length === 0 || route === "get /api/filter/check" || route === "get /api/flows/plan") continue;
        const differs = paths.filter((path) => of(after, name, path)?.body !== of(before, name, path)?.body);
        expect(differs.length, `${name} ${route}`).toBeGreaterThan(0);
        // Numbers and times alone.
        if (/count$|seen$|timeline$/.test(route)) continue;
        expect(
          paths.some((path) => OF_BRAVO.test(of(after, name, path)?.body ?? "")),
          `${name} ${route}`,
        ).toBe(true);
      }
    }
  });

  it("stands in no answer", () => {
    for (const name of LIMITED)
      for (const path of QUESTIONS) {
        const { headers = "", body = "" } = of(after, name, path) ?? {};
        // Whoever names it is told what was not found, in the same words.
        const echo = decodeURIComponent(path).match(new RegExp(OF_BRAVO.source, "gi")) ?? [];
        if (echo.length > 0 || path === "/api/openapi.json") continue;
        expect({ path, name, told: OF_BRAVO.exec(headers + body)?.[0] }).toEqual({ path, name, told: undefined });
      }
  });

  it("of one user's own traffic, nothing of others in the same network", () => {
    for (const name of LIMITED.filter((one) => one.endsWith("ana")))
      for (const path of QUESTIONS) {
        const asked = NOT_ANAS.test(decodeURIComponent(path));
        const { body = "" } = of(after, name, path) ?? {};
        if (!asked) expect({ path, name, told: NOT_ANAS.exec(body)?.[0] }).toEqual({ path, name, told: undefined });
      }
    const names = (name: string) => of(after, name, `/api/inventory?limit=100`)?.body ?? "";
    expect(names("ana")).toContain("u-ana");
    expect(names("alpha")).toContain("u-alf");
  });

  it("leaves what may be seen: rows, counts, agents, gaps", () => {
    const json = <T>(name: string, path: string) =>
      JSON.parse(of(after, name, path)?.body.replace(/,"rows_read":\w+/, "") ?? "") as T;
    const count = (name: string) => json<{ count: number }>(name, each("/api/flows/count", "reports=all")[0] as string).count;
    expect(["alpha", "ana", "admin"].map(count)).toEqual([6, 3, 11]);
    const [path = ""] = each("/api/overview", "");
    const overview = (name: string) =>
      json<{ tiles: { agents: { known: number }; open: number }; chart: { gaps: { reporter: string }[] } }>(name, path);
    expect(overview("alpha")).toMatchObject({
      tiles: { agents: { known: 1 }, open: 2 },
      chart: { gaps: [{ reporter: "alpha-gw" }] },
    });
    expect(overview("admin").tiles.agents.known).toBe(2);
    expect(
      overview("admin")
        .chart.gaps.map(({ reporter }) => reporter)
        .sort(),
    ).toEqual(["alpha-gw", "bravo-gw"]);
    expect(overview("ana")).toMatchObject({ tiles: { agents: { known: 0 }, open: 1 }, chart: { gaps: [] } });
  });

  it("does not come by other forms of an answer: lines, pages, HEAD", async () => {
    for (const name of LIMITED) {
      const [path = ""] = each("/api/flows", "reports=all");
      const lines = await tell(name, path, NDJSON_CONTENT_TYPE);
      expect(lines.body).not.toMatch(OF_BRAVO);
      const head = await test.ask("HEAD", each("/api/flows/count", "", ["network=bravo"])[0] as string, {
        token: tokens.get(name) ?? "",
      });
      expect([head.status, head.body]).toEqual([200, ""]);
      // A place that an administrator was given is a place, and no right to see what stands there.
      const { body } = await test.ask<{ next: string }>("GET", each("/api/flows", "limit=2&reports=all")[0] as string);
      const { body: page } = await tell(name, `/api/flows?cursor=${body.next}&reports=all`);
      expect(page).not.toMatch(OF_BRAVO);
    }
  });

  it("is not followed live, and how much there was can't be counted", async () => {
    const streams = new Map([...LIMITED, ...BROAD].map((name, i) => [name, live[i] as Stream] as const));
    await deliver("alpha-gw", [flow("alpha", { src_ip: "10.55.0.21", dst_ip: "203.0.113.5", domain: "last.example" })]);
    for (const name of [...LIMITED.filter((name) => name !== "nothing"), ...BROAD])
      await streams.get(name)?.until((rows) => rows.some(({ domain }) => domain === "last.example"));
    expect(streams.get("admin")?.rows.map(({ network }) => network)).toEqual([
      "bravo",
      "bravo",
      "bravo",
      "bravo",
      "bravo",
      "alpha",
    ]);
    for (const name of LIMITED.filter((one) => one !== "nothing"))
      expect(streams.get(name)?.rows.map(({ network }) => network)).toEqual(["alpha"]);
    expect(streams.get("nothing")?.rows ?? []).toEqual([]);
    // Nothing in an id counts up.
    expect(streams.get("alpha")?.ids.join()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f-]{17}$/);
  });
});

describe("every route", () => {
  interface OpenApi {
    readonly paths: Record<string, Record<string, { "x-access": string }>>;
  }
  const routes = async () => {
    const { body } = await test.ask<OpenApi>("GET", "/api/openapi.json");
    return Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { "x-access": access }]) => ({ route: `${method} ${path}`, method, path, access })),
    );
  };

  it("that people read is walked here", async () => {
    const read = (await routes()).filter(({ access }) => access === "read").map(({ route }) => route);
    expect(read.sort()).toEqual([...Object.keys(WALK), ...OF_ONESELF].sort());
  });

  it("that is for administrators or auditors refuses viewers, and what changes something refuses auditors", async () => {
    for (const { method, path, access } of await routes()) {
      if (!["audit", "admin", "agent"].includes(access)) continue;
      const url = path.replaceAll(/\{\w+\}/g, "1");
      const asked = (name: string) =>
        test.ask(method.toUpperCase(), url, { token: tokens.get(name) ?? "", ...(method === "get" ? {} : { body: {} }) });
      for (const name of access === "audit" ? LIMITED : [...LIMITED, "auditor"])
        expect([name, method, path, (await asked(name)).status]).toEqual([name, method, path, 403]);
      if (access === "audit") expect([path, (await asked("auditor")).status]).not.toEqual([path, 403]);
    }
  });

  it("tells viewers of the server's health whether it is well, and nothing more; explain=sql is not for them", async () => {
    for (const name of LIMITED) {
      expect(of(after, name, "/api/health")?.body).toBe('{"status":"ok"}');
      const { status } = await test.ask("GET", "/api/flows?explain=sql", { token: tokens.get(name) ?? "" });
      expect(status).toBe(403);
    }
  });
});

/** Follows live rows. */
class Stream {
  readonly rows: FlowJson[] = [];
  readonly ids: string[] = [];
  readonly #response: IncomingMessage;
  #text = "";
  #wake: () => void = () => {};

  constructor(response: IncomingMessage) {
    this.#response = response;
    response.setEncoding("utf8");
    response.on("error", () => {}); // we closed it
    response.on("data", (text: string) => {
      const lines = (this.#text + text).split("\n");
      this.#text = lines.pop() ?? "";
      for (const line of lines) {
        if (line.startsWith("data: ")) this.rows.push(JSON.parse(line.slice(6)) as FlowJson);
        if (line.startsWith("id: ")) this.ids.push(line.slice(4));
      }
      this.#wake();
    });
  }

  static async open(name: string): Promise<Stream> {
    const headers = { authorization: `Bearer ${tokens.get(name)}` };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      httpRequest(`${test.url}/api/flows/live?reports=all`, { headers }, resolve).on("error", reject).end();
    });
    expect(response.statusCode).toBe(200);
    return new Stream(response);
  }

  async until(enough: (rows: readonly FlowJson[]) => boolean): Promise<void> {
    while (!enough(this.rows)) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  close(): void {
    this.#response.destroy();
  }
}
