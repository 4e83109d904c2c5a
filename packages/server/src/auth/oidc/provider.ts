/** The provider as its discovery document tells it: asked when it is needed, kept for a while, and asked again when it was away. */
import {
  allowInsecureRequests,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  discovery,
  enableNonRepudiationChecks,
} from "openid-client";
import { oidcError } from "./errors.ts";

export interface ProviderConfig {
  readonly issuer: string;
  readonly clientId: string;
}

interface Known {
  readonly configuration: Configuration;
  readonly secret: string;
  readonly atMs: number;
}

const TIMEOUT_S = 10;
const FRESH_MS = 3_600_000;

export class Provider {
  readonly #config: ProviderConfig;
  readonly #readSecret: () => Promise<string>;
  #known: Known | null = null;
  #asking: Promise<Known> | null = null;

  /** @param deps `readSecret`: as its file has it now */
  constructor(config: ProviderConfig, deps: { readSecret: () => Promise<string> }) {
    this.#config = config;
    this.#readSecret = deps.readSecret;
  }

  /** @throws OidcError away */
  async configuration(): Promise<Known> {
    const secret = await this.#readSecret();
    const known = this.#known;
    if (known !== null && known.secret === secret && performance.now() - known.atMs < FRESH_MS) return known;
    this.#asking ??= this.#discover(secret).finally(() => {
      this.#asking = null;
    });
    try {
      this.#known = await this.#asking;
      return this.#known;
    } catch (error) {
      // What it said an hour ago is better than nobody being let in.
      if (known !== null && known.secret === secret) return known;
      throw oidcError("away", `the provider ${this.#config.issuer} can't be asked what it offers: ${reasonOf(error)}`, error);
    }
  }

  async #discover(secret: string): Promise<Known> {
    const issuer = new URL(this.#config.issuer);
    const configuration = await discovery(issuer, this.#config.clientId, secret, this.#authenticate(secret), {
      timeout: TIMEOUT_S,
      // The configuration allows it on loopback only.
      execute: [enableNonRepudiationChecks, ...(issuer.protocol === "http:" ? [allowInsecureRequests] : [])],
    });
    return { configuration, secret, atMs: performance.now() };
  }

  /** As the specification has it where the provider says nothing; most of those that say something offer both. */
  #authenticate(secret: string): ReturnType<typeof ClientSecretBasic> {
    const [basic, post] = [ClientSecretBasic(secret), ClientSecretPost(secret)];
    return (server, client, body, headers) => {
      const methods = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
      (methods.includes("client_secret_basic") ? basic : post)(server, client, body, headers);
    };
  }
}

/** The innermost cause says what a person can use: connect ECONNREFUSED 10.0.0.7:443. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error) return reasonOf(cause);
  return error instanceof Error ? error.message : String(error);
}
