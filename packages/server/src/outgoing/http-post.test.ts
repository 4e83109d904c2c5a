import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { allowedLookup } from "./allowed-addresses.ts";
import { backOffMs } from "./back-off.ts";
import { HttpPost } from "./http-post.ts";
import { retryAfterMs } from "./retry-after.ts";

let server: Server;
let base: string;
const seen: { method: string; headers: IncomingMessage["headers"]; body: Buffer; port: number | undefined }[] = [];
const answers: Record<string, (response: ServerResponse) => void> = {
  "/taken": (response) => response.end("ok"),
  "/later": (response) => response.writeHead(429, { "retry-after": "7" }).end("slow\n down"),
  "/never": (response) => response.writeHead(404).end("no such hook"),
  "/wrong": (response) => response.writeHead(400).end("no such field"),
  "/broken": (response) => response.writeHead(502).end(),
  "/elsewhere": (response) => response.writeHead(307, { location: "/taken" }).end(),
  "/closes": (response) => void response.socket?.destroy(),
  "/long": (response) => response.end("x".repeat(100_000)),
  "/hangs": (response) => void response.writeHead(200).write("a"),
};

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const body = await buffer(request);
    seen.push({ method: request.method ?? "", headers: request.headers, body, port: request.socket.remotePort });
    answers[request.url ?? ""]?.(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const config = { timeoutMs: 5000, maxAnswerBytes: 1000, allowLinkLocal: false };
const make = (change = {}) => new HttpPost({ ...config, ...change }, { now: Date.now });
const post = (path: string, change = {}) => make(change).post({ url: base + path, headers: {}, body: "{}" });

it("tells what became of a request", async () => {
  expect(await post("/taken")).toEqual({
    status: 200,
    answer: "ok",
    bytes: Buffer.from("ok"),
    isCut: false,
    retryAfterMs: null,
    error: null,
    isFinal: false,
  });
  expect(await post("/later")).toMatchObject({ status: 429, retryAfterMs: 7000, error: "HTTP 429: slow down", isFinal: false });
  expect(await post("/never")).toMatchObject({ status: 404, error: "HTTP 404: no such hook", isFinal: false });
  expect(await post("/wrong")).toMatchObject({ status: 400, error: "HTTP 400: no such field", isFinal: true });
  expect(await post("/broken")).toMatchObject({ status: 502, error: "HTTP 502", isFinal: false });
  const { length } = seen;
  expect(await post("/elsewhere")).toMatchObject({ status: 307, isFinal: false });
  expect(seen.length).toBe(length + 1);
  expect(await post("/closes")).toMatchObject({ status: null, error: expect.stringMatching(/hang up/), isFinal: false });
  expect(await post("/long")).toMatchObject({ status: 200, answer: "x".repeat(1000), isCut: true, error: null });
  expect(await post("/hangs", { timeoutMs: 200 })).toMatchObject({ status: null, error: /within 0.2 s/, isFinal: false });
});

it("never tells the path of a URL, which is a secret of many", async () => {
  const gone = await make().post({ url: "http://127.0.0.1:1/services/SECRET", headers: {}, body: "" });
  expect(gone).toMatchObject({ status: null, isFinal: false, error: expect.stringMatching(/127.0.0.1:1: .*ECONNREFUSED/) });
  for (const { error } of [gone, await post("/hangs", { timeoutMs: 100 })]) expect(error).not.toMatch(/SECRET|hangs/);
});

it("says nothing of an answer that repeats what is secret of the request", async () => {
  const path = "/services/T0/B0/SECRETPATH?key=SECRETKEY%26more&page=2";
  const authorization = "Bearer SECRETAUTH&'more";
  const told = [
    "Cannot POST /services/T0/B0/SECRETPATH",
    `Cannot POST ${path} ${authorization}`,
    path.replaceAll("&", "&amp;").toLowerCase(),
    "The requested URL /T0/B0/SECRETPATH was not found",
    "no token SECRETAUTH&amp;&#39;more, no key SECRETKEY&more",
    JSON.stringify({ path, authorization }).replaceAll("/", "\\/"),
    encodeURIComponent(path),
    Buffer.from(authorization).toString("base64"),
    `${"x".repeat(180)} ${path}`,
    `${"x".repeat(985)} ${path}`,
  ];
  for (const text of told) {
    answers[path] = (response) => response.writeHead(404).end(text);
    const { error } = await make().post({ url: base + path, headers: { authorization, "content-type": "text/plain" }, body: "" });
    expect(error).toMatch(/^HTTP 404: .*(…|x$)/);
    expect(error, text).not.toMatch(/SECRET|U0VDUkVU/i);
  }
  answers[path] = (response) => response.writeHead(415).end("text/plain? The services want JSON");
  const other = await make().post({ url: base + path, headers: { authorization, "content-type": "text/plain" }, body: "" });
  expect(other.error).toBe("HTTP 415: text/plain? The services want JSON");
});

it("sends what it is given, compressed if asked, over a connection that is kept", async () => {
  seen.length = 0;
  const kept = make({ keepAlive: true });
  for (const compress of [true, false])
    await kept.post({ url: `${base}/taken`, method: "PUT", headers: { "x-one": "1" }, body: "täxt", compress });
  kept.close();
  const [first, second] = seen;
  expect(first?.headers).toMatchObject({ "content-encoding": "gzip", "x-one": "1" });
  expect(gunzipSync(first?.body ?? "").toString()).toBe("täxt");
  expect(second).toMatchObject({ method: "PUT", body: Buffer.from("täxt"), port: first?.port });
});

it("goes to no address that tells a machine's credentials, by whatever name", async () => {
  const hosts = ["169.254.169.254", "2852039166", "0xa9fea9fe", "[fe80::1]", "[::ffff:169.254.169.254]", "[fd00:ec2::254]"];
  for (const host of [...hosts, "[64:ff9b::169.254.169.254]", "100.100.100.200"])
    expect(await make().post({ url: `http://${host}/latest`, headers: {}, body: "" })).toMatchObject({
      status: null,
      error: expect.stringMatching(/nothing is sent there/),
      isFinal: true,
    });
  const looked = (host: string, all: boolean) =>
    new Promise((resolve) => allowedLookup(host, { all }, (error, address) => resolve(error ?? address)));
  expect(await looked("169.254.169.254", true)).toMatchObject({ code: "ADDRESS_REFUSED" });
  expect(await looked("127.0.0.1", true)).toEqual([{ address: "127.0.0.1", family: 4 }]);
  expect(await looked("127.0.0.1", false)).toBe("127.0.0.1");
  for (const url of ["file:///etc/passwd", "ftp://127.0.0.1/", "nonsense", ""])
    expect(await make().post({ url, headers: {}, body: "" })).toMatchObject({ status: null, isFinal: true });
});

it("is ended by its signal", async () => {
  const stop = new AbortController();
  const posting = make().post({ url: `${base}/hangs`, headers: {}, body: "", signal: stop.signal });
  setTimeout(() => stop.abort(new Error("stopped")), 50);
  await expect(posting).rejects.toThrow("stopped");
});

it("waits longer each time, up to the longest, and as long as it is asked to", () => {
  const config = { firstMs: 1000, maxMs: 60_000 };
  const most = (failed: number) => backOffMs(failed, config, { random: () => 0.999_999 });
  expect([1, 2, 3, 7, 50, 5000].map(most)).toEqual([1000, 2000, 4000, 60_000, 60_000, 60_000]);
  expect(backOffMs(3, config, { random: () => 0 })).toBe(2000);
  expect(backOffMs(1, config, { askedMs: 90_000, random: () => 0 })).toBe(90_000);
  const nowMs = Date.parse("2026-11-23T06:00:00Z");
  const headers = [
    "120",
    "Mon, 23 Nov 2026 06:01:00 GMT",
    "Mon, 23 Nov 2026 05:00:00 GMT",
    "999999999",
    "soon",
    undefined,
    "1.5",
  ];
  expect(headers.map((header) => retryAfterMs(header, nowMs))).toEqual([120_000, 60_000, 0, 86_400_000, null, null, 1500]);
});
