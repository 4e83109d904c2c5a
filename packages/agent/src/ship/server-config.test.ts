import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatAddress, formatCidr } from "@flowtrail/model";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AgentLogger } from "../status/logger.ts";
import { HttpClient } from "./http.ts";
import { DEFAULT_SERVER_CONFIG, type ServerConfig, ServerConfigPoller } from "./server-config.ts";

let dir = "";
let server: Server;
let http: HttpClient;
let poller: ServerConfigPoller;
let answer: { status: number; body: string; etag: string };
let asked: (string | undefined)[] = [];
let changes: ServerConfig[] = [];
let logged: string[] = [];
let pauses: number[] = [];
/** Lets the next pause end. */
let tick: () => void = () => undefined;
const log = Object.fromEntries(
  ["debug", "info", "warn", "error"].map((level) => [
    level,
    (_details: object, message: string) => logged.push(`${level}: ${message}`),
  ]),
) as unknown as AgentLogger;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ft-config-"));
  [asked, changes, logged, pauses] = [[], [], [], []];
  answer = { status: 200, body: "{}", etag: "" };
  server = createServer((request, response) => {
    asked.push(request.headers["if-none-match"]);
    expect(request.url).toBe("/agent/v1/config");
    expect(request.headers.authorization).toBe("Bearer t");
    const { status, body, etag } = answer;
    if (etag !== "" && request.headers["if-none-match"] === etag) response.writeHead(304).end();
    else response.writeHead(status, etag === "" ? {} : { etag }).end(body);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  http = new HttpClient({ server: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), timeoutMs: 5000 });
  poller = make();
});
afterEach(async () => {
  await poller.stop();
  http.close();
  await new Promise((resolve) => server.close(resolve));
  rmSync(dir, { recursive: true });
});

function make(): ServerConfigPoller {
  const clock = {
    now: () => 0,
    sleep: (ms: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => resolve());
        pauses.push(ms);
        tick = resolve;
      }),
  };
  const token = (): string => "t";
  const path = join(dir, "server-config.json");
  return new ServerConfigPoller(
    { path, everyMs: 7000 },
    { node: "debian", http, token, clock, random: () => 0.5, log, onChange: (c) => changes.push(c) },
  );
}
/** Lets one more question be asked and answered. */
async function again(): Promise<void> {
  const count = asked.length;
  tick();
  await expect.poll(() => asked.length).toBe(count + 1);
}
const CONFIG = {
  version: "1",
  enabled: false,
  networks: [
    {
      id: "n",
      ranges: ["100.64.0.0/10"],
      egress: [
        { id: "lan", ranges: ["10.20.0.0/16"], behind_reporter: false },
        { id: "site", ranges: ["10.30.0.0/16"] },
      ],
      members: ["100.102.137.21"],
      names: "second-level",
    },
  ],
  capture: { icmp: false, dns: true, names: "off" },
  update_interval_s: 20,
  flush_interval_ms: 1000,
  exclude: ["10.0.0.0/8"],
  something_newer: true,
};

describe("the server's configuration", () => {
  it("is read, with defaults for what is not said", async () => {
    answer.body = JSON.stringify(CONFIG);
    await poller.start(1000);
    const { current } = poller;
    expect(current).toMatchObject({
      enabled: false,
      capture: { icmp: false, dns: true, names: "off" },
      update_interval_s: 20,
      flush_interval_ms: 1000,
    });
    expect(current.networks[0]?.ranges.map(formatCidr)).toEqual(["100.64.0.0/10"]);
    expect(current.networks[0]?.members.map((bytes) => formatAddress(bytes))).toEqual(["100.102.137.21"]);
    expect(current.networks[0]).toMatchObject({ names: "second-level", egress: [{ behindReporter: false }, {}] });
    expect(current.networks[0]?.egress[1]).not.toHaveProperty("behindReporter");
    answer = { ...answer, body: "{}" };
    await again();
    await expect.poll(() => poller.current.capture.names).toBe("full");
    // Before anybody has said that they may be captured.
    expect(DEFAULT_SERVER_CONFIG).toMatchObject({
      enabled: true,
      networks: [],
      capture: { icmp: true, dns: true, names: "off" },
      update_interval_s: 10,
      flush_interval_ms: 500,
    });
  });

  it("may have ids as long as the inventory's", async () => {
    const id = "n".repeat(256);
    answer.body = JSON.stringify({ networks: [{ id, ranges: [], egress: [{ id, ranges: [] }] }] });
    await poller.start(1000);
    expect(poller.current.networks).toMatchObject([{ id, egress: [{ id }] }]);
  });

  it("is asked for again with its ETag, and told when it changed", async () => {
    answer = { status: 200, body: JSON.stringify(CONFIG), etag: '"1"' };
    await poller.start(1000);
    await again();
    expect(asked).toEqual([undefined, '"1"']);
    expect(changes).toEqual([]);
    // After the pause that was configured.
    expect(pauses).toContain(7000);
    answer = { status: 200, body: JSON.stringify({ ...CONFIG, enabled: true }), etag: '"2"' };
    await again();
    await expect.poll(() => changes.length).toBe(1);
    expect(changes[0]?.enabled).toBe(true);
  });

  it("stays as it was when the server is away, in trouble or talks nonsense", async () => {
    answer.body = JSON.stringify(CONFIG);
    await poller.start(1000);
    for (const bad of [
      { status: 503, body: "busy" },
      { status: 200, body: "<html>" },
      { status: 200, body: JSON.stringify({ ...CONFIG, networks: [{ id: "n", ranges: ["10.0.0.0/99"] }] }) },
    ]) {
      answer = { ...bad, etag: "" };
      await again();
    }
    await expect.poll(() => logged.filter((line) => line.startsWith("error"))).toHaveLength(1);
    expect(changes).toEqual([]);
    expect(poller.current.update_interval_s).toBe(20);
  });

  it("is kept on disk for a start without the server; a damaged copy is no harm", async () => {
    answer.body = JSON.stringify(CONFIG);
    await poller.start(1000);
    await poller.stop();
    answer = { status: 500, body: "", etag: "" };
    poller = make();
    await poller.start(1000);
    expect(poller.current.update_interval_s).toBe(20);
    await poller.stop();
    writeFileSync(join(dir, "server-config.json"), "{");
    poller = make();
    await poller.start(1000);
    expect(poller.current).toEqual(DEFAULT_SERVER_CONFIG);
  });
});
