import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../../../server/src/testing.ts";
import type { Finding } from "../doctor/finding.ts";
import { reachFindings } from "../doctor/reach.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

let test: TestServer;
let dir: string;
beforeAll(async () => {
  test = await startTestServer();
  dir = await mkdtemp(join(tmpdir(), "flowtrail-doctor-"));
});
afterAll(async () => {
  await test?.stop();
  await rm(dir, { recursive: true, force: true });
});

async function doctor(...args: readonly string[]): Promise<{ code: number; stdout: string }> {
  const all = [MAIN, "doctor", "--data", test.data, "--state", dir, ...args];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, all, (_error, stdout) => resolve({ code: child.exitCode ?? -1, stdout }));
  });
}

/** As a node has it. */
async function agentConfig(token: string): Promise<string> {
  await writeFile(join(dir, "agent.token"), `${token}\n`, { mode: 0o600 });
  const path = join(dir, "agent.yaml");
  await writeFile(path, `server: ${test.url}\nnode: debian\ntoken_file: ${join(dir, "agent.token")}\nstate: ${dir}\n`);
  return path;
}

async function findingsOf(...args: readonly string[]): Promise<readonly Finding[]> {
  const { stdout } = await doctor("--json", ...args);
  return (JSON.parse(stdout) as { findings: readonly Finding[] }).findings;
}
const of = (all: readonly Finding[], check: string) => all.filter((finding) => finding.check === check);

it("says that a server is well, and what is still to be done", async () => {
  const { code, stdout } = await doctor();
  expect([code, stdout]).toEqual([0, expect.stringContaining("✓ the store is up")]);
  expect(stdout).toContain("! no agent has reported so far\n      → flowtrail token create --node NAME");
});

it("goes the way from a node to its server, and says where it ends", async () => {
  const token = await test.agentToken("debian");
  const good = await findingsOf("--config", await agentConfig(token));
  expect(of(good, "token")).toEqual([expect.objectContaining({ state: "ok" })]);
  expect(of(good, "clock")).toEqual([expect.objectContaining({ state: "ok" })]);
  const way = { server: new URL(test.url), token, node: "debian", ca: undefined };
  expect(of(await reachFindings({ ...way, token: "ft_agent_unknown" }), "token")).toEqual([
    expect.objectContaining({ state: "fail", mend: expect.stringContaining("flowtrail token create --node debian") }),
  ]);
  expect(await reachFindings({ ...way, server: new URL("http://127.0.0.1:9") })).toEqual([
    expect.objectContaining({ check: "server", state: "fail", mend: expect.stringContaining("nothing listens") }),
  ]);
  expect(await reachFindings({ ...way, server: new URL("http://no-such-host.invalid") })).toEqual([
    expect.objectContaining({ check: "server", state: "fail", what: expect.stringContaining("can't be resolved") }),
  ]);
});

it("looks at an agent that has died", async () => {
  const status = {
    pid: 2 ** 22 + 1,
    node: "debian",
    server: test.url,
    state: "running",
    updated: "2026-11-23T01:00:00.000Z",
    problems: [],
    networks: [],
    drops: {},
    spool: { batches: 3, bytes: 1000 },
  };
  await writeFile(join(dir, "status.json"), JSON.stringify(status));
  const { code, stdout } = await doctor();
  expect([code, stdout]).toEqual([1, expect.stringContaining("✗ the agent of debian does not run")]);
  expect(stdout).toContain("spool: 3 batches");
});

it("writes a report without secrets, names and addresses", async () => {
  const token = await test.agentToken("secretnode");
  const bundle = join(dir, "bundle.json");
  await doctor("--bundle", bundle, "--config", await agentConfig(token));
  const text = await readFile(bundle, "utf8");
  expect(JSON.parse(text)).toMatchObject({ health: { status: "ok" }, findings: expect.any(Array) });
  for (const secret of [token, "ft_", "secretnode", "debian", "127.0.0.1"]) expect(text).not.toContain(secret);
});
