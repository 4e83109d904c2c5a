/** The server's HTTP listeners: with TLS or without, each with limits for those who send slowly, much or nothing at all. */
import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Certificate } from "../tls/certificate.ts";
import { ConnectionLimit, type ConnectionLimitConfig } from "./connection-limit.ts";
import { Refusals, type RefusedConnection } from "./refusals.ts";

export interface HttpConfig extends ConnectionLimitConfig {
  /** Until all headers of a request (and before that the TLS handshake) must be there. */
  readonly headerMs: number;
  /** Until all of a request must be there. */
  readonly requestMs: number;
}

const MAX_HEADER_BYTES = 16 * 1024;
/** Longer than a minute, after which most proxies close: who closes last never loses a request. */
const KEEP_ALIVE_MS = 72_000;
const CHECK_MS = 5000;

export class HttpServers {
  readonly #config: HttpConfig;
  readonly #certificate: Certificate | null;
  readonly #limit: ConnectionLimit;
  readonly refusals = new Refusals();

  constructor(config: HttpConfig, deps: { certificate: Certificate | null }) {
    this.#config = config;
    this.#certificate = deps.certificate;
    this.#limit = new ConnectionLimit(config, { refusals: this.refusals });
  }

  get connections(): number {
    return this.#limit.count;
  }

  /** For whoever can reach it: with TLS, if there is a certificate and it was read. */
  make(handler: RequestListener): Server {
    const certificate = this.#certificate?.report ? this.#certificate : null;
    const server =
      certificate === null
        ? createServer(this.#options(), handler)
        : createSecureServer(
            { ...this.#options(), ...certificate.options, handshakeTimeout: this.#config.headerMs, ALPNProtocols: ["http/1.1"] },
            handler,
          );
    if (certificate !== null && "setSecureContext" in server) {
      certificate.attach(server);
      server.on("tlsClientError", () => this.refusals.count("no_tls"));
    }
    this.#limit.watch(server, certificate !== null);
    // The app answers these.
    server.on("clientError", ({ code = "" }: NodeJS.ErrnoException) => {
      const reason = REASONS[code] ?? (code.startsWith("HPE_") ? "no_http" : null);
      if (reason !== null) this.refusals.count(reason);
    });
    return server;
  }

  /** For programs of this machine, which need no TLS: their bytes are on no wire. Its address must be loopback. */
  makeLocal(handler: RequestListener): Server {
    const server = createServer(this.#options(), handler);
    this.#limit.watch(server, false);
    return server;
  }

  #options(): ServerOptions {
    const { headerMs, requestMs } = this.#config;
    return {
      headersTimeout: headerMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: Math.min(CHECK_MS, headerMs),
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    };
  }
}

const REASONS: Readonly<Record<string, RefusedConnection>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "slow_request",
  HPE_HEADER_OVERFLOW: "large_header",
};
