import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { z } from "zod";
import { rowNow, startTestServer, type TestServer } from "../testing.ts";
import { listSchema } from "./inventory-list-schemas.ts";

const FILE = `networks:
  - id: netmaker
    ranges: [100.102.137.0/24]
    nodes:
      - { id: n-debian, name: debian, addresses: [100.102.137.9], tags: [office] }
      - { id: inetgw, addresses: [100.102.137.4], gateway: true }
      - { id: quiet, addresses: [100.102.137.8], relay: inetgw }
    users:
      - { id: majdi@netmaker.io, groups: [engineering], devices: [{ name: laptop, addresses: [100.102.137.21], gateway: inetgw }] }
      - { id: leaver@netmaker.io, devices: [{ name: phone, addresses: [100.102.137.22], gateway: inetgw }] }
`;

let directory: string;
let test: TestServer;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "flowtrail-list-"));
  const file = join(directory, "inventory.yaml");
  writeFileSync(file, FILE);
  test = await startTestServer({ flags: { "inventory.file": file } });
  const common = { network: "netmaker", reporter: "inetgw", src_bytes: 600, dst_bytes: 400 };
  const rows = (
    [
      { ...common, src_ip: "100.102.137.21", dst_ip: "34.160.111.145" },
      { ...common, src_ip: "100.102.137.9", dst_ip: "100.102.137.4" },
      { ...common, src_ip: "100.102.137.9", dst_ip: "100.102.137.4", dst_port: 22 },
      // Nobody told of this network.
      { ...common, network: "other" },
    ] as Record<string, unknown>[]
  ).map((row, i) => rowNow({ ...row, flow_id: String(i + 1) }));
  const { body } = await test.deliver(await test.agentToken("inetgw"), rows);
  expect(body).toMatchObject({ accepted: 4, rejected: [] });
  // The user with a phone leaves.
  writeFileSync(file, FILE.split("\n").slice(0, -2).join("\n"));
  for (;;) {
    const { body } = await test.ask<{ total: number }>("GET", "/api/inventory?kind=user");
    if (body.total === 1) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});
afterAll(async () => {
  await test?.stop();
  rmSync(directory, { recursive: true });
});

type List = z.infer<typeof listSchema>;
async function list(query: string): Promise<List> {
  const { status, body } = await test.ask("GET", `/api/inventory/list?${query}`);
  expect([status, body]).toEqual([200, expect.anything()]);
  return listSchema.parse(body);
}
const brief = ({ entities }: List) => entities.map(({ name, bytes, connections }) => [name, bytes, connections]);

it("lists nodes with the traffic at either end, the largest first, and their agents", async () => {
  const nodes = await list("kind=node&network=netmaker");
  expect(brief(nodes)).toEqual([
    ["debian", 2000, 2],
    ["inetgw", 2000, 2],
    ["quiet", 0, 0],
  ]);
  const [debian, inetgw, quiet] = nodes.entities;
  expect(debian).toMatchObject({
    networks: ["netmaker"],
    addresses: ["100.102.137.9"],
    tags: ["office"],
    agent: null,
    known: true,
  });
  expect(inetgw).toMatchObject({ gateway: true, agent: { silent: false, off_by_settings: false } });
  expect(quiet).toMatchObject({ via: ["inetgw"], series: [], removed: null });
  expect(debian?.series.reduce<number>((sum, value) => sum + Number(value), 0)).toBe(2000);
  expect(Date.parse(nodes.first_step)).toBeLessThanOrEqual(Date.now() - 900_000);
  expect((await list("kind=node&limit=1")).entities).toHaveLength(1);
});

it("lists users with their devices; who left is told as removed", async () => {
  const { entities, total } = await list("kind=user");
  expect(total).toBe(2);
  expect(entities[0]).toMatchObject({
    ...{ name: "majdi@netmaker.io", devices: ["laptop"], groups: ["engineering"], via: ["inetgw"], known: true, removed: null },
    ...{ bytes: 1000, connections: 1 },
  });
  const [, leaver] = entities;
  expect(leaver).toMatchObject({ name: "leaver@netmaker.io", addresses: ["100.102.137.22"], known: false, bytes: 0 });
  expect(Date.now() - Date.parse(leaver?.removed ?? "")).toBeLessThan(60_000);
});

it("lists networks with their members, also those that flows alone tell of", async () => {
  const { entities } = await list("kind=network");
  expect(entities.map(({ name, known, bytes, members }) => ({ name, known, bytes, members }))).toEqual([
    { name: "netmaker", known: true, bytes: 3000, members: { nodes: 3, users: 1, config_files: 0, egress: 0, agents: 1 } },
    { name: "other", known: false, bytes: 1000, members: { nodes: 0, users: 0, config_files: 0, egress: 0, agents: 0 } },
  ]);
  expect(entities[0]?.addresses).toEqual(["100.102.137.0/24"]);
  expect(brief(await list("kind=network&network=other&from=-2h&to=-1h"))).toEqual([["other", 0, 0]]);
  expect((await test.ask("GET", "/api/inventory/list?kind=planet")).status).toBe(400);
});
