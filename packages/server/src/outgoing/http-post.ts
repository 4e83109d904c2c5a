/**
 * One request to a system of somebody else's, such as a recipient of alerts: with a deadline until the last byte of its answer, of which only
 * so much is read. It follows no redirect, which could lead anywhere. Whatever becomes of it is a value. What is said of it never holds the path
 * of the URL: that is the secret of many webhooks; nor a header, also where the answer repeats them (`unsaid.ts`).
 */
import { readFile } from "node:fs/promises";
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { VERSION } from "../version.ts";
import { AddressError, allowedLookup, assertAllowed } from "./allowed-addresses.ts";
import { retryAfterMs } from "./retry-after.ts";
import { confidential, without } from "./unsaid.ts";

export interface HttpPostConfig {
  /** Of all of one request, until the last byte of its answer. */
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
  /** Certificates (PEM) that vouch for the other side, instead of the usual authorities. Read again for each connection. */
  readonly caFile?: string | undefined;
  /** Our own certificate and its key (PEM), for those who ask for one. Read again for each request. */
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** Keep connections open between requests: for who sends often. */
  readonly keepAlive?: boolean;
  /** `outgoing.allow_link_local` */
  readonly allowLinkLocal: boolean;
}

export interface PostRequest {
  /** http or https. */
  readonly url: string;
  readonly method?: "GET" | "POST" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
  /** The body goes over the wire compressed. */
  readonly compress?: boolean;
  readonly signal?: AbortSignal;
}

export interface Posted {
  /** Null: no answer came. */
  readonly status: number | null;
  /** The beginning of the answer, word by word: it may repeat what is secret of the request. For programs, not for people. */
  readonly answer: string;
  /** The same as it came, for answers that are no text. */
  readonly bytes: Buffer;
  /** There was more of it than is read. */
  readonly isCut: boolean;
  /** What the other side asked for. */
  readonly retryAfterMs: number | null;
  /** Null: it was taken (2xx). Else why not, for people: without what is secret of the request. */
  readonly error: string | null;
  /** It will be refused again, however often it is sent. */
  readonly isFinal: boolean;
}

const gzipped = promisify(gzip);
/**
 * What was sent is wrong: RFC 9110 § 15.5.1, § 15.5.14, § 15.5.16, § 15.5.21. Any other code may come from a proxy, of a program that is just
 * exchanged or of credentials that somebody sets right.
 */
const WRONG = new Set([400, 413, 415, 422]);
const MAX_SAID = 200;
/** Of a long answer no more is looked through. */
const MAX_LOOKED_AT = 4096;
const IDLE_MS = 30_000;

export class HttpPost {
  readonly #config: HttpPostConfig;
  readonly #agents: { readonly http: HttpAgent; readonly https: HttpsAgent } | null;
  readonly #now: () => number;

  constructor(config: HttpPostConfig, deps: { readonly now: () => number }) {
    this.#config = config;
    this.#now = deps.now;
    const kept = { keepAlive: true, timeout: IDLE_MS } as const;
    this.#agents = config.keepAlive ? { http: new HttpAgent(kept), https: new HttpsAgent(kept) } : null;
  }

  /** Never throws, but for a signal that ends it. */
  async post(request: PostRequest): Promise<Posted> {
    const timeout = AbortSignal.timeout(this.#config.timeoutMs);
    const { signal } = request;
    signal?.throwIfAborted();
    const url = URL.parse(request.url);
    if (url === null || !/^https?:$/.test(url.protocol)) return notSent("the URL is none of http or https", true);
    try {
      const both = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
      const response = await this.#send(url, request, both);
      const { bytes, isCut } = await beginningOf(response, this.#config.maxAnswerBytes);
      return answered(request, response, { bytes, isCut }, this.#now());
    } catch (cause) {
      signal?.throwIfAborted();
      if (timeout.aborted) return notSent(`${url.host} did not answer within ${this.#config.timeoutMs / 1000} s`, false);
      return notSent(`${url.host}: ${whyOf(cause)}`, cause instanceof AddressError);
    }
  }

  /** Closes connections that are kept. */
  close(): void {
    this.#agents?.http.destroy();
    this.#agents?.https.destroy();
  }

  async #pem(): Promise<{ ca?: Buffer; cert?: Buffer; key?: Buffer }> {
    const { caFile, certFile, keyFile } = this.#config;
    return {
      ...(caFile === undefined ? {} : { ca: await readFile(caFile) }),
      ...(certFile === undefined ? {} : { cert: await readFile(certFile) }),
      ...(keyFile === undefined ? {} : { key: await readFile(keyFile) }),
    };
  }

  async #send(
    url: URL,
    { method = "POST", headers, body, compress }: PostRequest,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { allowLinkLocal } = this.#config;
    if (!allowLinkLocal) assertAllowed(url.hostname);
    const isTls = url.protocol === "https:";
    const pem = isTls ? await this.#pem() : {};
    const bytes = compress ? await gzipped(body) : Buffer.from(body);
    const agent = this.#agents === null ? false : isTls ? this.#agents.https : this.#agents.http;
    const options = {
      method,
      signal,
      agent,
      ...pem,
      ...(allowLinkLocal ? {} : { lookup: allowedLookup }),
      headers: {
        "user-agent": `flowtrail/${VERSION}`,
        ...headers,
        "content-length": String(bytes.length),
        ...(compress ? { "content-encoding": "gzip" } : {}),
      },
    };
    return new Promise((resolve, reject) => {
      const request = isTls ? requestHttps(url, options) : requestHttp(url, options);
      request.on("error", reject).on("response", resolve).end(bytes);
    });
  }
}

async function beginningOf(response: IncomingMessage, maxBytes: number): Promise<{ bytes: Buffer; isCut: boolean }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    // Leaving the loop ends the connection.
    if (bytes > maxBytes) break;
  }
  return { bytes: Buffer.concat(chunks).subarray(0, maxBytes), isCut: bytes > maxBytes };
}

function answered(
  request: PostRequest,
  { statusCode: status = 0, headers }: IncomingMessage,
  { bytes, isCut }: { bytes: Buffer; isCut: boolean },
  nowMs: number,
): Posted {
  const answer = bytes.toString("utf8");
  const common = { status, answer, bytes, isCut, retryAfterMs: retryAfterMs(headers["retry-after"], nowMs) };
  if (status >= 200 && status < 300) return { ...common, error: null, isFinal: false };
  const open = without(answer.slice(0, MAX_LOOKED_AT), confidential(request));
  const said = open.replaceAll(/\s+/g, " ").trim().slice(0, MAX_SAID);
  const isRedirect = status >= 300 && status < 400;
  const what = isRedirect ? "it leads elsewhere, and redirects are not followed" : said;
  return {
    ...common,
    error: what === "" ? `HTTP ${status}` : `HTTP ${status}: ${what}`,
    isFinal: WRONG.has(status),
  };
}

function notSent(error: string, isFinal: boolean): Posted {
  return { status: null, answer: "", bytes: Buffer.alloc(0), isCut: false, retryAfterMs: null, error, isFinal };
}

/** Node's messages may be empty (AggregateError of several addresses); its codes are known to everybody. */
function whyOf(cause: unknown): string {
  if (cause instanceof AddressError) return cause.message;
  const { code, message, errors } = cause as NodeJS.ErrnoException & { errors?: readonly NodeJS.ErrnoException[] };
  const inner = errors?.[0]?.message;
  return message || inner || code || "the connection failed";
}
