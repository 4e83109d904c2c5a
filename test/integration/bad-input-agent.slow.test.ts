/** What can be wrong around a running agent: it says loudly what to do, loses nothing that it may keep, and goes on by itself when things are right. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FlowJson } from "@flowtrail/model";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { needs } from "../needs.ts";
import { until } from "./harness/bed.ts";
import { Cli, expectRefusal, flowtrail } from "./harness/cli.ts";
import { fetchIn } from "./harness/fetch-in.ts";
import { TwoNamespaces } from "./harness/two-namespaces.ts";

/** The part of an agent's status.json that is looked at. */
interface Status {
  readonly state: string;
  readonly problems: readonly string[];
  readonly spool: { readonly batches: number; readonly appendErrors: number };
  readonly ship: { readonly state: string; readonly accepted: number };
}

describe.skipIf(!needs("what can be wrong around a running agent", "root", "cc"))("an agent", () => {
  const bed = new TwoNamespaces("bad");
  const dir = mkdtempSync(join(tmpdir(), "flowtrail-bad-agent-"));
  const data = join(dir, "data");
  const tokenFile = join(dir, "node.token");
  const server = "http://127.0.0.1:8080";
  const inNode = { prefix: bed.in(bed.a) };
  let collector: Cli;
  let agent: Cli | null = null;

  beforeAll(async () => {
    bed.up();
    collector = new Cli(["server", "--listen", "127.0.0.1:8080", "--data", data, "--auth-max-failures", "1000"], inNode);
    await collector.says(/the server is up/);
  }, 60_000);
  afterEach(async () => {
    await agent?.stop("SIGKILL");
    agent = null;
  });
  afterAll(async () => {
    await collector?.stop();
    bed.down();
    rmSync(dir, { recursive: true, force: true });
  }, 30_000);

  const command = (state: string, ...more: string[]) => [
    "agent",
    "--server",
    server,
    "--node",
    "node",
    "--state",
    state,
    ...more,
  ];
  async function start(state: string, ...more: string[]): Promise<Cli> {
    agent = new Cli(command(state, "--token-file", tokenFile, ...more), inNode);
    await agent.says(/"msg":"capturing"/);
    return agent;
  }
  const newToken = async (...args: string[]) => {
    const { stdout } = await flowtrail(["token", "create", "--json", "--data", data, ...args], inNode);
    return JSON.parse(stdout) as { id: string; token: string };
  };
  const setToken = (token: string, mode = 0o600) => {
    writeFileSync(tokenFile, `${token}\n`, { mode });
    chmodSync(tokenFile, mode);
  };
  const statusOf = (state: string) => JSON.parse(readFileSync(join(state, "status.json"), "utf8")) as Status;
  /** One datagram to a port that nobody else uses. */
  const touch = (port: number) => bed.exec(bed.b, "bash", "-c", `echo > /dev/udp/${bed.addressA}/${port}`);
  /** How often flows to these ports are stored. */
  async function stored(...ports: number[]): Promise<number[]> {
    const authorization = `Bearer ${readFileSync(join(data, "admin.token"), "utf8").trim()}`;
    const path = "/api/flows?reports=all&protocol=17&from=-1h&limit=1000";
    const { body } = await fetchIn<{ flows: FlowJson[] }>(bed.a, `${server}${path}`, { headers: { authorization } });
    return ports.map((port) => body.flows.filter((flow) => flow.dst_port === port).length);
  }

  it("with a token that is not good says what to do, keeps its spool, and delivers it when the token is", {
    timeout: 120_000,
  }, async () => {
    const state = join(dir, "token");
    setToken("wrong", 0o644);
    const running = await start(state);
    expect(running.stderr).toMatch(/every user of this machine can read .*node\.token \(mode 644\): chmod 600/);
    await running.says(
      /the server does not accept this node's token: make a new one on the server \(flowtrail token create --node NAME\)/,
    );
    expect(running.stderr).toMatch(/HTTP 401/);
    touch(4001);
    await until("what happened waits in the spool", 30_000, () => statusOf(state).spool.batches > 1);
    expect(statusOf(state)).toMatchObject({ state: "running", ship: { state: "unauthorized", accepted: 0 } });
    expect(statusOf(state).problems.join()).toMatch(/credentials are needed here: an agent's token/);

    // Of another kind: as bad.
    setToken((await newToken("--api")).token);
    await until("the other kind is refused", 60_000, () =>
      /HTTP 403|an agent's token .* is needed here/.test(statusOf(state).problems.join()),
    );

    const { id, token } = await newToken("--node", "node");
    setToken(token);
    await until("all is delivered", 90_000, async () => (await stored(4001))[0] === 1 && statusOf(state).spool.batches === 0);
    expect(statusOf(state).problems).toEqual([]);

    expect(await flowtrail(["token", "revoke", id, "--data", data], inNode)).toMatchObject({ code: 0 });
    touch(4002);
    await until(
      "the spool fills again",
      60_000,
      () => statusOf(state).ship.state === "unauthorized" && statusOf(state).spool.batches > 0,
    );
    expect(await stored(4001, 4002)).toEqual([1, 0]);
    expect(await running.stop()).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("the spool keeps what the server has not taken"),
    });
  });

  it("whose disk is full goes on, counts, and writes again when there is space", { timeout: 120_000 }, async () => {
    const state = join(dir, "tiny");
    const filler = join(state, "filler");
    mkdirSync(state);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "flowtrail-test", state]);
    try {
      setToken((await newToken("--node", "node")).token);
      const running = await start(state);
      await until(
        "it has written and delivered",
        30_000,
        () => statusOf(state).ship.accepted >= 0 && statusOf(state).spool.batches === 0,
      );
      expect(() => writeFileSync(filler, new Uint8Array(2 << 20))).toThrow(/ENOSPC/);
      touch(4011);
      await running.says(
        /cannot write .*no space left on the disk \(ENOSPC\). Free some space there, or move the state directory \(--state\). Flows wait in memory/,
      );
      touch(4012);
      rmSync(filler);
      await running.says(/the spool can be written again/);
      await until("what happened meanwhile is delivered", 30_000, async () => (await stored(4011, 4012)).join() === "1,1");
      await until("the status is told again", 30_000, () => statusOf(state).spool.appendErrors > 0);
      expect(await running.stop()).toMatchObject({ code: 0, stderr: expect.stringContaining("the server has everything") });
    } finally {
      await agent?.stop("SIGKILL");
      execFileSync("umount", ["--lazy", state]);
    }
  });

  it("has its state directory for itself", async () => {
    const state = join(dir, "shared");
    setToken((await newToken("--node", "node")).token);
    await start(state);
    const second = await flowtrail(command(state, "--token-file", tokenFile), inNode);
    expectRefusal(
      second,
      4,
      /another flowtrail agent is running on this directory .*Stop it first, or give this one a --state of its own/,
    );
    await until("the first goes on", 30_000, () => statusOf(state).state === "running");
  });

  it("on a kernel without conntrack says what to load", async () => {
    const source = fileURLToPath(new URL("./harness/no-netfilter.c", import.meta.url));
    const without = join(dir, "no-netfilter");
    execFileSync("cc", ["-O2", "-o", without, source]);
    setToken("any");
    const ended = await flowtrail(command(join(dir, "none"), "--token-file", tokenFile), { prefix: [...bed.in(bed.a), without] });
    expectRefusal(ended, 5, /kernel without conntrack: load nf_conntrack and nf_conntrack_netlink \(`modprobe -a/);
  });

  it("that can't understand its flags ends `flowtrail up`, too", async () => {
    const args = [
      "up",
      "--listen",
      "127.0.0.1:0",
      "--data",
      join(dir, "up"),
      "--state",
      join(dir, "up-state"),
      "--network",
      "nonsense",
    ];
    const { code, stderr } = await flowtrail(args, inNode);
    expect(stderr).toMatch(/networks\.0: expected ID=CIDR\[,CIDR…\].*got "nonsense" \(--network\)/);
    expect(code).toBe(2);
    expect(bed.processes(bed.a).filter((line) => line.includes(join(dir, "up")))).toEqual([]);
  });
});
