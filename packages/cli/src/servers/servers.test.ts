import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { completionAnswers } from "../completion/answers.ts";
import { exitCodeOf } from "../errors.ts";
import { addServerOptions, chooseServer, type ServerOptions } from "./choose-server.ts";
import { contextsPath, readContexts, writeContexts } from "./contexts.ts";
import { eventsOf } from "./event-stream.ts";
import { follow } from "./follow.ts";

const dir = mkdtempSync(join(tmpdir(), "flowtrail-cli-"));
afterAll(() => rmSync(dir, { recursive: true }));
beforeEach(() => void vi.stubEnv("XDG_CONFIG_HOME", join(dir, "config")));
afterEach(() => void vi.unstubAllEnvs());

function chosen(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const command = addServerOptions(new Command("observe").exitOverride()).action(() => undefined);
  command.parse(args, { from: "user" });
  return chooseServer(command.opts<ServerOptions>(), command, env);
}

describe("which server is asked", () => {
  it("flags come before the environment, that before the context in use", () => {
    const file = join(dir, "token");
    writeFileSync(file, "from-file\n");
    writeContexts({
      current: "office",
      contexts: {
        office: { server: "https://office.example", token: "kept" },
        lab: { server: "http://lab.example:8080", token_command: "printf '%s\\n' told" },
        file: { server: "http://file.example", token_file: file },
      },
    });
    const env = { FLOWTRAIL_SERVER: "https://env.example", FLOWTRAIL_TOKEN: "env" };
    expect(chosen([])).toEqual({ url: "https://office.example/", token: "kept" });
    expect(chosen([], env)).toEqual({ url: "https://env.example/", token: "env" });
    expect(chosen(["--context", "lab"], env)).toEqual({ url: "http://lab.example:8080/", token: "told" });
    expect(chosen(["--context", "file"])).toEqual({ url: "http://file.example/", token: "from-file" });
    expect(chosen(["--server", "https://flag.example/x"], env)).toEqual({ url: "https://flag.example/x", token: "env" });
    expect(chosen(["--server", "https://flag.example", "--token-file", file], env)).toMatchObject({ token: "from-file" });
    // The token of a context goes to its own server only.
    expect(chosen(["--server", "https://flag.example"])).toMatchObject({ token: null });
    expect(() => chosen(["--data", join(dir, "none")], env)).toThrow(/no server is running on/);
    expect(() => chosen(["--context", "gone"])).toThrow(/no context "gone"/);
    expect(() => chosen(["--context", "lab", "--server", "http://x"])).toThrow(/either --server or --context/);
    for (const url of ["ftp://x", "example.org", "http://me:secret@x"])
      expect(() => chosen(["--server", url])).toThrow(/expected an address/);
  });

  it("keeps contexts for their owner alone", () => {
    writeContexts({ current: null, contexts: {} });
    chmodSync(contextsPath(), 0o644);
    writeContexts({ current: "a", contexts: { a: { server: "http://a" } } });
    expect(statSync(contextsPath()).mode & 0o777).toBe(0o600);
    expect(readContexts()).toEqual({ current: "a", contexts: { a: { server: "http://a" } } });
    writeFileSync(contextsPath(), '{"contexts":{"a":{"server":5}}}');
    expect(() => readContexts()).toThrow(/not a file of contexts/);
    expect(readFileSync(contextsPath(), "utf8")).toContain("5");
    expect(contextsPath({ XDG_CONFIG_HOME: "relative", HOME: "/home/x" })).toBe("/home/x/.config/flowtrail/contexts.json");
  });
});

it("reads events, whatever they are cut into", async () => {
  async function* lines() {
    yield* [
      "retry: 50",
      "",
      ": still here",
      "",
      "id: 1",
      "data: a",
      "data: b\r",
      "\r",
      "event: dropped",
      'data:{"n":1}',
      "",
      "data: begun",
    ];
  }
  const found = [];
  for await (const event of eventsOf(lines())) found.push(event);
  expect(found).toEqual([
    { type: "message", data: "", id: null, retryMs: 50 },
    { type: "message", data: "a\nb", id: "1", retryMs: null },
    { type: "dropped", data: '{"n":1}', id: "1", retryMs: null },
  ]);
});

