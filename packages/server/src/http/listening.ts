/** Where the API listens: the address that others reach, with TLS or without, and with TLS one more for programs of this machine. */
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { ServerConfig } from "../config/schema.ts";
import { listenError, localUrl } from "../listen.ts";
import { Certificate, type CertificateDeps, type CertificateReport } from "../tls/certificate.ts";
import { certificateConfig, httpConfig } from "./config.ts";
import { pageUrl } from "./exposure.ts";
import { HttpServers } from "./http-servers.ts";
import { LocalListener } from "./local-listener.ts";

/** The part of a fastify app that is needed here. */
interface App {
  readonly routing: RequestListener;
  readonly server: { address(): unknown };
  listen(options: { host: string; port: number; listenTextResolver: (address: string) => string }): Promise<unknown>;
}

/** Where it is reached: by programs of this machine, and by people. */
export interface Urls {
  readonly url: string;
  readonly page: string;
}

export class Listening {
  readonly #config: ServerConfig;
  /** Null: no TLS. */
  readonly #certificate: Certificate | null;
  readonly servers: HttpServers;
  #local: LocalListener | null = null;
  #urls: Urls | null = null;

  constructor(
    config: ServerConfig,
    { certificatePollMs, ...deps }: CertificateDeps & { certificatePollMs?: number | undefined },
  ) {
    this.#config = config;
    const certificate = certificateConfig(config);
    this.#certificate = certificate && new Certificate({ ...certificate, pollMs: certificatePollMs }, deps);
    this.servers = new HttpServers(httpConfig(config), { certificate: this.#certificate });
  }

  /** Null while it is not started. */
  get urls(): Urls | null {
    return this.#urls;
  }

  /** Null: no TLS. */
  get certificate(): CertificateReport | null {
    return this.#certificate?.report ?? null;
  }

  /** Before the app is made: its server has the certificate from the first. @throws TlsError */
  async readCertificate(): Promise<void> {
    await this.#certificate?.start();
  }

  /** @throws ServerError LISTEN */
  async start(app: App): Promise<Urls> {
    const { listen } = this.#config;
    const isSecure = this.#certificate !== null;
    // Fastify does not know that there is TLS.
    const listenTextResolver = (at: string) => `listening at ${isSecure ? at.replace(/^http:/, "https:") : at}`;
    await app.listen({ ...listen, listenTextResolver }).catch((error: unknown) => {
      throw listenError(listen, error);
    });
    const { port } = app.server.address() as AddressInfo;
    const url = localUrl({ host: listen.host, port }, isSecure ? "https" : "http");
    if (isSecure) this.#local = new LocalListener(this.servers.makeLocal(app.routing));
    const local = (await this.#local?.start()) ?? url;
    this.#urls = { url: local, page: pageUrl(this.#config, url, this.certificate?.names ?? []) };
    return this.#urls;
  }

  /** Programs of this machine get in no more; what they have asked is answered. */
  stop(): void {
    this.#urls = null;
    this.#certificate?.stop();
    this.#local?.stop();
  }

  destroy(): void {
    this.#local?.destroy();
  }
}
