/** `flowtrail up`: one command, one link, this machine's own flows; nothing is left of it, however it ends. */
import { execFileSync } from "node:child_process";
import { chownSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { FlowJson } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { needs } from "../needs.ts";
import { asNobody, NOBODY } from "../nobody.ts";
import { until } from "./harness/bed.ts";
import { Cli, type CliOptions, FLOWTRAIL_BIN, flowtrail } from "./harness/cli.ts";
import { type FetchOptions, fetchIn } from "./harness/fetch-in.ts";
import { TwoNamespaces } from "./harness/two-namespaces.ts";

interface Health {
  readonly local_agent: { readonly state: string; readonly message: string | null } | null;
  readonly sample: boolean;
}

const LINK = /(http:\/\/\S+)\/#signin=(\S+)/g;
const linksIn = (text: string) => [...text.matchAll(LINK)].map(([, url = "", code = ""]) => ({ url, code }));

describe.skipIf(!needs("flowtrail up, as root", "root"))("flowtrail up, as root", () => {
  const bed = new TwoNamespaces("up");
  const dir = mkdtempSync(join(tmpdir(), "flowtrail-up-"));
  const [data, state] = [join(dir, "data"), join(dir, "state")];
  const args = ["up", "--data", data, "--state", state];
  const start = (options: CliOptions = {}) =>
    new Cli(args, { prefix: bed.in(bed.a), program: [process.execPath, FLOWTRAIL_BIN], ...options });
  let up: Cli;

  beforeAll(async () => {
    bed.up();
    up = start();
    await up.says(/#signin=/);
  }, 120_000);
  afterAll(async () => {
    await up?.stop();
    bed.down();
    rmSync(dir, { recursive: true, force: true });
  });

  const url = () => linksIn(up.stdout)[0]?.url ?? "";
  const admin = () => ({ authorization: `Bearer ${readFileSync(join(data, "admin.token"), "utf8").trim()}` });
  const ask = async <T>(path: string, options: FetchOptions = {}) =>
    (await fetchIn<T>(bed.a, `${url()}${path}`, { headers: admin(), ...options })).body;
  const flows = async () => (await ask<{ flows: FlowJson[] }>("/api/flows?network=local&reports=all")).flows;
  const localAgent = async () => (await ask<Health>("/api/health")).local_agent?.state;
  const nothingLeft = () =>
    until(
      "nothing of it runs any more",
      40_000,
      () => bed.processes(bed.a).length === 0,
      () => bed.processes(bed.a).join("\n"),
    );

  it("prints one link, which signs one browser in, once", async () => {
    const links = linksIn(up.stdout + up.stderr);
    expect(links).toHaveLength(1);
    const [{ code } = { code: "" }] = links;
    const signIn = () =>
      fetchIn<{ error?: { message: string } }>(bed.a, `${url()}/api/auth/signin`, { method: "POST", body: { code } });
    const { status, headers } = await signIn();
    expect(status).toBe(204);
    const cookie = headers["set-cookie"]?.split(";")[0] ?? "";
    expect((await fetchIn(bed.a, `${url()}/api/flows`, { headers: { cookie } })).status).toBe(200);
    expect((await fetchIn(bed.a, `${url()}/api/flows`)).status).toBe(401);
    const again = await signIn();
    expect(again.status).toBe(401);
    expect(again.body.error?.message).toContain("npx flowtrail link");
  });

  it("shows this machine's flows in the network local", async () => {
    await until("the agent captures", 30_000, async () => (await localAgent()) === "running");
    bed.exec(bed.b, "ping", "-c", "2", "-i", "0.2", bed.addressA);
    bed.exec(bed.a, "ping", "-c", "1", bed.addressB);
    let found: FlowJson[] = [];
    const of = (src: string) => found.find((flow) => flow.src_ip === src && flow.protocol === 1);
    await until(
      "both pings are listed",
      30_000,
      async () => {
        found = await flows();
        return of(bed.addressB) !== undefined && of(bed.addressA) !== undefined;
      },
      () => JSON.stringify(found),
    );
    expect(of(bed.addressB)).toMatchObject({ direction: "ingress", role: "responder", dst_ip: bed.addressA, dst_type: "node" });
    expect(of(bed.addressA)).toMatchObject({ direction: "egress", role: "initiator", dst_ip: bed.addressB, src_type: "node" });
  });

  it("finds the server and the agent that run already, and prints another link", async () => {
    const { code, stdout, stderr } = await start().ended;
    expect(stderr).toMatch(/a server is running on .*data already \(pid \d+\)/);
    expect(stderr).toMatch(/an agent is running on .*state already \(pid \d+\)/);
    const links = linksIn(stdout);
    expect(links).toHaveLength(1);
    const body = { code: links[0]?.code };
    expect((await fetchIn(bed.a, `${url()}/api/auth/signin`, { method: "POST", body })).status).toBe(204);
    expect(code).toBe(0);
    expect(await localAgent()).toBe("running");
  });

  it("starts its server again when that dies, and tells it about the agent", async () => {
    const { pid } = JSON.parse(readFileSync(join(data, "server.json"), "utf8")) as { pid: number };
    process.kill(pid, "SIGKILL");
    await up.says(/the server ended \(SIGKILL\); starting it again/);
    await until("the new server knows of the agent", 60_000, async () => (await localAgent().catch(() => null)) === "running");
  });

  it("stops all on Ctrl-C", async () => {
    expect(await up.stop("SIGINT")).toMatchObject({ code: 0, signal: null });
    expect(bed.processes(bed.a)).toEqual([]);
    expect(up.stderr).toContain("stopped: the server has everything");
  });

  it("leaves no server, engine or agent behind when it is killed", { timeout: 120_000 }, async () => {
    up = start();
    await up.says(/#signin=/);
    await until("the agent captures", 30_000, async () => (await localAgent()) === "running");
    // up, server, engine, agent
    expect(bed.processes(bed.a)).toHaveLength(4);
    await up.stop("SIGKILL");
    await nothingLeft();
  });

  const old = oldNode();
  it.skipIf(old === null)("runs on the Node that it brings, whatever Node started it", { timeout: 120_000 }, async () => {
    const program = [old ?? "", FLOWTRAIL_BIN];
    expect(await flowtrail(["--version"], { program })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
    expect(await flowtrail(["lab", "status", "--name", "nowhere"], { program })).toMatchObject({ code: 1 });
    expect(await flowtrail(["nonsense"], { program })).toMatchObject({ code: 2 });
    up = start({ program });
    await up.says(/#signin=/);
    expect(await up.stop("SIGINT")).toMatchObject({ code: 0, signal: null });
    expect(bed.processes(bed.a)).toEqual([]);
    up = start({ program });
    await up.says(/#signin=/);
    await up.stop("SIGKILL");
    await nothingLeft();
  });
});

describe.skipIf(!needs("flowtrail up without privileges", "root"))("flowtrail up without privileges", () => {
  const dir = mkdtempSync(join(tmpdir(), "flowtrail-up-nobody-"));
  let up: Cli;
  let url = "";

  beforeAll(async () => {
    chownSync(dir, NOBODY, NOBODY);
    const args = ["up", "--listen", "127.0.0.1:0", "--data", join(dir, "data"), "--state", join(dir, "state")];
    up = new Cli(args, { prefix: asNobody(), env: { HOME: dir } });
    await up.says(/#signin=/);
    url = linksIn(up.stdout)[0]?.url ?? "";
  }, 120_000);
  afterAll(async () => {
    await up?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const ask = async <T>(path: string, init: RequestInit = {}) => {
    const authorization = `Bearer ${readFileSync(join(dir, "data", "admin.token"), "utf8").trim()}`;
    const answer = await fetch(`${url}${path}`, { ...init, headers: { authorization, "content-type": "application/json" } });
    return (await answer.json()) as T;
  };

  it("says why nothing is captured, and what to do", async () => {
    const { local_agent: agent } = await ask<Health>("/api/health");
    expect(agent).toEqual({ state: "no_privileges", message: expect.stringMatching(/needs root.*sudo npm start/) });
    expect(up.stderr).toContain(agent?.message);
  });

  it("makes sample traffic when asked, never among real flows", async () => {
    await ask("/api/sample", { method: "POST", body: JSON.stringify({ on: true }) });
    const list = async (query: string) => (await ask<{ flows: FlowJson[] }>(`/api/flows?from=-1h&${query}`)).flows;
    let sample: FlowJson[] = [];
    await until("there is sample traffic", 30_000, async () => {
      sample = await list("network=sample");
      return sample.length > 0;
    });
    expect(new Set(sample.map((flow) => flow.network))).toEqual(new Set(["sample"]));
    expect(await list("reports=all")).toEqual([]);
    expect((await ask<Health>("/api/health")).sample).toBe(true);
  });

  it("stops on Ctrl-C", async () => {
    expect(await up.stop("SIGINT")).toMatchObject({ code: 0, signal: null });
  });
});

/** A Node on this machine that can't run our TypeScript, or null. */
function oldNode(): string | null {
  const all = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "node"));
  return all.find((node) => isOld(node)) ?? null;
}

function isOld(node: string): boolean {
  try {
    const [major = 0, minor = 0] = execFileSync(node, ["-p", "process.versions.node"], { encoding: "utf8" })
      .split(".")
      .map(Number);
    return major < 24 || (major === 24 && minor < 2);
  } catch {
    return false; // not there
  }
}
