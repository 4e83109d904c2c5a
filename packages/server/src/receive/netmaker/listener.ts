/** The door's own HTTP/2 listener: TLS with ALPN h2, or plain (h2c) behind a proxy. */
import {
  constants,
  createSecureServer,
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerOptions,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { Code, ConnectError, createContextKey, createContextValues } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { Certificate, type CertificateReport } from "../../tls/certificate.ts";
import { allowedBy } from "./allowed.ts";
import { Connections } from "./connections.ts";
import type { EnvelopeAnswer } from "./door.ts";
import { FlowService } from "./flow_pb.ts";

export interface ListenerConfig {
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls: {
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
    readonly client_ca?: string | undefined;
  };
  readonly allow: readonly string[];
  readonly maxStreams: number;
  readonly maxEnvelopeBytes: number;
  /** A connection is asked so often whether it is still there, and ends when it does not answer in as long. */
  readonly keepaliveMs?: number;
}

export interface ListenerDeps {
  readonly take: (events: readonly Uint8Array[], signal: AbortSignal) => Promise<EnvelopeAnswer>;
  readonly now: () => number;
  readonly logger: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

export interface ListenerStats {
  readonly connections: number;
  readonly streams: number;
  /** Requests from addresses that are not allowed. */
  readonly notAllowed: number;
  /** Streams beyond the largest number of them. */
  readonly tooMany: number;
  /** Connections that did not answer any more. */
  readonly halfOpen: number;
}

const STOP_MS = 2000;
/** Of all streams: one address, which may be a proxy's, never has them all. */
const OTHERS_SHARE = 0.1;
/** All agents behind one proxy share its connection. */
const SESSION_MEMORY_MB = 256;
const PERMISSION_DENIED = "7";

const peerKey = createContextKey<string>("", { description: "address of the other end" });

export class NetmakerListener {
  readonly #config: ListenerConfig;
  readonly #deps: ListenerDeps;
  readonly #isAllowed: (address: string | undefined) => boolean;
  readonly #connections: Connections;
  /** Null: no TLS. */
  readonly #certificate: Certificate | null;
  readonly #stopping = new AbortController();
  /** Sources that were told of already: once is enough for each. */
  readonly #told = new Set<string>();
  /** By address. */
  readonly #streamsOf = new Map<string, number>();
  #server: Http2Server | null = null;
  #counts = { streams: 0, notAllowed: 0, tooMany: 0 };

  constructor(config: ListenerConfig, deps: ListenerDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#isAllowed = allowedBy(config.allow);
    const { cert, key, client_ca: clientCa } = config.tls;
    const files = cert === undefined || key === undefined ? null : { cert, key, clientCa };
    this.#certificate = files && new Certificate({ ...files, settings: "netmaker.tls", requireClientCert: true }, deps);
    this.#connections = new Connections({ isAllowed: this.#isAllowed, keepaliveMs: config.keepaliveMs });
  }

  get stats(): ListenerStats {
    const { size: connections, halfOpen } = this.#connections;
    return { connections, ...this.#counts, halfOpen };
  }

  /** Null: no TLS. */
  get certificate(): CertificateReport | null {
    return this.#certificate?.report ?? null;
  }

  /** Where it listens; null while it does not. */
  get address(): AddressInfo | null {
    return (this.#server?.address() ?? null) as AddressInfo | null;
  }

  /** What whoever runs it should know of who may report; null: all bring certificates. */
  get warning(): string | null {
    const { allow, tls } = this.#config;
    if (tls.client_ca !== undefined) return null;
    const from = allow.length === 0 ? "loopback and private addresses" : allow.join(", ");
    return `Netmaker's agents bring no credentials: anybody at ${from} can report flows of any host (netmaker.allow, netmaker.tls.client_ca)`;
  }

  /** @throws NodeJS.ErrnoException of listen(2); TlsError */
  async start(): Promise<void> {
    const { listen, maxStreams, tls } = this.#config;
    const options: ServerOptions = {
      settings: { maxConcurrentStreams: maxStreams, initialWindowSize: 256 * 1024 },
      maxSessionMemory: SESSION_MEMORY_MB,
    };
    const server = await this.#makeServer(options);
    this.#connections.watch(server, tls.cert !== undefined);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(listen.port, listen.host, () => {
        server.off("error", reject);
        resolve();
      });
    });
    this.#server = server;
    server.on("error", (error) => this.#deps.logger.warn({ err: error }, "the listener for Netmaker's agents has an error"));
    const fields = { address: server.address(), tls: tls.cert !== undefined };
    if (this.warning === null)
      this.#deps.logger.info(fields, "Netmaker's agents are let in with certificates of netmaker.tls.client_ca");
    else this.#deps.logger.warn(fields, this.warning);
  }

  /** Lets streams end, then ends them. */
  async stop(): Promise<void> {
    this.#certificate?.stop();
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    this.#stopping.abort(new ConnectError("the server is stopping: come again", Code.Unavailable));
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    this.#connections.close();
    const timer = setTimeout(() => this.#connections.destroy(), STOP_MS);
    await closed;
    clearTimeout(timer);
  }

  async #makeServer(options: ServerOptions): Promise<Http2Server> {
    const handler = this.#handler();
    const certificate = this.#certificate;
    if (certificate === null) return createServer(options, handler);
    await certificate.start();
    const server = createSecureServer({ ...options, ...certificate.options, ALPNProtocols: ["h2"] }, handler);
    certificate.attach(server);
    return server;
  }

  #handler(): (request: Http2ServerRequest, response: Http2ServerResponse) => void {
    const serve = connectNodeAdapter({
      connect: false,
      grpcWeb: false,
      acceptCompression: [],
      readMaxBytes: this.#config.maxEnvelopeBytes,
      shutdownSignal: this.#stopping.signal,
      contextValues: (request) => createContextValues().set(peerKey, request.socket.remoteAddress ?? ""),
      routes: (router) =>
        router.service(FlowService, {
          streamFlows: (envelopes, { values, signal }) => this.#answers(envelopes, values.get(peerKey), signal),
        }),
    });
    return (request, response) => {
      const address = request.socket.remoteAddress;
      if (this.#isAllowed(address)) serve(request, response);
      else this.#sendAway(request, address ?? "");
    };
  }

  /** One envelope after the other: who does not wait for its answer is not read from. */
  async *#answers(envelopes: AsyncIterable<{ events: Uint8Array[] }>, peer: string, signal: AbortSignal) {
    this.#assertRoom(peer);
    this.#counts.streams++;
    this.#streamsOf.set(peer, (this.#streamsOf.get(peer) ?? 0) + 1);
    try {
      for await (const { events } of envelopes) yield await this.#deps.take(events, signal);
    } catch (error) {
      const { code, rawMessage } = ConnectError.from(error);
      const isOurs = code === Code.InvalidArgument || code === Code.ResourceExhausted || code === Code.Internal;
      if (isOurs && !signal.aborted) this.#tell(peer, rawMessage);
      throw error;
    } finally {
      this.#counts.streams--;
      const left = (this.#streamsOf.get(peer) ?? 1) - 1;
      if (left > 0) this.#streamsOf.set(peer, left);
      else this.#streamsOf.delete(peer);
    }
  }

  /** @throws ConnectError */
  #assertRoom(peer: string): void {
    const { maxStreams } = this.#config;
    const share = maxStreams - Math.floor(maxStreams * OTHERS_SHARE);
    const isFull = this.#counts.streams >= maxStreams;
    if (!isFull && (this.#streamsOf.get(peer) ?? 0) < share) return;
    this.#counts.tooMany++;
    const what = isFull ? `${maxStreams} streams` : `${share} streams of one address`;
    throw new ConnectError(`more than ${what} (netmaker.max_streams)`, Code.ResourceExhausted);
  }

  #tell(peer: string, message: string): void {
    if (this.#told.has(peer) || this.#told.size > 1000) return;
    this.#told.add(peer);
    this.#deps.logger.warn({ peer }, `a stream of a Netmaker agent was ended: ${message}`);
  }

  #sendAway(request: Http2ServerRequest, address: string): void {
    this.#counts.notAllowed++;
    this.#tell(address, "its address is in none of netmaker.allow");
    const { stream } = request;
    const message = "the address of this agent is in none of netmaker.allow";
    stream.respond(
      { ":status": 200, "content-type": "application/grpc", "grpc-status": PERMISSION_DENIED, "grpc-message": message },
      { endStream: true },
    );
    stream.close(constants.NGHTTP2_NO_ERROR);
    stream.session?.close();
  }
}
