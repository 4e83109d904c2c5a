/** What is kept of people, end to end: rows in by each door, and what the store, the pages and the log have of them. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FlowJson, NDJSON_CONTENT_TYPE } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { writeKey } from "../privacy/key-file.ts";
import { type ErrorBody, makeTestServer, rowNow, startTestServer, type TestServer } from "../testing.ts";
import type { captureSetSchema } from "./capture-schemas.ts";
import type { agentConfigSchema } from "./schemas.ts";

const INVENTORY = {
  networks: [
    {
      id: "office",
      ranges: ["10.9.0.0/24"],
      nodes: [
        { id: "n-gw", name: "gw", addresses: ["10.9.0.1"] },
        { id: "n-hr", name: "hr", addresses: ["10.9.0.9"], tags: ["works-council"] },
      ],
      users: [
        {
          id: "ana@example.com",
          name: "Ana Alvarez",
          devices: [{ name: "laptop-of-ana", addresses: ["10.9.0.20", "fd09::20"], gateway: "gw" }],
        },
        { id: "bo@example.com", devices: [{ addresses: ["10.9.0.21"], gateway: "gw" }], groups: ["doctors"] },
        { id: "cy@example.com", devices: [{ addresses: ["10.9.0.22"], gateway: "gw" }] },
      ],
      config_files: [{ id: "anas-phone", addresses: ["10.9.0.30"], gateway: "gw" }],
    },
    { id: "lab", ranges: ["10.8.0.0/24"], nodes: [{ id: "n-lab", name: "labgw", addresses: ["10.8.0.1"] }] },
  ],
};

let dir: string;
let test: TestServer;
let token: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "flowtrail-privacy-"));
  await writeFile(join(dir, "inventory.yaml"), JSON.stringify(INVENTORY));
  test = await startTestServer({
    flags: {
      "inventory.file": join(dir, "inventory.yaml"),
      "privacy.key_file": join(dir, "key"),
      "ingest.commit_interval_ms": "20",
    },
  });
  token = await test.agentToken("gw");
});
afterAll(async () => {
  await test.stop();
  await rm(dir, { recursive: true });
});

let id = 5000;
const row = (src_ip: string, dst_ip: string, change: object = {}) =>
  rowNow({
    flow_id: String(++id),
    reporter: "gw",
    network: "office",
    role: "forwarder",
    direction: "ingress",
    src_ip,
    dst_ip,
    ...change,
  });
async function deliver(...rows: ReturnType<typeof row>[]): Promise<string[]> {
  const { body } = await test.deliver(token, rows);
  expect(body).toMatchObject({ accepted: rows.length, rejected: [] });
  const ids = rows.map(({ flow_id }) => String(flow_id));
  return (await stored()).flatMap(({ flow_id }) => (ids.includes(String(flow_id)) ? [String(flow_id)] : [])).sort();
}
const stored = async (): Promise<FlowJson[]> => (await test.flows("from=-1h&reports=all&limit=1000")).flows;
const flow = async (flowId: unknown) => (await stored()).find(({ flow_id }) => flow_id === String(flowId));
async function set(change: object, dry = false): Promise<z.infer<typeof captureSetSchema>> {
  const { status, body } = await test.ask("PUT", `/api/settings/capture?dry_run=${dry}`, { body: change });
  expect([status, body]).toEqual([200, expect.anything()]);
  return body as z.infer<typeof captureSetSchema>;
}
const told = async () => (await test.ask<z.infer<typeof agentConfigSchema>>("GET", "/agent/v1/config", { token })).body;

describe("what is excluded", () => {
  it("is told to agents as ranges, by reason, and follows the inventory", async () => {
    const { version } = await told();
    const { effect } = await set({
      exclude_users: ["ANA@example.com"],
      exclude_groups: ["Doctors"],
      exclude_nodes: ["nobody"],
      exclude_domains: ["*.Clinic.example", "bücher.example"],
    });
    expect(effect.sentences.join("\n")).toMatch(/Flows of user ANA@example.com .* would have been 0 flows/);
    expect(effect.sentences.join("\n")).toMatch(/inventory knows no node nobody now/);
    const config = await told();
    expect(config.version).not.toBe(version);
    expect(config).toMatchObject({
      excluded: [
        { reason: "excluded_user", ranges: ["10.9.0.20/32", "fd09::20/128"] },
        { reason: "excluded_group", ranges: ["10.9.0.21/32"] },
      ],
      exclude_domains: ["*.clinic.example", "xn--bcher-kva.example"],
    });
    const moved = structuredClone(INVENTORY);
    moved.networks[0]!.users![1]!.devices[0]!.addresses = ["10.9.0.50"];
    await writeFile(join(dir, "inventory.yaml"), JSON.stringify(moved));
    await expect.poll(async () => (await told()).excluded[1]?.ranges, { timeout: 20_000 }).toEqual(["10.9.0.50/32"]);
    expect((await told()).version).not.toBe(config.version);
    await writeFile(join(dir, "inventory.yaml"), JSON.stringify(INVENTORY));
    await expect.poll(async () => (await told()).excluded[1]?.ranges, { timeout: 20_000 }).toEqual(["10.9.0.21/32"]);
  });

  it("is dropped at the door, too, as agents of others know nothing of it", async () => {
    await set({
      exclude_users: ["ana@example.com"],
      exclude_groups: ["doctors", "works-council"],
      exclude_domains: ["clinic.example"],
      exclude: ["192.0.2.0/24"],
    });
    const kept = row("10.9.0.22", "198.51.100.7");
    expect(
      await deliver(
        row("10.9.0.20", "198.51.100.7"),
        row("fd09::20", "2001:db8::1"),
        row("10.9.0.21", "198.51.100.7"),
        row("10.9.0.22", "10.9.0.9"),
        row("10.9.0.22", "198.51.100.7", { nat_dst_ip: "10.9.0.20" }),
        row("10.9.0.22", "198.51.100.7", { domain: "www.clinic.example", domain_source: "sni" }),
        row("10.9.0.22", "192.0.2.9"),
        kept,
      ),
    ).toEqual([kept.flow_id]);
    // Netmaker's log tells a user by name whom the inventory has not at this address.
    const netmaker = (src_entity_id: string, src_ip: string) => ({
      flow_id: src_ip,
      host_id: "h-x",
      network_id: "office",
      protocol: 6,
      src_port: 1,
      dst_port: 443,
      icmp_type: 0,
      icmp_code: 0,
      direction: "ingress",
      src_ip,
      src_type: "user",
      src_entity_id,
      src_entity_name: src_entity_id,
      dst_ip: "198.51.100.7",
      dst_type: "external",
      start_ts: new Date(Date.now() - 60_000).toISOString(),
      end_ts: new Date(Date.now() - 50_000).toISOString(),
      bytes_sent: 1,
      bytes_recv: 1,
      packets_sent: 1,
      packets_recv: 1,
      status: 14,
      version: new Date(Date.now() - 50_000).toISOString(),
    });
    const body = [
      netmaker("ana@example.com", "10.9.0.88"),
      netmaker("dee@example.com", "10.9.0.89"),
      netmaker("dee@example.com", "10.9.0.20"),
    ];
    const options = { body: body.map((one) => JSON.stringify(one)).join("\n"), headers: { "content-type": NDJSON_CONTENT_TYPE } };
    expect((await test.ask("POST", "/api/import/netmaker", options)).status).toBe(200);
    expect((await stored()).filter(({ reporter_id }) => reporter_id === "h-x").map(({ src_ip }) => src_ip)).toEqual([
      "10.9.0.89",
    ]);
    const refused = await test.deliver(token, [
      row("10.9.0.20", "198.51.100.7", { last_seen: "2001-01-01T00:00:00Z", end: null, state: "open" }),
    ]);
    expect(refused.body.rejected).toHaveLength(1);
    for (const text of [test.log.join("\n"), JSON.stringify((await test.ask("GET", "/api/health")).body)])
      expect(text).not.toMatch(/10\.9\.0\.20|www\.clinic/);
    const metrics = (await test.ask<string>("GET", "/metrics")).body;
    expect(metrics).toMatch(/excluded_rows_total\{reason="excluded_user"\} [45]/);
    await set({ exclude_users: null, exclude_groups: null, exclude_nodes: null, exclude_domains: null, exclude: null });
    expect(await told()).toMatchObject({ excluded: [], exclude_domains: [] });
  });

  it("is refused where it is no domain, or nobody's name", async () => {
    for (const change of [
      { exclude_domains: ["10.0.0.1"] },
      { exclude_domains: ["a b"] },
      { exclude_users: [""] },
      { external_addresses: "half" },
    ]) {
      const { status } = await test.ask("PUT", "/api/settings/capture", { body: change });
      expect([change, status]).toEqual([change, 400]);
    }
  });
});

describe("addresses of the internet", () => {
  it("are cut before they are stored, by network; ids, totals and filters go on as before", async () => {
    await set({ networks: { office: { external_addresses: "truncated" } } });
    const sent = [
      row("10.9.0.22", "198.51.100.77", { nat_src_ip: "203.0.113.99", nat_src_port: 9 }),
      row("203.0.113.50", "10.9.0.1", { nat_dst_ip: "10.9.0.9" }),
      row("10.9.0.22", "2001:db8:1:2:3::7"),
      row("10.9.0.22", "10.9.0.1"),
      row("10.8.0.7", "198.51.100.88", { network: "lab" }),
    ];
    expect(await deliver(...sent)).toHaveLength(5);
    const rows = await Promise.all(sent.map(({ flow_id }) => flow(flow_id)));
    expect(rows.map((one) => [one?.src_ip, one?.dst_ip])).toEqual([
      ["10.9.0.22", "198.51.100.0"],
      ["203.0.113.0", "10.9.0.1"],
      ["10.9.0.22", "2001:db8:1::"],
      ["10.9.0.22", "10.9.0.1"],
      ["10.8.0.7", "198.51.100.88"],
    ]);
    expect(rows.map((one) => [one?.nat_src_ip, one?.nat_dst_ip]).slice(0, 2)).toEqual([
      ["203.0.113.0", null],
      [null, "10.9.0.9"],
    ]);
    // The same report again is the same flow; a later revision finds it.
    expect(await deliver({ ...sent[0], revision: 1, src_bytes: 99 } as ReturnType<typeof row>)).toHaveLength(1);
    expect((await flow(sent[0]?.flow_id))?.src_bytes).toBe(99);
    const { flows } = await test.flows(
      `from=-1h&reports=all&q=${encodeURIComponent("dst.ip in 198.51.100.0/24 and network = office and src.ip = 10.9.0.22")}`,
    );
    expect(flows.map(({ flow_id }) => flow_id)).toContain(String(sent[0]?.flow_id));
    await set({ networks: { office: { external_addresses: null } } });
  });

  it("do not keep a Netmaker agent's end from its beginning, nor an import from being the same twice", async () => {
    await set({ external_addresses: "truncated" });
    const at = Date.now() - 600_000;
    const told = (change: object) => ({
      flow_id: "77",
      host_id: "h-y",
      network_id: "office",
      protocol: 6,
      src_port: 5,
      dst_port: 443,
      icmp_type: 0,
      icmp_code: 0,
      direction: "ingress",
      src_ip: "10.9.0.22",
      dst_ip: "198.51.100.99",
      src_type: "user",
      dst_type: "external",
      start_ts: new Date(at).toISOString(),
      end_ts: "1970-01-01T00:00:00Z",
      bytes_sent: 0,
      bytes_recv: 0,
      packets_sent: 0,
      packets_recv: 0,
      status: 8,
      version: new Date(at + 1).toISOString(),
      ...change,
    });
    const bring = async (one: object) =>
      (
        await test.ask<{ stored: number; already: number }>("POST", "/api/import/netmaker", {
          body: JSON.stringify(one),
          headers: { "content-type": NDJSON_CONTENT_TYPE },
        })
      ).body;
    const end = told({
      end_ts: new Date(at + 5000).toISOString(),
      version: new Date(at + 5001).toISOString(),
      bytes_sent: 7,
      status: 14,
    });
    expect(await bring(told({}))).toMatchObject({ stored: 1 });
    expect(await bring(end)).toMatchObject({ stored: 1 });
    expect(await bring(end)).toMatchObject({ stored: 0, already: 1 });
    const own = (await stored()).filter(({ reporter_id }) => reporter_id === "h-y");
    expect(own.map(({ dst_ip, state }) => [dst_ip, state])).toEqual([["198.51.100.0", "closed"]]);
    await set({ external_addresses: null });
  });

  it("do not keep two reports of one connection from being one", async () => {
    await set({ external_addresses: "truncated" });
    const hr = await test.agentToken("hr");
    const other = row("10.9.0.9", "198.51.100.61", { reporter: "hr", role: "initiator", direction: "egress", src_port: 777 });
    const mine = row("10.9.0.9", "198.51.100.61", {
      src_port: 777,
      start: other.start,
      last_seen: other.last_seen,
      end: other.end,
    });
    await test.deliver(hr, [other]);
    await deliver(mine);
    expect([(await flow(other.flow_id))?.primary, (await flow(mine.flow_id))?.primary]).toEqual([true, false]);
    const { body } = await test.ask<{ reports?: unknown[] }>("GET", `/api/flows/hr/${other.flow_id}`);
    expect(JSON.stringify(body)).toContain(String(mine.flow_id));
    await set({ external_addresses: null });
  });
});

describe("domain names", () => {
  it("are cut for senders, too, that know nothing of the setting", async () => {
    const named = { domain: "www.shop.example.co.uk", domain_source: "sni", app: "h2" };
    const namesOf = async (change: object) => {
      await set(change);
      const one = row("10.9.0.22", "198.51.100.7", named);
      await deliver(one);
      const { domain, domain_source, app } = (await flow(one.flow_id)) ?? {};
      return [domain, domain_source, app];
    };
    expect(await namesOf({})).toEqual(["www.shop.example.co.uk", "sni", "h2"]);
    expect(await namesOf({ networks: { office: { names: "second-level" } } })).toEqual(["example.co.uk", "sni", "h2"]);
    expect(await namesOf({ networks: { office: { names: null } }, names: "off" })).toEqual([null, null, null]);
    await set({ names: null });
  });
});

describe("pseudonyms", () => {
  const reveal = (pseudonym: unknown, asking: object = {}) =>
    test.ask<{ name: string } & ErrorBody>("POST", "/api/privacy/reveal", {
      body: { pseudonym, reason: "a test of it" },
      ...asking,
    });

  it("can't be switched on without a key, and a server does not start without the one that it is told of", async () => {
    const { status, body } = await test.ask<ErrorBody>("PUT", "/api/settings/capture", { body: { pseudonyms: true } });
    expect([status, body.error.message]).toEqual([400, expect.stringContaining("flowtrail privacy key")]);
    const other = await makeTestServer({ flags: { "privacy.pseudonyms": "true" } });
    await expect(other.server.start()).rejects.toMatchObject({ code: "NO_PRIVACY_KEY" });
    await other.stop();
  });

  it("stand for people in rows, lists and the inventory; an admin reveals one, and it is noted", async () => {
    writeKey(join(dir, "key"), { rotate: false, now: Date.now() });
    const [early] = [row("10.9.0.22", "198.51.100.1")];
    await deliver(early);
    expect((await flow(early.flow_id))?.src_name).toBe("cy@example.com");
    expect((await set({ pseudonyms: true }, true)).effect.sentences[0]).toMatch(/4 users and config files/);
    await set({ pseudonyms: true });
    const sent = [row("10.9.0.20", "198.51.100.1"), row("10.9.0.30", "10.9.0.9"), row("10.9.0.20", "10.9.0.21")];
    await deliver(...sent);
    const [first, second, third] = await Promise.all(sent.map(({ flow_id }) => flow(flow_id)));
    expect([first?.src_type, first?.src_id, first?.src_name, first?.src_device]).toEqual([
      "user",
      expect.stringMatching(/^user-/),
      expect.stringMatching(/^user-/),
      expect.stringMatching(/^device-/),
    ]);
    expect([second?.src_name, second?.dst_name]).toEqual([expect.stringMatching(/^config-/), "hr"]);
    expect(third?.src_name).toBe(first?.src_name);
    const pages = [
      "/api/inventory",
      "/api/inventory/list?kind=user&from=-1h",
      "/api/inventory/at?ip=10.9.0.20&network=office",
      "/api/overview?from=-1h",
    ];
    for (const page of pages) {
      const { status, body } = await test.ask("GET", page);
      expect([page, status]).toEqual([page, 200]);
      if (page !== "/api/overview?from=-1h") expect(JSON.stringify(body)).toContain("user-");
      expect(JSON.stringify(body)).not.toMatch(/ana@|Ana Alvarez|laptop-of-ana/i);
    }
    // Nobody finds a pseudonym by the name.
    const asked = await test.ask<{ changes: unknown[] }>("GET", "/api/inventory/history?from=-1h&id=ana@example.com");
    expect(asked.body).toEqual({ changes: [] });
    const { body, status } = await reveal(first?.src_name);
    expect([status, body]).toEqual([200, { pseudonym: first?.src_name, kind: "user", name: "Ana Alvarez" }]);
    const audit = JSON.stringify((await test.ask("GET", "/api/audit?from=-1h")).body);
    expect(audit).toContain("reveal");
    expect(audit).toContain("a test of it");
    expect(audit).not.toContain("Ana Alvarez");
  });

  it("are revealed to nobody else, not without a reason, and not what is none", async () => {
    const { body: auditor } = await test.ask<{ token: string }>("POST", "/api/tokens", {
      body: { kind: "api", role: "auditor" },
    });
    const name = (await stored()).find(({ src_name }) => src_name?.startsWith("user-"))?.src_name;
    expect((await reveal(name, { token: auditor.token })).status).toBe(403);
    expect((await reveal(name, { token })).status).toBe(403);
    expect((await reveal(name, { token: null })).status).toBe(401);
    expect((await reveal(name, { body: { pseudonym: name } })).status).toBe(400);
    expect((await reveal(name, { body: { pseudonym: name, reason: "  " } })).status).toBe(400);
    expect((await reveal("cy@example.com")).status).toBe(400);
    expect((await reveal(`user-${"a".repeat(26)}`)).status).toBe(404);
  });

  it("of a key that is no longer the newest are still revealed", async () => {
    const before = (await stored()).find(({ src_name }) => src_name?.startsWith("user-"))?.src_name;
    writeKey(join(dir, "key"), { rotate: true, now: Date.now() });
    expect((await reveal(before)).body.name).toBe("Ana Alvarez");
    const next = row("10.9.0.20", "198.51.100.1");
    await expect
      .poll(
        async () => {
          await deliver({ ...next, flow_id: String(++id) } as ReturnType<typeof row>);
          return (await flow(id))?.src_name;
        },
        { timeout: 20_000, interval: 500 },
      )
      .not.toBe(before);
    expect((await reveal((await flow(id))?.src_name)).body.name).toBe("Ana Alvarez");
    // Somebody excludes her by her name: whoever she is called now.
    await set({ exclude_users: ["Ana Alvarez"] });
    expect((await told()).excluded).toEqual([{ reason: "excluded_user", ranges: ["10.9.0.20/32", "fd09::20/128"] }]);
    await set({ exclude_users: null, pseudonyms: null });
    expect(JSON.stringify((await test.ask("GET", "/api/inventory")).body)).toContain("Ana Alvarez");
  });
});
