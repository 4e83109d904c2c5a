import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

/** How ClickHouse is reached right now. It changes when the embedded engine is started again (another port). */
export interface Endpoint {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface EndpointSource {
  /**
   * Resolves with the endpoint, or with null when it is not there within `timeoutMs`.
   * The same object means the same endpoint.
   */
  endpoint(timeoutMs: number): Promise<Endpoint | null>;
  /** To be told by whoever could not reach it. True: the next `endpoint()` may be another one, so it is worth trying again at once. */
  lost?(endpoint: Endpoint): boolean;
}

/** One server of the operator's. */
export function remoteEndpoint(url: string, username: string, password: string): EndpointSource {
  const endpoint: Endpoint = { url, username, password, headers: {} };
  return { endpoint: () => Promise.resolve(endpoint) };
}

/** A node that answered is asked for so long before it has to prove again that it is there. */
const PROVEN_MS = 5_000;
/** A node that needs longer for an empty answer is passed over. */
const PROOF_TIMEOUT_MS = 2_000;

/** Any of several servers with the same tables: the first that answers, until it no longer does. */
export class FailoverEndpoint implements EndpointSource {
  readonly #endpoints: readonly Endpoint[];
  #at = 0;
  #provenMs = Number.NEGATIVE_INFINITY;
  #search: Promise<Endpoint> | null = null;

  constructor(urls: readonly string[], username: string, password: string) {
    this.#endpoints = urls.map((url) => ({ url, username, password, headers: {} }));
  }

  async endpoint(): Promise<Endpoint> {
    if (performance.now() - this.#provenMs < PROVEN_MS) return this.#endpoints[this.#at] as Endpoint;
    this.#search ??= this.#find().finally(() => {
      this.#search = null;
    });
    return this.#search;
  }

  lost(endpoint: Endpoint): boolean {
    if (this.#endpoints[this.#at] === endpoint) this.#provenMs = Number.NEGATIVE_INFINITY;
    return this.#endpoints.length > 1;
  }

  async #find(): Promise<Endpoint> {
    for (let tries = 0; tries < this.#endpoints.length; tries++) {
      const endpoint = this.#endpoints[this.#at] as Endpoint;
      if (await isThere(endpoint.url)) {
        this.#provenMs = performance.now();
        return endpoint;
      }
      this.#at = (this.#at + 1) % this.#endpoints.length;
    }
    // None. Whoever asks it is told why.
    return this.#endpoints[this.#at] as Endpoint;
  }
}

/** Any answer will do: what it says of us is told to whoever has a question. */
function isThere(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = new URL(url).protocol === "https:" ? requestHttps : requestHttp;
    const options = { agent: false, signal: AbortSignal.timeout(PROOF_TIMEOUT_MS) };
    const ask = request(new URL("/ping", url), options, (answer) => {
      answer.resume();
      resolve(true);
    });
    ask.on("error", () => resolve(false));
    ask.end();
  });
}
