/** One connection to the server, kept alive; every request has a deadline, whatever the other side does. */
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { networkError } from "./errors.ts";
import { TlsFiles, type TlsFilesConfig, type TlsOptions } from "./tls-files.ts";

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
export interface HttpRequest {
  readonly method: "GET" | "POST";
  /** Below the server's URL, without a slash at its beginning. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal;
}

/** More than any answer of the server's; a stranger may send more. */
const MAX_ANSWER_BYTES = 1 << 20;
/** Uploads that are sent together (see ship.ts), and one for the questions about configuration. */
const MAX_SOCKETS = 17;
const OPTIONS = { keepAlive: true, maxSockets: MAX_SOCKETS, keepAliveMsecs: 10_000 };

export class HttpClient {
  readonly #base: URL;
  readonly #timeoutMs: number;
  readonly #tls: TlsFiles | null;
  #agent: HttpAgent;
  #made: TlsOptions | null = null;

  /** Throws ShipError SHIP_TLS_FILE. */
  constructor(config: { server: URL; timeoutMs: number } & TlsFilesConfig) {
    this.#base = new URL(config.server);
    if (!this.#base.pathname.endsWith("/")) this.#base.pathname += "/";
    this.#timeoutMs = config.timeoutMs;
    this.#tls = this.#base.protocol === "https:" ? new TlsFiles(config) : null;
    this.#agent = new HttpAgent(OPTIONS);
  }

  /** Why the files of certificates as they are now are not used; empty: they are. */
  get problem(): string {
    return this.#tls?.problem ?? "";
  }

  /** The answer, whatever its status. Throws ShipError SHIP_NETWORK if none came, or the signal's reason. */
  async request(options: HttpRequest): Promise<HttpAnswer> {
    // The server closed an idle connection at the moment that we used it: not a failure of anything. Every idle one may be like that.
    for (let idle = MAX_SOCKETS; ; idle--) {
      try {
        return await this.#once(options);
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw error;
        if (idle === 0) throw networkError(error.cause, new URL(options.path, this.#base).href, this.#timeoutMs);
      }
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Connections that are under way end as they began; new ones are made with the files as they are now. */
  #current(): HttpAgent {
    const tls = this.#tls?.options ?? null;
    if (tls !== this.#made) {
      const before = this.#agent;
      this.#agent = tls === null ? new HttpAgent(OPTIONS) : new HttpsAgent({ ...OPTIONS, ...tls });
      this.#made = tls;
      before.maxFreeSockets = 0;
      for (const socket of Object.values(before.freeSockets).flatMap((sockets) => sockets ?? [])) socket.destroy();
    }
    return this.#agent;
  }

  #once({ method, path, headers, body, signal }: HttpRequest): Promise<HttpAnswer> {
    const url = new URL(path, this.#base);
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    const either = signal ? AbortSignal.any([timeout, signal]) : timeout;
    return new Promise((resolve, reject) => {
      const send = url.protocol === "https:" ? httpsRequest : httpRequest;
      const length = body === undefined ? {} : { "content-length": String(body.length) };
      const request: ClientRequest = send(url, {
        method,
        agent: this.#current(),
        headers: { ...headers, ...length },
        signal: either,
      });
      let answered = false;
      const fail = (cause: Error): void => {
        if (signal?.aborted) reject(signal.reason);
        else if (request.reusedSocket && !answered && (cause as NodeJS.ErrnoException).code === "ECONNRESET")
          reject(new StaleConnection("stale", { cause }));
        else reject(networkError(timeout.aborted ? timeout.reason : cause, url.href, this.#timeoutMs));
      };
      request.on("error", fail);
      request.on("response", (response) => {
        answered = true;
        readBody(response).then(
          (text) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
          fail,
        );
      });
      request.end(body);
    });
  }
}

class StaleConnection extends Error {}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) {
      response.destroy();
      break;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
