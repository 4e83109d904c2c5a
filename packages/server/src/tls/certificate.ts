/**
 * Certificate and key of listeners, out of files that are looked at again and again: who renews them writes them anew, and nothing has to be
 * started again. Connections that are open keep what they began with. What does not fit is told, and what was in force stays.
 */
import { constants } from "node:crypto";
import type { TlsOptions } from "node:tls";
import { type KeyPair, readKeyPair, type TlsFiles } from "./key-pair.ts";

export interface CertificateConfig extends TlsFiles {
  /** Of its settings: `tls`, `netmaker.tls`. */
  readonly settings: string;
  /** Whether who has no certificate of `clientCa` is sent away. */
  readonly requireClientCert: boolean;
  readonly pollMs?: number | undefined;
}

export interface CertificateDeps {
  readonly now: () => number;
  readonly logger: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

export interface CertificateReport {
  /** Host names and addresses that it is for. */
  readonly names: readonly string[];
  readonly expires: string;
  /** When it was read. */
  readonly loaded: string;
  /** Why what is in the files now is not in force, or that it ends soon; null: all is well. */
  readonly problem: string | null;
}

interface Server {
  setSecureContext(options: TlsOptions): void;
}

/** Files are often links to links (Kubernetes, certbot), of which a watch would see nothing. */
const POLL_MS = 5000;
const DAY_MS = 86_400_000;
const ENDS_SOON_DAYS = 7;
/** ASVS 12.1.1: nothing older than TLS 1.2; with it only ciphers with forward secrecy and authentication. */
const CIPHERS = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ECDHE+AESGCM:ECDHE+CHACHA20";

export class Certificate {
  readonly #config: CertificateConfig;
  readonly #deps: CertificateDeps;
  readonly #servers = new Set<Server>();
  #pair: KeyPair | null = null;
  #loadedMs = 0;
  #problem: string | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(config: CertificateConfig, deps: CertificateDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  /** Reads the files, and looks at them from then on. @throws TlsError */
  async start(): Promise<void> {
    this.#take(await readKeyPair(this.#config));
    this.#wait();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#servers.clear();
  }

  /** For a server that is to be made; `attach` it then. To be asked after `start()`. */
  get options(): TlsOptions {
    const { requireClientCert } = this.#config;
    return {
      ...this.#context(),
      requestCert: this.#pair?.clientCa !== null,
      // Whoever brings one must bring a good one.
      rejectUnauthorized: this.#pair?.clientCa !== null && requireClientCert,
    };
  }

  /** From now on the server has what the files have. */
  attach(server: Server): void {
    this.#servers.add(server);
  }

  /** Null before it was read. */
  get report(): CertificateReport | null {
    if (this.#pair === null) return null;
    const { names, expiresMs } = this.#pair;
    const times = { expires: new Date(expiresMs).toISOString(), loaded: new Date(this.#loadedMs).toISOString() };
    return { names, ...times, problem: this.#problem ?? this.#ending(expiresMs) };
  }

  #ending(expiresMs: number): string | null {
    const leftMs = expiresMs - this.#deps.now();
    if (leftMs > ENDS_SOON_DAYS * DAY_MS) return null;
    const when = leftMs <= 0 ? "ended" : "ends";
    return `the certificate ${this.#config.cert} ${when} ${new Date(expiresMs).toISOString()}: renew it, the new file is taken at once`;
  }

  #context(): TlsOptions {
    if (this.#pair === null) throw new TypeError("a certificate was asked for before its files were read");
    const { cert, key, clientCa } = this.#pair;
    const options = { minVersion: "TLSv1.2", ciphers: CIPHERS, secureOptions: constants.SSL_OP_NO_RENEGOTIATION } as const;
    return { ...options, honorCipherOrder: true, cert, key, ...(clientCa === null ? {} : { ca: clientCa }) };
  }

  #take(pair: KeyPair): void {
    this.#pair = pair;
    this.#loadedMs = this.#deps.now();
    this.#problem = null;
    const ending = this.#ending(pair.expiresMs);
    if (ending !== null) this.#deps.logger.warn({ setting: this.#config.settings }, ending);
  }

  #wait(): void {
    this.#timer = setTimeout(() => void this.#look(), this.#config.pollMs ?? POLL_MS);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const { settings } = this.#config;
    try {
      const pair = await readKeyPair(this.#config);
      if (this.#timer === null) return;
      if (pair.digest !== this.#pair?.digest) {
        this.#take(pair);
        for (const server of this.#servers) server.setSecureContext(this.#context());
        const { names, expires } = this.report ?? {};
        this.#deps.logger.info({ setting: settings, names, expires }, "the new certificate is in force");
      }
      this.#problem = null;
    } catch (error) {
      const problem = `${error instanceof Error ? error.message : String(error)}: the certificate from before stays in force (${settings})`;
      if (problem !== this.#problem) this.#deps.logger.warn({ setting: settings }, problem);
      this.#problem = problem;
    }
    if (this.#timer !== null) this.#wait();
  }
}
