import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../../../server/src/testing.ts";
import { askedGrant, endOf } from "../grant-options.ts";

const MAIN = [fileURLToPath(new URL("../main.ts", import.meta.url))];
/** The launcher, which takes this Node for one that doesn't run TypeScript: it starts the one among the dependencies. */
const OLD_NODE = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.19.0" } })';
const LAUNCHER = fileURLToPath(new URL("../../bin/flowtrail.js", import.meta.url));
const FROM_OLD_NODE = ["--import", `data:text/javascript,${encodeURIComponent(OLD_NODE)}`, LAUNCHER];
const PASSWORD = "kestrel over harbour";

async function run(
  args: readonly string[],
  input = "",
  program = MAIN,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [...program, ...args, "--data", test.data], { stdio: ["pipe", "pipe", "pipe"] });
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

let test: TestServer;
beforeAll(async () => {
  const passwords = { cost: { ln: 8, r: 8, p: 1 }, maxAtOnce: 2, maxWaiting: 16 };
  test = await startTestServer({ passwords });
});
afterAll(() => test?.stop());

const signIn = async (body: object) => (await test.ask("POST", "/api/auth/signin", { token: null, body })).status;

it("account: makes one, lists it, changes what it may do, disables it and gives it another password", async () => {
  const viewer = ["--role", "viewer", "--network", "prod,lab", "--own", "ana@example.com"];
  const made = await run(["account", "add", "ana", ...viewer, "--password-stdin"], `${PASSWORD}\n`);
  expect(made).toEqual({ code: 0, stdout: "", stderr: "ana may sign in as viewer of prod, lab with ana@example.com\n" });
  expect(await signIn({ name: "ana", password: PASSWORD })).toBe(204);
  const listed = JSON.parse((await run(["account", "list", "--json"])).stdout);
  expect(listed).toMatchObject([{ name: "ana", role: "viewer", networks: ["prod", "lab"], own: "ana@example.com", sessions: 1 }]);
  expect((await run(["account", "role", "ANA", "auditor"])).stderr).toBe("ana may sign in as auditor\n");
  expect((await run(["account", "disable", "ana"])).stderr).toBe("ana is disabled\n");
  expect(await signIn({ name: "ana", password: PASSWORD })).toBe(401);
  const reset = await run(["account", "passwd", "ana", "--link"]);
  expect(reset.stdout).toMatch(new RegExp(`^${test.url}/#signin=ft_signin_\\S+\n$`));
  await run(["account", "enable", "ana"]);
  expect(await signIn({ code: decodeURIComponent(reset.stdout.trim().split("=")[1] ?? "") })).toBe(204);
});

it("account: a password is read from stdin where the launcher starts another Node, too", async () => {
  const made = await run(["account", "add", "old", "--role", "viewer", "--password-stdin"], `${PASSWORD}\n`, FROM_OLD_NODE);
  expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining("old may sign in as viewer") });
  expect(await signIn({ name: "old", password: PASSWORD })).toBe(204);
});

it("account: says what is wrong, by its exit code too", async () => {
  const nobody = await run(["account", "add", "bo", "--role", "admin"]);
  expect(nobody).toMatchObject({ code: 2, stderr: expect.stringContaining("--password-stdin") });
  const weak = await run(["account", "add", "bo", "--role", "admin", "--password-stdin"], "short");
  expect(weak).toMatchObject({ code: 1, stderr: expect.stringContaining("at least 12") });
  const unknown = await run(["account", "disable", "nobody"]);
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("account list") });
});

it("a role and a scope are understood before anything is asked", () => {
  expect(askedGrant("viewer", { network: ["prod"] })).toEqual({ role: "viewer", networks: ["prod"], own: null });
  expect(() => askedGrant("emperor", {})).toThrow(/auditor/);
  expect(() => askedGrant("admin", { network: ["prod"] })).toThrow(/for the role viewer/);
  expect(() => askedGrant("auditor", { own: "ana" })).toThrow(/for the role viewer/);
  expect(endOf("90d", 0)).toBe("1970-04-01T00:00:00.000Z");
  expect(endOf("2027-01-31T00:00:00Z", 0)).toBe("2027-01-31T00:00:00.000Z");
  expect(() => endOf("soon", 0)).toThrow(/90d/);
});

it("token create --api: with a role, networks and an end", async () => {
  const flags = ["--name", "report", "--role", "viewer", "--network", "prod,lab", "--expires", "90d", "--json"];
  const { stdout, code } = await run(["token", "create", "--api", ...flags]);
  expect(code).toBe(0);
  const { token } = JSON.parse(stdout) as { token: string };
  expect((await test.ask("GET", "/api/auth/me", { token })).body).toMatchObject({ role: "viewer", networks: ["prod", "lab"] });
  const { stdout: listed } = await run(["token", "list"]);
  expect(listed).toMatch(/ api +report .* viewer of prod, lab {2}until 20/);
  expect(await run(["token", "create", "--node", "debian", "--role", "viewer"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--role goes with --api"),
  });
});
