import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { startTestEngine, type TestEngine } from "../store/testing.ts";
import { openDoor } from "../store/testing-door.ts";
import { type ErrorBody, startTestServer, type TestServer } from "../testing.ts";
import { changesSchema } from "./inventory-schemas.ts";
import { healthSchema } from "./schemas.ts";

let engine: TestEngine;
let door: Awaited<ReturnType<typeof openDoor>>;
let directory: string;
let access: Record<string, string>;
const servers: TestServer[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "flowtrail-shared-"));
  engine = await startTestEngine();
  const endpoint = await engine.engine.endpoint(0);
  if (endpoint === null) throw new Error("no endpoint");
  door = await openDoor(endpoint);
  access = { "store.url": door.url, "store.user": endpoint.username, "store.password": endpoint.password };
});
afterAll(async () => {
  for (const server of servers) await server.stop();
  door?.close();
  await engine?.stop();
  rmSync(directory, { recursive: true });
});

const fileOf = (name: string, ...nodes: string[]) => {
  const path = join(directory, name);
  const list = nodes.map((id, i) => `{ id: ${id}, addresses: [10.1.0.${i + 1}] }`);
  writeFileSync(path, `networks: [{ id: net, nodes: [${list.join(", ")}] }]`);
  return path;
};
async function serverWith(file?: string): Promise<TestServer> {
  const server = await startTestServer({ flags: { ...access, ...(file === undefined ? {} : { "inventory.file": file }) } });
  servers.push(server);
  return server;
}
async function fileErrorOf(server: TestServer): Promise<string | null | undefined> {
  const { inventory } = healthSchema.parse((await server.ask("GET", "/api/health")).body);
  return inventory?.sources.find(({ name }) => name === "file")?.error;
}
const until = (look: () => Promise<void>) => vi.waitFor(look, { timeout: 30_000, interval: 200 });
const retire = (server: TestServer) => server.ask<ErrorBody>("POST", "/api/inventory/sources/file/retire");

it("tells servers with one store that they read different files, and ends what none reads any more when it is told to", async () => {
  const [a, b] = [fileOf("a.yaml", "one", "two"), fileOf("b.yaml", "one")];
  const first = await serverWith(a);
  expect(await fileErrorOf(first)).toBeNull();
  const second = await serverWith(b);
  await until(async () =>
    expect(await fileErrorOf(first)).toContain(`another server was told something else than ${a} says (file:${b})`),
  );
  expect(await fileErrorOf(second)).toBeNull();
  // Copies of one file contradict nobody.
  fileOf("a.yaml", "one");
  await until(async () => expect(await fileErrorOf(first)).toBeNull());
  expect(await fileErrorOf(second)).toBeNull();

  const refused = await retire(second);
  expect([refused.status, refused.body.error.message]).toEqual([
    400,
    "this server reads file: take inventory.file out of its configuration first",
  ]);
  for (const server of servers.splice(0)) await server.stop();
  const third = await serverWith();
  expect(await fileErrorOf(third)).toContain("flowtrail inventory retire file");
  expect(await retire(third)).toMatchObject({ status: 200, body: { source: "file", entities: 2 } });
  expect(await fileErrorOf(third)).toBeUndefined();
  await until(async () => {
    const { changes } = changesSchema.parse((await third.ask("GET", "/api/inventory/history?id=one&limit=1")).body);
    expect(changes).toMatchObject([{ what: "removed", source: "file", who: expect.stringMatching(/^\w+ .*: retired file$/) }]);
  });
  const again = await retire(third);
  expect([again.status, again.body.error.message]).toEqual([404, "nothing that file told is in force"]);
});
