/** An agent's token from enrolment to its end: the agent's own parts against a real server, and the agent as a process where it must end. */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../packages/agent/src/clock.ts";
import { AgentToken } from "../../packages/agent/src/ship/agent-token.ts";
import { Enroller } from "../../packages/agent/src/ship/enroller.ts";
import { HttpClient } from "../../packages/agent/src/ship/http.ts";
import { ServerConfigPoller } from "../../packages/agent/src/ship/server-config.ts";
import { Shipper } from "../../packages/agent/src/ship/ship.ts";
import { Spool } from "../../packages/agent/src/spool/spool.ts";
import type { AgentLogger } from "../../packages/agent/src/status/logger.ts";
import { addJsonRow, encodeBatch, FlowBatch, SENDER_COLUMNS } from "../../packages/model/src/index.ts";
import { rowNow, startTestServer, type TestServer } from "../../packages/server/src/testing.ts";

let server: TestServer;
let state = "";
beforeAll(async () => {
  server = await startTestServer({ flags: { "auth.max_failures": "10000", "ingest.commit_interval_ms": "20" } });
});
afterAll(() => server.stop());
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "ft-enrol-"));
});
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  rmSync(state, { recursive: true });
});

const said: string[] = [];
const log = Object.fromEntries(
  ["debug", "info", "warn", "error"].map((level) => [
    level,
    (details: object, message: string) => said.push(`${level} ${message} ${JSON.stringify(details)}`),
  ]),
) as unknown as AgentLogger;

interface Made {
  readonly id: string;
  readonly token: string;
}
const enrolToken = async (terms: object = {}) =>
  (await server.ask<Made>("POST", "/api/tokens/enrol", { body: terms })).body.token;

/** What an agent has for its token. */
function agent(node: string, given: { tokenFile?: string; enrolTokenFile?: string; enrolToken?: string }, url = server.url) {
  const token = new AgentToken({ node, state, ...given });
  const http = new HttpClient({ server: new URL(url), timeoutMs: 5000 });
  stops.push(() => http.close());
  return { token, http, enroller: new Enroller({ node, state }, { token, http, log }) };
}

/** The rest of what ships. */
function shipping(node: string, { token, http, enroller }: ReturnType<typeof agent>) {
  const spool = new Spool({ dir: join(state, "spool"), maxBytes: 1 << 24, maxSegmentBytes: 1 << 16 });
  spool.open();
  const deps = { http, token: () => token.current(), clock: systemClock, random: () => 0.5, log };
  const tokenChanged = (from: string | null, signal: AbortSignal) => token.changed(from, signal);
  const shipper = new Shipper({ node, maxPauseMs: 1000 }, { ...deps, spool, tokenChanged, tokenPlace: token.place });
  const stop = new AbortController();
  const config = new ServerConfigPoller(
    { path: join(state, "server-config.json"), everyMs: 100 },
    { ...deps, node, onChange: () => undefined, onRotate: () => enroller.renew(stop.signal) },
  );
  shipper.start();
  stops.push(async () => {
    stop.abort();
    await Promise.all([shipper.stop(0), config.stop()]);
    spool.close();
  });
  let id = 0;
  const add = () => {
    const batch = new FlowBatch(1);
    addJsonRow(batch, rowNow({ reporter: node, flow_id: String(1000 + id++) }));
    const coveredToMs = Date.now();
    const metadata = {
      agent_version: "1",
      covered_from: coveredToMs - 1000,
      covered_to: coveredToMs,
      addresses: {},
      drops: {},
      gauges: {},
    };
    spool.append(encodeBatch(batch, { columns: SENDER_COLUMNS, metadata }), {
      rows: 1,
      coveredFromMs: coveredToMs - 1000,
      coveredToMs,
    });
    shipper.notify();
    return id;
  };
  return { spool, shipper, config, add };
}

