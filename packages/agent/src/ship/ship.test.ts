/** The shipper against a real HTTP server that behaves as badly as servers and networks do. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { addJsonRow, type BatchMetadata, decodeBatch, encodeBatch, FlowBatch, SENDER_COLUMNS } from "@flowtrail/model";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Spool } from "../spool/spool.ts";
import type { AgentLogger } from "../status/logger.ts";
import { AgentToken } from "./agent-token.ts";
import { Enroller } from "./enroller.ts";
import { HttpClient } from "./http.ts";
import { Shipper } from "./ship.ts";

interface Upload {
  readonly id: string;
  readonly headers: IncomingMessage["headers"];
  readonly ports: (number | null)[];
  readonly metadata: unknown;
}
type Handler = (upload: Upload, response: ServerResponse, request: IncomingMessage) => void;

/** A server that keeps what it accepted, as Flowtrail's does: by batch id. */
class TestServer {
  readonly uploads: Upload[] = [];
  readonly accepted = new Map<string, Upload>();
  /** What to do with the next uploads; then they are accepted. */
  readonly plan: Handler[] = [];
  connections = 0;
  #server: Server | null = null;
  port = 0;

  async start(port = 0): Promise<void> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request
        .on("data", (chunk: Buffer) => chunks.push(chunk))
        .on("end", () => this.#receive(Buffer.concat(chunks), request, response));
    });
    server.on("connection", () => this.connections++);
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    this.port = (server.address() as AddressInfo).port;
  }

  #receive(body: Buffer, request: IncomingMessage, response: ServerResponse): void {
    const { batch, metadata } = decodeBatch(zstdDecompressSync(body), { maxRows: 10_000 });
    const ports = Array.from({ length: batch.length }, (_, row) => batch.columns.src_port.get(row));
    const upload = { id: String(request.headers["flowtrail-batch"]), headers: request.headers, ports, metadata };
    this.uploads.push(upload);
    (this.plan.shift() ?? accept)(upload, response, request);
  }

  stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    server?.closeAllConnections();
    return new Promise((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }
}
let server = new TestServer();
const accept: Handler = (upload, response) => {
  server.accepted.set(upload.id, upload);
  json(response, 200, { accepted: upload.ports.length, duplicate: 0, rejected: [] });
};
function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}
const answer =
  (status: number, body: unknown = { error: { message: "no" } }, headers: Record<string, string> = {}): Handler =>
  (_upload, response) =>
    json(response, status, body, headers);

let dir = "";
let spool: Spool;
let shipper: Shipper | null = null;
let http: HttpClient | null = null;
let pauses: number[] = [];
let said: { level: string; message: string; details: Record<string, unknown> }[] = [];
const log = Object.fromEntries(
  ["debug", "info", "warn", "error"].map((level) => [
    level,
    (details: Record<string, unknown>, message: string) => said.push({ level, message, details }),
  ]),
) as unknown as AgentLogger;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ft-ship-"));
  pauses = [];
  said = [];
  clock.sleep = noPause;
  spool = new Spool({ dir, maxBytes: 1 << 24, maxSegmentBytes: 1 << 16 });
  spool.open();
  server = new TestServer();
  await server.start();
});
afterEach(async () => {
  await shipper?.stop(0);
  shipper = null;
  http?.close();
  await server.stop();
  spool.close();
  rmSync(dir, { recursive: true });
});

const metadata: BatchMetadata = {
  agent_version: "1",
  covered_from: 1,
  covered_to: 2,
  addresses: {},
  drops: { self: 3 },
  gauges: {},
};
function add(...ports: number[]): number {
  const batch = new FlowBatch(4);
  for (const port of ports) addJsonRow(batch, { reporter: "n", src_port: port });
  return spool.append(encodeBatch(batch, { columns: SENDER_COLUMNS, metadata }), {
    rows: ports.length,
    coveredFromMs: 1,
    coveredToMs: 2,
  });
}
/** Pauses last no time; they are noted. */
async function noPause(ms: number): Promise<void> {
  pauses.push(ms);
  await new Promise((resolve) => setImmediate(resolve));
}
const clock = { now: () => 1_700_000_000_000, sleep: noPause as (ms: number) => Promise<void> };
function start(options: { token?: () => string | null; timeoutMs?: number } = {}): Shipper {
  http = new HttpClient({ server: new URL(`http://127.0.0.1:${server.port}`), timeoutMs: options.timeoutMs ?? 5000 });
  const token = options.token ?? (() => "secret");
  shipper = new Shipper({ node: "gw", maxPauseMs: 30_000 }, { spool, http, token, clock, random: () => 0.5, log });
  shipper.start();
  return shipper;
}
const until = (done: () => boolean): Promise<void> => expect.poll(done, { timeout: 10_000, interval: 5 }).toBe(true);
const emptied = (): Promise<void> => until(() => spool.depth.batches === 0);
const acceptedPorts = (): (number | null)[] => [...server.accepted.values()].flatMap((upload) => upload.ports);

