import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { rowNow, startTestServer, type TestServer } from "../../../server/src/testing.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const DAY_MS = 86_400_000;
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);

async function run(...args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, "store", ...dataOf(args)], { stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, stdout, stderr };
}

const dataOf = (args: readonly string[]) => (args.includes("--data") ? args : [...args, "--data", test.data]);

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
  const agent = await test.agentToken("debian");
  const closed = (id: number, days: number) =>
    rowNow({ flow_id: String(id), state: "closed", revision: 1, src_bytes: "0", dst_bytes: "0" }, days * DAY_MS);
  const { body } = await test.deliver(agent, [closed(1, 1), closed(2, 12), closed(3, 20)]);
  expect(body).toMatchObject({ accepted: 3 });
});
afterAll(() => test?.stop());

it("store status says how large it is and what goes next", async () => {
  const { code, stdout } = await run("status");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\S+ \S+ of at most \S+ GiB; \S+ \S+ free on its disk\n/);
  expect(stdout).toContain("Next to go: flow");
  expect(stdout).toMatch(new RegExp(`\\nflows +3 +\\S+ \\S+ +${daysAgo(20)} +30 days\\n`));
  expect(JSON.parse((await run("status", "--json")).stdout)).toMatchObject({ settings: { flows_days: 30 } });
});

it("store retention sets what is kept, and says before what it would delete", async () => {
  const dry = await run("retention", "--set", "flows=15d", "--set", "max_size=10GiB", "--dry-run");
  expect(dry.stdout).toMatch(/\nmax_size +10GiB \(10.00 GiB\) +set; configured: 80%\n/);
  expect(dry.stdout).toContain("would be deleted now:\n");
  expect(dry.stdout).toContain(`  flows of ${daysAgo(20)}, all: 1 row,`);
  expect(dry.stdout).toContain("Nothing was set.");
  expect((await run("retention", "--set", "flows=25d")).stdout).toMatch(/^flows +25 days +set; configured: 30\n/);
  expect((await run("retention", "--set", "flows=default")).stdout).toMatch(/^flows +30 days\n/);
  const { stdout } = await run("history");
  expect(stdout).toMatch(/ {2}flows_days 25 → 30 {2}\(.*\n.* {2}flows_days 30 → 25 {2}\(/);
});

it("store retention says what it does not understand", async () => {
  const refused = async (set: string) => {
    const { code, stderr } = await run("retention", "--set", set);
    return [code, stderr];
  };
  expect(await Promise.all(["flow=3d", "flows=12h", "max_size=much"].map(refused))).toEqual([
    [2, expect.stringContaining("did you mean flows?")],
    [2, expect.stringContaining("whole days")],
    [1, expect.stringContaining("max_size: expected a size")],
  ]);
});

it("store hold keeps what was active in a time until it is released", async () => {
  const added = await run("hold", "add", "--from", "-21d", "--to", "-19d", "--reason", "case 17");
  expect(added.stdout).toMatch(/^\S{36} {2}\S+ to \S+: case 17 \(.*\); keeps \d rows?, /);
  const [id = ""] = added.stdout.split(" ");
  expect((await run("retention", "--set", "flows=5d", "--dry-run")).stdout).not.toContain(`flows of ${daysAgo(20)}`);
  expect((await run("hold", "release", id)).stdout).toContain("released ");
  expect((await run("hold", "list")).stdout).toMatch(new RegExp(`^${id} .*: case 17 .*; released `));
  expect(await run("hold", "release", "none")).toMatchObject({ code: 1, stderr: expect.stringContaining("no legal hold") });
});

it("store backup writes the store beside everything else, and store restore makes one of it", async () => {
  const { code, stdout } = await run("backup", "--name", "today");
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^today: done, \S+ \S+, \S+ rows\n$/)]);
  expect((await run("backups")).stdout).toMatch(/^\S+ {2}today {2}done, /);
  const again = await run("backup", "--name", "today");
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("there is a backup today already")]);
  const file = join(test.data, "backups", "today.tar");
  // The server has its directory open.
  expect(await run("restore", "--from", file)).toMatchObject({ code: 2, stderr: expect.stringContaining("stop it first") });
  const other = await mkdtemp(join(tmpdir(), "flowtrail-restored-"));
  try {
    const restored = await run("restore", "--from", file, "--data", other);
    expect([restored.code, restored.stdout]).toEqual([0, expect.stringMatching(/^flows +3 rows$/m)]);
    const twice = await run("restore", "--from", file, "--data", other);
    expect([twice.code, twice.stderr]).toEqual([1, expect.stringContaining("--set-aside")]);
  } finally {
    await rm(other, { recursive: true, force: true });
  }
});
