import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../../../server/src/testing.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

async function run(args: readonly string[], input = ""): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, "inventory", ...args], { stdio: ["pipe", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, stdout, stderr };
}

const GOOD = `networks:
  - id: netmaker
    ranges: [100.102.137.0/24]
    nodes: [{ id: n-inetgw, name: inetgw, addresses: [100.102.137.4] }]
    users: [{ id: ana@example.com, devices: [{ name: laptop, addresses: [100.102.137.21], gateway: inetgw }] }]
`;

let directory: string;
let file: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "flowtrail-cli-"));
  file = join(directory, "inventory.yaml");
  writeFileSync(file, GOOD);
});
afterAll(() => rmSync(directory, { recursive: true }));

describe("flowtrail inventory check", () => {
  it("says that a good file is good", async () => {
    expect(await run(["check", file])).toEqual({
      code: 0,
      stdout: `${file} can be used: 1 network, 1 node, 1 user, 0 config files, 0 egress routes; 0 errors, 0 warnings\n`,
      stderr: "",
    });
  });

  it("warns with lines, of standard input too", async () => {
    const { code, stdout } = await run(["check", "-"], GOOD.replace("gateway: inetgw", "gateway: gone"));
    expect(code).toBe(0);
    expect(stdout).toContain("warning: standard input:5: networks.0.users.0.devices.0.gateway: no node");
    expect(stdout).toContain("0 errors, 1 warning");
  });

  it("fails on errors, as JSON too", async () => {
    const bad = GOOD.replace("users:", "usres:");
    const { code, stdout } = await run(["check", "-"], bad);
    expect(code).toBe(1);
    expect(stdout).toContain('error: standard input:5: networks.0: Unrecognized key: "usres"');
    const json = await run(["check", "-", "--json"], bad);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, notes: [{ level: "error", line: 5, path: "networks.0" }] });
  });

  it("says what is the matter with a file that is not there", async () => {
    const { code, stderr } = await run(["check", join(directory, "none.yaml")]);
    expect([code, stderr]).toEqual([4, expect.stringContaining("ENOENT")]);
  });
});

it("flowtrail inventory schema prints a JSON Schema with everything that a file may say", async () => {
  const schema = JSON.parse((await run(["schema"])).stdout);
  expect(schema.$schema).toContain("json-schema.org");
  expect(Object.keys(schema.properties.networks.items.properties)).toEqual(
    expect.arrayContaining(["id", "ranges", "nodes", "users", "config_files", "egress", "names"]),
  );
});

describe("with a server", () => {
  let test: TestServer;
  beforeAll(async () => {
    test = await startTestServer({ flags: { "inventory.file": file } });
  });
  afterAll(() => test?.stop());

  it("flowtrail inventory at says who has an address", async () => {
    const { code, stdout } = await run(["at", "100.102.137.21", "--data", test.data]);
    expect(code).toBe(0);
    expect(stdout).toContain(
      "* netmaker: user ana@example.com (laptop) 100.102.137.21/32 through inetgw, always until now, by file\n" +
        "  netmaker: unknown 100.102.137.0/24, always until now, by file\n",
    );
    const nobody = await run(["at", "8.8.8.8", "--time", "-1d", "--data", test.data]);
    expect(nobody.stdout).toContain("nobody that the inventory knows");
    const json = await run(["at", "100.102.137.4", "--network", "netmaker", "--json", "--data", test.data]);
    expect(JSON.parse(json.stdout).holders[0]).toMatchObject({ id: "n-inetgw", wins: true });
  });

  it("flowtrail inventory at hands on what the server does not understand", async () => {
    const { code, stderr } = await run(["at", "100.102.137", "--data", test.data]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("expected an IPv4 or IPv6 address")]);
  });

  it("flowtrail inventory retire says what would end, and ends nothing that the server reads", async () => {
    const dry = await run(["retire", "file", "--data", test.data]);
    expect([dry.code, dry.stdout]).toEqual([
      0,
      expect.stringContaining("3 things that file told would end now. Nothing was changed."),
    ]);
    const { code, stderr } = await run(["retire", "file", "--yes", "--data", test.data]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("this server reads file: take inventory.file out of its configuration"),
    ]);
    expect((await run(["retire", "netmaker", "--data", test.data])).stdout).toBe("nothing that netmaker told is in force\n");
    expect((await run(["at", "100.102.137.4", "--data", test.data])).stdout).toContain("node inetgw");
  });

  it("flowtrail inventory history says what changed", async () => {
    const arguments_ = ["history", "--kind", "user", "--data", test.data];
    const { stdout } = await run(arguments_);
    expect(stdout).toMatch(new RegExp(`^\\S+Z {2}netmaker {2}user ana@example.com {2}added {2}\\(file:${file}\\)\\n$`));
    expect(JSON.parse((await run([...arguments_, "--json"])).stdout)).toMatchObject([{ id: "ana@example.com", what: "added" }]);
  });
});
