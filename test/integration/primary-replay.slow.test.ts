/** An inventory that was wrong for a while is put right: by the command line, at a real server. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FlowJson } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rowNow, startTestServer, type TestServer } from "../../packages/server/src/testing.ts";
import { until } from "./harness/bed.ts";
import { type Ended, expectRefusal, flowtrail } from "./harness/cli.ts";

interface Told {
  readonly rows_read: number;
  readonly rows_changed: number;
  readonly now_primary: number;
  readonly no_longer_primary: number;
  readonly changes: readonly { readonly what: string; readonly rows: number }[];
}

const LAPTOP = "100.102.137.21";
const inventory = (user: string, gateway = "inetgw") => `
networks:
  - id: netmaker
    ranges: [100.102.137.0/24]
    nodes:
      - { id: debian, addresses: [100.102.137.9] }
      - { id: inetgw, addresses: [100.102.137.4] }
    users: [{ id: ${user}, devices: [{ name: laptop, addresses: [${LAPTOP}], gateway: ${gateway} }] }]
    egress: [{ id: cloud, ranges: [203.0.113.0/24], via: [inetgw], resolved: { "api.example.test": [203.0.113.9/32] }, domains: [api.example.test] }]
  - id: other
    users: [{ id: ${user}, devices: [{ addresses: [${LAPTOP}] }] }]
`;

describe("flowtrail inventory replay", () => {
  let test: TestServer;
  let dir: string;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "flowtrail-replay-"));
    write(inventory("ana@example.com"));
    test = await startTestServer({ flags: { "inventory.file": join(dir, "inventory.yaml") } });
    // A node's agent that is there: its reports of the user's traffic stand behind those of the gateway's.
    for (const node of ["debian", "inetgw"]) tokens.set(node, await test.agentToken(node));
    beganMs = Date.now();
    await deliver("inetgw", of(1), of(2), of(3, { network: "other" }), of(4, { dst_ip: "203.0.113.9" }));
    await deliver("inetgw", of(5, { state: "open", end: null }));
    await deliver("debian", of(6, { reporter: "debian", role: "responder", dst_ip: "100.102.137.9" }));
  }, 60_000);
  afterAll(async () => {
    await test.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const tokens = new Map<string, string>();
  /** All flows began then, whenever they are told of. */
  let beganMs = 0;
  const write = (text: string) => writeFileSync(join(dir, "inventory.yaml"), text);
  const of = (id: number, change: Record<string, unknown> = {}) =>
    rowNow(
      {
        flow_id: String(id),
        reporter: "inetgw",
        role: "forwarder",
        direction: "ingress",
        src_ip: LAPTOP,
        dst_ip: "198.51.100.7",
        ...change,
      },
      Date.now() - beganMs,
    );
  const deliver = async (node: string, ...rows: Record<string, unknown>[]) =>
    expect((await test.deliver(tokens.get(node) ?? "", rows)).body).toMatchObject({ accepted: rows.length, rejected: [] });
  const flow = async (id: number): Promise<FlowJson> =>
    (await test.flows(`from=-1d&reports=all&flow_id=${id}`)).flows[0] as FlowJson;
  const users = async () => Promise.all([1, 2, 3, 4, 5, 6].map(async (id) => (await flow(id)).src_id));
  /** The file is changed, and the change is in force. */
  async function now(user: string, gateway = "inetgw"): Promise<void> {
    write(inventory(user, gateway));
    await until(`the inventory has ${user} behind ${gateway}`, 30_000, async () => {
      const question = `/api/inventory/at?ip=${LAPTOP}&network=netmaker`;
      const { body } = await test.ask<{ holders: { id: string; gateways: { id: string }[] }[] }>("GET", question);
      return body.holders[0]?.id === user && body.holders[0].gateways[0]?.id === gateway;
    });
  }

  const run = (...args: string[]): Promise<Ended> =>
    flowtrail(["inventory", "replay", "--data", test.data, "--from", "-1d", ...args]);
  async function replay(...args: string[]): Promise<{ dry_run: Told; done: Told | null }> {
    const { code, stdout, stderr } = await run("--json", ...args);
    expect([code, stderr]).toEqual([0, ""]);
    return JSON.parse(stdout);
  }
  const ANA = ["ana@example.com", "ana@example.com", "ana@example.com", "ana@example.com", "ana@example.com", "ana@example.com"];
  const BOB = ANA.map(() => "bob@example.com");

  it("finds nothing to change where nothing was wrong", async () => {
    expect(await users()).toEqual(ANA);
    expect((await replay("--yes")).done).toMatchObject({ rows_read: 6, rows_changed: 0, changes: [] });
  });

  it("says what would change, and changes nothing", async () => {
    await now("bob@example.com");
    const { code, stdout } = await run();
    expect(code).toBe(0);
    expect(stdout).toMatch(/6 rows read, 6 rows would change/);
    expect(stdout).toMatch(/100\.102\.137\.21: ana@example\.com \(laptop\) → bob@example\.com \(laptop\): 5 rows/);
    expect(stdout).toMatch(/Nothing was changed\. With --yes it is\./);
    expect(await users()).toEqual(ANA);
  });

  it("changes one network only, if asked", async () => {
    expect((await replay("--network", "other", "--yes")).done).toMatchObject({ rows_read: 1, rows_changed: 1 });
    expect(await users()).toEqual(ANA.with(2, "bob@example.com"));
  });

  it("changes all, open flows and ended ones; a second time it finds nothing", async () => {
    expect((await replay("--yes")).done).toMatchObject({ rows_changed: 5, now_primary: 0, no_longer_primary: 0 });
    expect(await users()).toEqual(BOB);
    expect(await flow(4)).toMatchObject({
      dst_id: "cloud",
      domain: "api.example.test",
      domain_source: "inventory",
      src_device: "laptop",
    });
    expect((await replay("--yes")).done).toMatchObject({ rows_changed: 0 });
  });

  it("names late ones alike, and what comes again stays changed", async () => {
    await deliver("inetgw", of(1), of(7));
    expect((await flow(7)).src_id).toBe("bob@example.com");
    expect((await flow(1)).src_id).toBe("bob@example.com");
  });

  it("elects again where the gateway was wrong", async () => {
    expect(await flow(6)).toMatchObject({ primary: false, rank: 3 });
    // debian stood at the user's side itself.
    await now("bob@example.com", "debian");
    expect((await replay("--yes")).done).toMatchObject({ now_primary: 1 });
    expect(await flow(6)).toMatchObject({ primary: true, rank: 2 });
  });

  it("reads the inventory as it was then, to undo it", async () => {
    await replay("--inventory", "then", "--yes");
    expect(await users()).toEqual(ANA);
    expect(await flow(6)).toMatchObject({ primary: false, rank: 3 });
    await deliver("inetgw", of(8));
    expect((await flow(8)).src_id).toBe("ana@example.com");
  });

  it("is remembered: who, when, what", async () => {
    const { body } = await test.ask<{ replays: Record<string, unknown>[] }>("GET", "/api/inventory/replay");
    expect(body.replays[0]).toMatchObject({ who: expect.stringMatching(/^api /), dry_run: false, as_of: null, state: "done" });
    expect(body.replays.filter(({ dry_run }) => dry_run === false).length).toBe(6);
  });

  it("refuses what makes no sense", async () => {
    expectRefusal(await run("--to", "soon"), 2, /to/);
    expectRefusal(await run("--inventory", "tomorrow"), 2, /now, then/);
  });
}, 120_000);
