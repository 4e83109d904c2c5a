import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HttpPost, type PostRequest } from "../../outgoing/http-post.ts";
import { ListShelf } from "./list-shelf.ts";
import { ListUpdates } from "./list-updates.ts";

const logger = { info: () => undefined, warn: () => undefined };
const HOUR_MS = 3_600_000;
let directory: string;
let server: Server;
let base: string;
let answer: { status: number; body: string } = { status: 200, body: "bad.example\n203.0.113.7\n" };
let asked = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "flowtrail-lists-"));
  server = createServer((_request, response) => {
    asked++;
    response.writeHead(answer.status).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await rm(directory, { recursive: true });
});

describe("lists of a directory", () => {
  it("are read, read again when they change, and forgotten when they go", async () => {
    const shelf = new ListShelf(directory, { logger });
    await writeFile(join(directory, "own.txt"), "own.example\n<wrong>\n");
    await writeFile(join(directory, "note.md"), "no-list.example\n");
    await shelf.refresh();
    expect(shelf.index.ofDomain("www.own.example")).toEqual({ list: "own.txt", entry: "own.example" });
    expect(shelf.index.ofDomain("no-list.example")).toBe(null);
    expect(shelf.reports()).toMatchObject([
      { name: "own.txt", entries: 1, wrong: { count: 1, first: [{ line: 2 }] }, problem: null },
    ]);
    await writeFile(join(directory, "own.txt"), "another-one.example\n");
    await shelf.refresh();
    expect([shelf.index.ofDomain("own.example"), shelf.index.ofDomain("another-one.example")?.list]).toEqual([null, "own.txt"]);
    await rm(join(directory, "own.txt"));
    await shelf.refresh();
    expect([shelf.index.isEmpty, shelf.reports()]).toEqual([true, []]);
  });

  it("are fetched when they are due, and stay as they were when what comes is no list", async () => {
    let nowMs = Date.now();
    const post = new HttpPost({ timeoutMs: 5000, maxAnswerBytes: 1000, allowLinkLocal: false }, { now: () => nowMs });
    const updates = new ListUpdates(directory, { get: (request) => post.post(request), now: () => nowMs, logger });
    await updates.refresh();
    expect([updates.problem, updates.reports()]).toEqual([null, []]);
    await writeFile(join(directory, "sources.yaml"), `lists:\n  - { name: feed, url: "${base}/key", every_hours: 2 }\n`);
    const shelf = new ListShelf(directory, { logger });
    const entries = async () => {
      await updates.refresh();
      await shelf.refresh();
      return shelf.reports().map((list) => [list.name, list.entries]);
    };
    expect(await entries()).toEqual([["feed.txt", 2]]);
    expect(updates.reports()).toMatchObject([{ name: "feed", host: new URL(base).host, problem: null }]);
    expect(await entries()).toEqual([["feed.txt", 2]]);
    expect(asked).toBe(1);
    for (const [status, body, problem] of [
      [500, "", /500/],
      [200, "<html>\n<body>\n<h1>\nSorry\n", /no address and no domain/],
      [200, "x.example\n".repeat(500), /larger/],
      [200, "a.example\n<p>\n<p>\n<p>\n", /something else/],
    ] as const) {
      answer = { status, body };
      nowMs += 3 * HOUR_MS;
      expect(await entries()).toEqual([["feed.txt", 2]]);
      expect(updates.reports()[0]?.problem).toMatch(problem);
      // Not at once again.
      const before = asked;
      await updates.refresh();
      expect(asked).toBe(before);
    }
    const never = { asked: 0 };
    const get = ({ signal }: PostRequest) => {
      never.asked++;
      return new Promise<never>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    };
    const ended = new ListUpdates(directory, { get, now: () => nowMs + 9 * HOUR_MS, logger });
    const refreshed = ended.refresh();
    while (never.asked === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await ended.stop();
    await refreshed;
    await ended.refresh();
    expect([never.asked, ended.reports()]).toEqual([1, []]);
    expect((await readdir(directory)).sort()).toEqual(["feed.txt", "note.md", "sources.yaml"]);
    await writeFile(join(directory, "sources.yaml"), "lists:\n  - { name: x, url: 'file:///etc/passwd' }\n");
    await updates.refresh();
    expect(updates.problem).toMatch(/^sources\.yaml: lists\.0\.url/);
  });
});
