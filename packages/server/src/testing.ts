/** A real server in this process, on a port of its own and a data directory of its own, for tests. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FlowJson, NDJSON_CONTENT_TYPE } from "@flowtrail/model";
import { pino } from "pino";
import { type ConfigInputs, parseConfig } from "./config/load.ts";
import { Server, type ServerDeps } from "./server.ts";
import { flowJson } from "./testing-rows.ts";

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

interface Asking {
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string; readonly details?: Record<string, unknown> };
}

export class TestServer {
  readonly server: Server;
  readonly data: string;
  /** What was logged, as JSON lines. */
  readonly log: string[];
  adminToken = "";

  constructor(server: Server, data: string, log: string[]) {
    this.server = server;
    this.data = data;
    this.log = log;
  }

  get url(): string {
    return this.server.url ?? "";
  }

  /** One request, as the administrator unless another token (or null: none) is given. The body is JSON unless it is a text or bytes. */
  async ask<T = unknown>(
    method: string,
    path: string,
    { token = this.adminToken, headers = {}, body }: Asking = {},
  ): Promise<Answer<T>> {
    const raw = typeof body === "string" || body instanceof Uint8Array;
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined || raw ? {} : { "content-type": "application/json" }),
        // As the page's own requests say.
        ...(headers.cookie === undefined ? {} : { origin: this.url }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: raw ? (body as string) : JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = /\bjson/.test(response.headers.get("content-type") ?? "") && text !== "";
    return { status: response.status, headers: response.headers, body: (json ? JSON.parse(text) : text) as T };
  }

  async agentToken(node: string): Promise<string> {
    const { body } = await this.ask<{ token: string }>("POST", "/api/tokens", { body: { kind: "agent", node } });
    return body.token;
  }

  /** Delivers rows as NDJSON. */
  deliver(
    token: string | null,
    rows: readonly Readonly<Record<string, unknown>>[],
    headers: Readonly<Record<string, string>> = {},
  ) {
    const body = rows.map((row) => JSON.stringify(row)).join("\n");
    return this.ask<{ accepted: number; duplicate: number; rejected: { row: number; code: string; message: string }[] }>(
      "POST",
      "/ingest/v1/flows",
      { token, body, headers: { "content-type": NDJSON_CONTENT_TYPE, ...headers } },
    );
  }

  async flows(query: string): Promise<{ flows: FlowJson[]; next: string | null }> {
    const { status, body } = await this.ask<{ flows: FlowJson[]; next: string | null }>("GET", `/api/flows?${query}`);
    if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
    return body;
  }

  async stop({ keep = false } = {}): Promise<void> {
    await this.server.stop();
    if (!keep) await rm(this.data, { recursive: true, force: true });
  }
}

export interface TestServerOptions extends Omit<ServerDeps, "logger"> {
  readonly data?: string;
  readonly flags?: ConfigInputs["flags"];
}

export async function makeTestServer({ data, flags = {}, ...deps }: TestServerOptions = {}): Promise<TestServer> {
  const dir = data ?? (await mkdtemp(join(tmpdir(), "flowtrail-server-")));
  const log: string[] = [];
  const logger = pino({ level: "debug" }, { write: (line: string) => void log.push(line) });
  // Whoever works on the page beside others builds it elsewhere.
  const page = process.env.FLOWTRAIL_WEB_DIR === undefined ? {} : { "web.dir": process.env.FLOWTRAIL_WEB_DIR };
  const config = parseConfig({ flags: { listen: "127.0.0.1:0", data: dir, "store.min_free_disk": "10MB", ...page, ...flags } });
  return new TestServer(new Server(config, { logger, ...deps }), dir, log);
}

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const test = await makeTestServer(options);
  await test.server.start();
  test.adminToken = (await readFile(join(test.data, "admin.token"), "utf8")).trim();
  return test;
}

/** A row of now, so that the default time range holds it. */
export function rowNow(change: Readonly<Record<string, unknown>> = {}, agoMs = 60_000): Record<string, unknown> {
  return flowJson(change, Date.now() - agoMs);
}
