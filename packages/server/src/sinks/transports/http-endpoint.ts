/** An endpoint over HTTP: connections that are kept, and who we are. */
import { HttpPost, type Posted } from "../../outgoing/http-post.ts";
import type { TransportDeps } from "../ports.ts";

export interface EndpointConfig {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly gzip: boolean;
  readonly timeout_s: number;
  readonly ca_file?: string | undefined;
  readonly cert_file?: string | undefined;
  readonly key_file?: string | undefined;
}

/** An answer about each of ten thousand records. */
const MAX_ANSWER_BYTES = 16_000_000;

export class HttpEndpoint {
  readonly #config: EndpointConfig;
  readonly #own: Readonly<Record<string, string>>;
  readonly #http: HttpPost;

  /** @param own headers that go with each request, secrets among them */
  constructor(
    config: EndpointConfig,
    deps: Pick<TransportDeps, "allowLinkLocal" | "now">,
    own: Readonly<Record<string, string>>,
  ) {
    this.#config = config;
    this.#own = own;
    this.#http = new HttpPost(
      {
        timeoutMs: config.timeout_s * 1000,
        maxAnswerBytes: MAX_ANSWER_BYTES,
        caFile: config.ca_file,
        certFile: config.cert_file,
        keyFile: config.key_file,
        keepAlive: true,
        allowLinkLocal: deps.allowLinkLocal,
      },
      { now: deps.now },
    );
  }

  /** @param url left out: the endpoint's own. Throws only if the signal ends it. */
  post(
    body: string | Uint8Array,
    contentType: string,
    signal: AbortSignal,
    { url = this.#config.url, method = "POST" }: { url?: string; method?: "POST" | "PUT" } = {},
  ): Promise<Posted> {
    const headers = { "content-type": contentType, ...lowered(this.#config.headers), ...this.#own };
    return this.#http.post({ url, method, headers, body, compress: this.#config.gzip, signal });
  }

  close(): void {
    this.#http.close();
  }
}

const lowered = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