describe("the shipper", () => {
  it("sends waiting batches together, with the headers of the contract, and the rows as they were", async () => {
    const { epoch } = spool;
    for (let n = 1; n <= 5; n++) add(n * 10, n * 10 + 1);
    const { bytes } = spool.depth;
    const ship = start();
    await emptied();
    server.uploads.sort((a, b) => a.id.localeCompare(b.id));
    expect(server.uploads.map((upload) => upload.id)).toEqual([1, 2, 3, 4, 5].map((n) => `${epoch}-${n}`));
    expect(server.uploads.flatMap((upload) => upload.ports)).toEqual([10, 11, 20, 21, 30, 31, 40, 41, 50, 51]);
    expect(server.uploads[0]?.headers).toMatchObject({
      "content-type": "application/vnd.apache.arrow.stream",
      "content-encoding": "zstd",
      authorization: "Bearer secret",
      "flowtrail-clock": "1700000000000",
      "flowtrail-spool": `5;${bytes}`,
    });
    expect(server.uploads[0]?.headers["flowtrail-node"]).toBeUndefined();
    expect(server.uploads[0]?.metadata).toEqual(metadata);
    add(60);
    ship.notify();
    await emptied();
    expect(ship.stats).toMatchObject({ batches: 6, accepted: 11, attempts: 6, failures: 0 });
  });

  it("gives the node's name where there is no token", async () => {
    add(1);
    start({ token: () => null });
    await emptied();
    expect(server.uploads[0]?.headers).toMatchObject({ "flowtrail-node": "gw" });
    expect(server.uploads[0]?.headers.authorization).toBeUndefined();
  });

  it("keeps on trying with growing, bounded pauses while the server is away, and says so once", async () => {
    const { port } = server;
    await server.stop();
    add(1);
    add(2);
    const ship = start();
    await until(() => pauses.length >= 8);
    expect(ship.state).toBe("server away");
    expect(ship.lastError).toContain("ECONNREFUSED");
    expect(pauses.slice(0, 8)).toEqual([750, 1500, 3000, 6000, 12_000, 22_500, 22_500, 22_500]);
    expect(spool.depth.batches).toBe(2);
    await server.start(port);
    await emptied();
    expect(acceptedPorts()).toEqual([1, 2]);
    expect(said.map(({ level, message }) => [level, message])).toEqual([
      ["warn", "the server can't be reached or is busy: batches wait in the spool"],
      ["info", "the server takes batches again"],
    ]);
    expect(ship.lastError).toBe("");
  });

  it("gives up on a server that accepts the connection and says nothing", async () => {
    server.plan.push(() => undefined);
    add(1);
    const ship = start({ timeoutMs: 200 });
    await emptied();
    expect(server.uploads.map((upload) => upload.id)).toHaveLength(2);
    expect(ship.stats.failures).toBe(1);
    expect(said[0]?.details.why).toContain("no answer within 0.2 s");
  });

  it("gives up on a port that accepts connections without any server behind", async () => {
    const mute = createTcpServer(() => undefined);
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    const client = new HttpClient({
      server: new URL(`http://127.0.0.1:${(mute.address() as AddressInfo).port}`),
      timeoutMs: 150,
    });
    await expect(client.request({ method: "GET", path: "x", headers: {} })).rejects.toMatchObject({
      data: { reason: "timeout" },
    });
    client.close();
    mute.close();
  });

  it("sends again what was cut off in the middle, and what was accepted but not answered", async () => {
    server.plan.push(
      (_upload, _response, request) => request.socket.destroy(),
      (upload, response, request) => {
        server.accepted.set(upload.id, upload);
        response.writeHead(200, { "content-length": "1000" }).write('{"accepted":');
        setImmediate(() => request.socket.destroy());
      },
      (upload, response) => json(response, 200, { accepted: 0, duplicate: upload.ports.length, rejected: [] }),
    );
    add(1, 2);
    const ship = start();
    await emptied();
    expect(new Set(server.uploads.map((upload) => upload.id)).size, "the same batch under the same id").toBe(1);
    expect(acceptedPorts()).toEqual([1, 2]);
    expect(ship.stats).toMatchObject({ duplicate: 2, accepted: 0 });
  });

  it("obeys Retry-After of 429 and 503, in seconds and as a date", async () => {
    server.plan.push(
      answer(429, {}, { "retry-after": "120" }),
      answer(503, {}, { "retry-after": new Date(clock.now() + 40_000).toUTCString() }),
      answer(503),
    );
    add(1);
    start();
    await emptied();
    expect(pauses[0]).toBeCloseTo(126_000);
    expect(pauses[1]).toBeCloseTo(42_000);
    expect(pauses[2], "without it, our own").toBe(3000);
  });

  it("sends a batch that is too large in halves, as small as need be", async () => {
    const limit: Handler = (upload, response, request) =>
      upload.ports.length > 2 ? json(response, 413, {}) : accept(upload, response, request);
    server.plan.push(...Array.from({ length: 9 }, () => limit));
    add(1, 2, 3, 4, 5, 6, 7);
    const ship = start();
    await emptied();
    const { epoch } = spool;
    expect(server.uploads.map((upload) => upload.id)).toEqual(
      ["1", "1.1", "1.1.1", "1.1.2", "1.2", "1.2.1", "1.2.2"].map((part) => `${epoch}-${part}`),
    );
    expect(acceptedPorts()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    const drops = [...server.accepted.values()].map((upload) => (upload.metadata as BatchMetadata).drops);
    expect(drops, "counts are told once").toEqual([{ self: 3 }, {}, {}, {}]);
    expect(ship.stats).toMatchObject({ accepted: 7, split: 3, batches: 1, setAside: 0 });
  });

  it("sets aside a row that is too large by itself, and goes on", async () => {
    const picky: Handler = (upload, response, request) =>
      upload.ports.includes(2) ? json(response, 413, {}) : accept(upload, response, request);
    server.plan.push(...Array.from({ length: 6 }, () => picky));
    add(1, 2, 3);
    const ship = start();
    await emptied();
    expect(acceptedPorts()).toEqual([1, 3]);
    expect(ship.stats.setAside).toBe(1);
    expect(spool.stats.setAside).toBe(1);
  });

  it("sets aside what the server refuses, and slows down if that happens again and again", async () => {
    const refusals = [answer(400, { error: { message: "no Arrow" } }), answer(400), answer(422)];
    const picky: Handler = (upload, response, request) =>
      (refusals[(upload.ports[0] ?? 0) - 1] ?? accept)(upload, response, request);
    server.plan.push(...Array.from({ length: 8 }, () => picky));
    for (let n = 1; n <= 5; n++) add(n);
    const ship = start();
    await emptied();
    expect(acceptedPorts().sort()).toEqual([4, 5]);
    expect(ship.stats).toMatchObject({ setAside: 3, accepted: 2 });
    expect(pauses).toEqual([1500, 3000]);
    expect(said).toMatchObject([{ level: "error", details: { batch: "1", why: "HTTP 400 (no Arrow)" } }]);
  });

  it("keeps everything while the token is wrong, says what to do, and takes a new token at once", async () => {
    let token = "old";
    server.plan.push(answer(401), answer(403));
    add(1);
    start({
      token: () => {
        if (server.uploads.length === 2) token = "new";
        return token;
      },
    });
    await emptied();
    expect(server.uploads.map((upload) => upload.headers.authorization)).toEqual(["Bearer old", "Bearer old", "Bearer new"]);
    expect(pauses).toEqual([7500, 15_000]);
    expect(said[0]).toMatchObject({ level: "error", message: expect.stringContaining("flowtrail token create") });
    expect(acceptedPorts()).toEqual([1]);
  });

  it.each([
    ["a page that says 200", 200, "<html>Welcome</html>"],
    ["a 204", 204, ""],
    ["a redirect", 302, ""],
    ["a 404", 404, "nothing here"],
  ])("does not take %s for an acknowledgement", async (_what, status, body) => {
    server.plan.push((_upload, response) => {
      response.writeHead(status, { "content-type": "text/html" }).end(body);
    });
    add(1);
    const ship = start();
    await emptied();
    expect(ship.stats).toMatchObject({ failures: 1, accepted: 1 });
    expect(said[0]).toMatchObject({ level: "error", message: expect.stringContaining("not a Flowtrail server") });
  });

  it("counts and shows rows that were rejected", async () => {
    const rejected = [1, 2, 3, 4, 5].map((row) => ({ row, code: "BAD", message: "m" }));
    server.plan.push(answer(200, { accepted: 2, duplicate: 0, rejected }));
    add(1, 2, 3, 4, 5, 6, 7);
    const ship = start();
    await emptied();
    expect(ship.stats).toMatchObject({ accepted: 2, rejected: 5 });
    expect(said[0]?.details).toMatchObject({ batch: "1", rejected: 5, first: rejected.slice(0, 3) });
  });

  it("stops at once when the server is away, and leaves the rest in the spool", async () => {
    await server.stop();
    add(1);
    add(2);
    const ship = start();
    await until(() => pauses.length > 0);
    await ship.stop(5000);
    expect(spool.depth.batches).toBe(2);
    const attempts = ship.stats.attempts;
    ship.notify();
    await new Promise((resolve) => setImmediate(resolve));
    expect(ship.stats.attempts).toBe(attempts);
  });

  it("sends what is left before it stops, but no longer than it may", async () => {
    for (let n = 1; n <= 10; n++) add(n);
    const ship = start();
    // A time that is over at once would race with the uploads.
    clock.sleep = () => new Promise(() => undefined);
    await ship.stop(5000);
    expect(acceptedPorts()).toHaveLength(10);
    server.plan.push(() => undefined);
    add(11);
    const again = start();
    await until(() => server.uploads.length === 11);
    clock.sleep = noPause;
    await again.stop(10);
    expect(spool.depth.batches, "the request was given up").toBe(1);
  });

  it("reuses a connection that the server has closed meanwhile without calling it a failure", async () => {
    const ship = start();
    for (let n = 1; n <= 3; n++) {
      server.plan.push((upload, response, request) => {
        accept(upload, response, request);
        response.on("finish", () => request.socket.destroySoon());
      });
      add(n);
      ship.notify();
      await emptied();
    }
    expect(ship.stats.accepted).toBe(3);
    expect(ship.stats.failures).toBe(0);
  });
});

describe("a token file", () => {
  it("is read without its line end, and refused with what to do if it is missing, empty or no token", async () => {
    const { readToken } = await import("./token.ts");
    const path = join(dir, "token");
    writeFileSync(path, "ft_abc-DEF.123\n");
    expect(readToken(path)).toBe("ft_abc-DEF.123");
    writeFileSync(path, "\n");
    expect(() => readToken(path)).toThrow(/is empty\. Make a token on the server with `flowtrail token create/);
    writeFileSync(path, "two words");
    expect(() => readToken(path)).toThrow(/holds no token/);
    expect(() => readToken(join(dir, "none"))).toThrow(/can't be read \(ENOENT\)/);
  });

  it("that people change while the server is asked for a token in place of the old one counts", async () => {
    const tokenFile = join(dir, "given");
    const token = new AgentToken({ node: "gw", state: join(dir, "state"), tokenFile });
    const renewed = `ft_agent_${"r".repeat(43)}`;
    let meanwhile = () => {};
    const request = async () => {
      meanwhile();
      return { status: 201, headers: {}, body: JSON.stringify({ token: renewed }) };
    };
    const enroller = new Enroller({ node: "gw", state: join(dir, "state") }, { token, http: { request }, log });
    const renew = () => enroller.renew(new AbortController().signal);
    writeFileSync(tokenFile, "ft_agent_old\n");
    meanwhile = () => writeFileSync(tokenFile, "ft_agent_new\n");
    await renew();
    expect([token.current(), token.hasOwn]).toEqual(["ft_agent_new", false]);
    await renew();
    expect(token.current()).toBe(renewed);
  });
});