it("completes a filter without a server, by the language itself", async () => {
  const answers = (kind: string, begun: string) => completionAnswers(kind, begun, () => null);
  expect(await answers("filter", "port=443 and src.na")).toEqual(
    ["=", "!=", "~", "!~"].map((op) => `port=443 and src.name${op}`),
  );
  expect(await answers("filter", "verdict=un")).toEqual(["verdict=unanswered"]);
  expect(await answers("value:verdict", "answered,ref")).toEqual(["answered,refused"]);
  expect(await answers("fields", "src.name,dst.po")).toEqual(["src.name,dst.port"]);
  expect(await answers("value:nothing", "x")).toEqual([]);
  const away = { url: "http://127.0.0.1:1", token: null };
  expect(await completionAnswers("value:protocol", "t", () => away)).toEqual(["tcp"]);
});

describe("following", () => {
  async function withServer(
    answer: (request: IncomingMessage, response: ServerResponse, n: number) => void,
    work: (url: string) => Promise<void>,
  ) {
    let n = 0;
    const server = createServer((request, response) => answer(request, response, ++n)).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }
  const row = (id: number) => JSON.stringify({ flow_id: String(id) });

  it("comes back where it was, asks for what was missed, and says what was dropped", async () => {
    const asked: string[] = [];
    const told: string[] = [];
    const stop = new AbortController();
    await withServer(
      (request, response, n) => {
        const { pathname, searchParams } = new URL(request.url ?? "", "http://x");
        asked.push(
          `${pathname} ${request.headers["last-event-id"] ?? "-"} ${searchParams.get("q")} ${request.headers.authorization}`,
        );
        if (pathname === "/api/flows")
          return response.end(`${row(2)}\n{"next":null,"prev":null,"note":null,"meta":{"partial":false}}\n`);
        response.writeHead(n === 2 ? 503 : 200, { "content-type": "text/event-stream" });
        if (n === 2) return response.end("{}");
        response.write("retry: 100\n\n");
        response.write(
          n === 1 ? `id: one\ndata: ${row(1)}\n\n` : `event: dropped\ndata: {"dropped":7}\n\nid: three\ndata: ${row(3)}\n\n`,
        );
        if (n === 1) setTimeout(() => response.destroy(), 50);
      },
      (url) =>
        follow(
          { url, token: "t" },
          { q: "a=b" },
          {
            opened: () => told.push("opened"),
            row: (line) => {
              told.push(line);
              if (line === row(3)) stop.abort();
            },
            dropped: (count) => told.push(`dropped ${count}`),
            lost: () => told.push("lost"),
            back: () => told.push("back"),
          },
          { signal: stop.signal, random: () => 0 },
        ),
    );
    expect(told).toEqual(["opened", row(1), "lost", row(2), "back", "dropped 7", row(3)]);
    const live = (id: string) => `/api/flows/live ${id} a=b Bearer t`;
    expect(asked).toEqual([live("-"), live("one"), live("one"), "/api/flows - a=b Bearer t"]);
  });

  it("gives up where asking again would not help", async () => {
    const listener = { opened() {}, row() {}, dropped() {}, lost() {}, back() {} };
    const error = JSON.stringify({ error: { code: "FORBIDDEN", message: "not for you" } });
    await withServer(
      (_, response) => response.writeHead(403).end(error),
      async (url) => {
        const refused = await follow({ url, token: null }, {}, listener, { signal: new AbortController().signal }).catch(
          (caught: unknown) => caught,
        );
        expect(exitCodeOf(refused)).toBe(3);
      },
    );
    const away = await follow({ url: "http://127.0.0.1:1", token: null }, {}, listener, {
      signal: new AbortController().signal,
    }).catch((e: unknown) => e);
    expect(exitCodeOf(away)).toBe(6);
  });
});
