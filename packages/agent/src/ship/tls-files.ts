/** Certificates and key of the connection to the server, read again when their files change: an agent runs longer than a certificate is good. */
import { readFileSync, statSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { ShipError } from "./errors.ts";

export interface TlsFilesConfig {
  /** Certificates that the server's is checked against. */
  readonly caFile?: string | undefined;
  /** What this agent shows to the server, and its key. */
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

export interface TlsOptions {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** Files are looked at once a second at most. */
const LOOK_MS = 1000;

export class TlsFiles {
  readonly #paths: readonly { readonly name: "ca" | "cert" | "key"; readonly flag: string; readonly path: string }[];
  readonly #now: () => number;
  #options: TlsOptions;
  #stamp: string;
  #lookedMs: number;
  /** Why the files as they are now are not used; empty: they are. */
  problem = "";

  /** Throws ShipError SHIP_TLS_FILE. */
  constructor({ caFile, certFile, keyFile }: TlsFilesConfig, now: () => number = () => performance.now()) {
    this.#paths = [
      { name: "ca" as const, flag: "--ca-file", path: caFile },
      { name: "cert" as const, flag: "--cert-file", path: certFile },
      { name: "key" as const, flag: "--key-file", path: keyFile },
    ].flatMap(({ path, ...rest }) => (path === undefined ? [] : [{ ...rest, path }]));
    this.#now = now;
    this.#options = this.#read();
    this.#stamp = this.#stampNow();
    this.#lookedMs = now();
  }

  /** Another object each time the files have changed. */
  get options(): TlsOptions {
    const nowMs = this.#now();
    if (this.#paths.length === 0 || nowMs - this.#lookedMs < LOOK_MS) return this.#options;
    this.#lookedMs = nowMs;
    const stamp = this.#stampNow();
    if (stamp === this.#stamp) return this.#options;
    try {
      this.#options = this.#read();
      this.#stamp = stamp;
      this.problem = "";
    } catch (error) {
      // A certificate may be replaced before its key is: what was read before goes on until they fit.
      this.problem = error instanceof Error ? error.message : String(error);
    }
    return this.#options;
  }

  #read(): TlsOptions {
    const options = Object.fromEntries(this.#paths.map(({ name, flag, path }) => [name, readPem(path, flag)])) as TlsOptions;
    try {
      createSecureContext(options);
    } catch (cause) {
      const [first] = this.#paths;
      const names = this.#paths.map(({ flag, path }) => `${path} (${flag})`).join(", ");
      const why = (cause as Error).message;
      throw new ShipError({ code: "SHIP_TLS_FILE", path: first?.path ?? "" }, `of no use for TLS: ${names}: ${why}`, { cause });
    }
    return options;
  }

  #stampNow(): string {
    return this.#paths
      .map(({ path }) => {
        const stat = statSync(path, { throwIfNoEntry: false });
        return stat === undefined ? "none" : `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
      })
      .join();
  }
}

function readPem(path: string, flag: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const errno = (cause as NodeJS.ErrnoException).code ?? "unknown";
    throw new ShipError({ code: "SHIP_TLS_FILE", path }, `the file ${path} (${flag}) can't be read (${errno})`, { cause });
  }
}