describe("first contact", () => {
  it("changes the enrolment token for one of the agent's own, in a file that nobody else can read; a later start needs it no more", async () => {
    const file = join(state, "enrol");
    writeFileSync(file, `${await enrolToken()}\n`, { mode: 0o600 });
    const first = agent("e1", { enrolTokenFile: file });
    expect(() => first.token.current()).toThrow(/not enrolled yet/);
    expect(await first.enroller.enrol()).toBe("done");
    const path = join(state, "e1.token");
    expect([statSync(path).mode & 0o777, first.token.current()]).toEqual([0o600, readFileSync(path, "utf8").split("\n")[0]]);
    expect(readdirSync(state).sort()).toEqual(["e1.token", "enrol"]);
    expect(await first.enroller.enrol()).toBe("nothing to do");
    rmSync(file);
    for (const given of [{ enrolTokenFile: file }, {}]) {
      const later = agent("e1", given);
      expect(await later.enroller.enrol()).toBe("nothing to do");
      expect(later.token.current()).toBe(first.token.current());
    }
  });

  it("loses nothing when the answer is lost, or the agent dies before it has kept it", async () => {
    const token = await enrolToken();
    const lossy = await losing(server.url);
    const first = agent("e2", { enrolToken: token }, lossy.url);
    expect(await first.enroller.enrol()).toMatchObject({ later: expect.any(String) });
    expect(lossy.requests).toBe(1);
    // Another process, as after a crash.
    const second = agent("e2", { enrolToken: token });
    expect(await second.enroller.enrol()).toBe("done");
    const { body } = await server.ask<{ tokens: { node: string | null }[] }>("GET", "/api/tokens");
    expect(body.tokens.filter(({ node }) => node === "e2")).toHaveLength(1);
  });

  it("waits for a server that is away; what was recorded meanwhile is delivered then", async () => {
    const away = agent("e3", { enrolToken: await enrolToken() }, "http://127.0.0.1:9");
    expect(await away.enroller.enrol()).toMatchObject({ later: expect.stringContaining("nothing listens") });
    const here = agent("e3", { enrolToken: away.token.wanted()?.token ?? "" });
    const { add, spool, shipper } = shipping("e3", here);
    add();
    await expect.poll(() => shipper.lastError).toContain("not enrolled yet");
    expect(await here.enroller.enrol()).toBe("done");
    await expect.poll(() => spool.depth.batches, { timeout: 10_000 }).toBe(0);
  });

  it("with a new enrolment token replaces an own one that is no good any more, and keeps a good one if it is refused", async () => {
    const first = agent("e4", { enrolToken: await enrolToken() });
    await first.enroller.enrol();
    const own = first.token.current();
    const other = agent("e4", { enrolToken: "ft_enrol_wrong" });
    expect(await other.enroller.enrol()).toMatchObject({ hasNone: false });
    expect(other.token.current()).toBe(own);
    const next = agent("e4", { enrolToken: await enrolToken() });
    expect(await next.enroller.enrol()).toBe("done");
    expect(next.token.current()).not.toBe(own);
  });

  it.each([
    ["wrong", async () => "ft_enrol_wrong", "no enrolment token of this server"],
    [
      "spent",
      async () => {
        const token = await enrolToken();
        await agent("e5", { enrolToken: token }).enroller.enrol();
        return token;
      },
      "used up already",
    ],
    ["for another node", () => enrolToken({ node: "other" }), "is for other"],
  ])("a %s token ends the agent with a code of its own and a sentence", async (_what, make, sentence) => {
    const env = { ...process.env, FLOWTRAIL_ENROL_TOKEN: await make() };
    const main = fileURLToPath(new URL("../../packages/agent/src/run.ts", import.meta.url));
    const args = [main, `--server=${server.url}`, "--node=e6", `--state=${join(state, "agent")}`];
    const ended = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(process.execPath, args, { env }, (error, _stdout, stderr) => resolve({ code: error?.code, stderr }));
    });
    expect(ended).toMatchObject({ code: 6, stderr: expect.stringContaining(sentence) });
    expect(ended.stderr).not.toContain(env.FLOWTRAIL_ENROL_TOKEN);
  });
});

describe("a token that changes", () => {
  it("is changed when the server says so, while batches go on, and none is lost", async () => {
    const tokenFile = join(state, "given");
    const old = await server.agentToken("r1");
    writeFileSync(tokenFile, old, { mode: 0o600 });
    const one = agent("r1", { tokenFile });
    const { add, spool, config } = shipping("r1", one);
    await config.start(1000);
    const pump = setInterval(add, 5);
    stops.push(() => clearInterval(pump));
    await server.ask("POST", "/api/tokens/rotate", { body: { node: "r1" } });
    await expect.poll(() => one.token.current(), { timeout: 10_000 }).not.toBe(old);
    // The given file is another's: it is left as it is.
    expect(readFileSync(tokenFile, "utf8")).toBe(old);
    await expect
      .poll(async () => (await server.ask("GET", "/agent/v1/config", { token: old })).status, { timeout: 10_000 })
      .toBe(401);
    clearInterval(pump);
    const sent = add();
    await expect.poll(() => spool.depth.batches, { timeout: 10_000 }).toBe(0);
    const count = async () => (await server.ask<{ count: number }>("GET", "/api/flows/count?q=reporter%3Dr1")).body.count;
    await expect.poll(count, { timeout: 10_000 }).toBe(sent);
    // The one that people bring is newer than what the agent keeps.
    const brought = await server.agentToken("r1");
    writeFileSync(tokenFile, brought);
    expect(one.token.current()).toBe(brought);
  });

  it("that was revoked stops the delivery and nothing else; the agent says what mends it, and goes on when that was done", async () => {
    const tokenFile = join(state, "given");
    const { id, token } = (await server.ask<Made>("POST", "/api/tokens", { body: { kind: "agent", node: "r2" } })).body;
    writeFileSync(tokenFile, token, { mode: 0o600 });
    const { add, spool, shipper } = shipping("r2", agent("r2", { tokenFile }));
    add();
    await expect.poll(() => spool.depth.batches, { timeout: 10_000 }).toBe(0);
    await server.ask("DELETE", `/api/tokens/${id}`);
    add();
    add();
    await expect.poll(() => shipper.state, { timeout: 10_000 }).toBe("unauthorized");
    expect(shipper.lastError).toContain("flowtrail token create --node r2");
    expect(shipper.lastError).toContain(tokenFile);
    expect(spool.depth.batches).toBe(2);
    const attempts = shipper.stats.attempts;
    writeFileSync(tokenFile, await server.agentToken("r2"));
    await expect.poll(() => spool.depth.batches, { timeout: 10_000 }).toBe(0);
    expect(shipper.stats.attempts).toBeLessThan(attempts + 6);
    expect(shipper.lastError).toBe("");
  });
});

/** A server in front of another one that never tells the answer. */
async function losing(url: string): Promise<{ url: string; readonly requests: number }> {
  let requests = 0;
  const proxy: Server = createServer((request, response) => {
    requests++;
    const { method, headers } = request;
    const onward = httpRequest(
      new URL(request.url ?? "", url),
      { ...(method === undefined ? {} : { method }), headers },
      (answer) => {
        answer.resume().on("end", () => response.socket?.destroy());
      },
    );
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  stops.push(() => void proxy.close());
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    get requests() {
      return requests;
    },
  };
}
