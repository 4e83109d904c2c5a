/** Signing in at an OpenID provider: authorization code with PKCE, state and nonce. Nothing of it is kept in this process. */
import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  type Configuration,
  calculatePKCECodeChallenge,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from "openid-client";
import { z } from "zod";
import type { Account } from "../../store/account-rows.ts";
import { type GrantRule, grantOf } from "../grant-rules.ts";
import type { Grant } from "../identity.ts";
import { oidcError } from "./errors.ts";
import { failureOf } from "./failure-of.ts";
import { type ClaimsConfig, isIncomplete, type Person, personOf } from "./person.ts";
import { Provider, type ProviderConfig } from "./provider.ts";
import { seal, unseal } from "./sealed.ts";

export interface OidcConfig extends ProviderConfig, ClaimsConfig {
  readonly scopes: readonly string[];
  readonly grants: readonly GrantRule[];
}

export interface OidcDeps {
  readonly now: () => number;
  /** As its file has it now. */
  readonly readSecret: () => Promise<string>;
  readonly accounts: {
    upsertExternal(account: { source: "oidc"; subject: string; name: string; grant: Grant }): Promise<Account>;
  };
}

/** A person has so long to sign in at the provider. */
export const BEGUN_MS = 10 * 60_000;

const begunSchema = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  redirectUri: z.string(),
  returnTo: z.string(),
  untilMs: z.number(),
});

export class Oidc {
  readonly #config: OidcConfig;
  readonly #deps: OidcDeps;
  readonly #provider: Provider;

  constructor(config: OidcConfig, deps: OidcDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#provider = new Provider(config, deps);
  }

  /** Looks whether the provider is there. @throws OidcError away */
  async look(): Promise<void> {
    await this.#provider.configuration();
  }

  /**
   * @param redirectUri where the provider sends people back to: it must know it
   * @returns where to send somebody, and what their browser keeps until they come back
   * @throws OidcError away
   */
  async begin(redirectUri: string, returnTo: string): Promise<{ url: URL; sealed: string }> {
    const { configuration, secret } = await this.#provider.configuration();
    const begun = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier(), redirectUri, returnTo };
    const url = buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: this.#scopes(configuration),
      state: begun.state,
      nonce: begun.nonce,
      code_challenge: await calculatePKCECodeChallenge(begun.verifier),
      code_challenge_method: "S256",
    });
    return { url, sealed: seal({ ...begun, untilMs: this.#deps.now() + BEGUN_MS }, secret) };
  }

  /**
   * @param search of the address that the provider sent somebody back to
   * @param sealed what their browser kept
   * @throws OidcError; StoreError
   */
  async finish(search: string, sealed: string | undefined): Promise<{ account: Account; returnTo: string }> {
    const { configuration, secret } = await this.#provider.configuration();
    const begun = begunSchema.safeParse(sealed === undefined ? null : unseal(sealed, secret)).data;
    if (begun === undefined)
      throw oidcError("not_begun", "somebody came back from the provider who was not sent there by this server");
    if (begun.untilMs < this.#deps.now()) throw oidcError("lapsed", "somebody came back from the provider too late");
    if (new URLSearchParams(search).get("state") !== begun.state)
      throw oidcError("not_begun", "somebody came back from the provider with the state of another sign-in");
    const person = await this.#person(configuration, new URL(search, begun.redirectUri), begun).catch((error: unknown) => {
      throw failureOf(error);
    });
    const grant = grantOf(this.#config.grants, person);
    if (grant === null) throw oidcError("no_grant", `no rule of auth.grants is for ${person.name} or for one of their groups`);
    const { subject, name } = person;
    const account = await this.#deps.accounts.upsertExternal({ source: "oidc", subject, name, grant });
    if (account.disabledMs !== null) throw oidcError("disabled", `the account ${name} is disabled`);
    return { account, returnTo: begun.returnTo };
  }

  /** Where somebody ends their session at the provider, too; null: it has no such place. @throws OidcError away */
  async endUrl(pageUrl: string): Promise<URL | null> {
    const { configuration } = await this.#provider.configuration();
    if (configuration.serverMetadata().end_session_endpoint === undefined) return null;
    return buildEndSessionUrl(configuration, { post_logout_redirect_uri: pageUrl });
  }

  async #person(configuration: Configuration, currentUrl: URL, begun: z.infer<typeof begunSchema>): Promise<Person> {
    const tokens = await authorizationCodeGrant(configuration, currentUrl, {
      expectedState: begun.state,
      expectedNonce: begun.nonce,
      pkceCodeVerifier: begun.verifier,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (claims === undefined) throw oidcError("not_verified", "the provider gave no ID token");
    if (!isIncomplete(claims, this.#config) || configuration.serverMetadata().userinfo_endpoint === undefined)
      return personOf(claims, this.#config);
    const more = await fetchUserInfo(configuration, tokens.access_token, claims.sub);
    return personOf({ ...more, ...claims }, this.#config);
  }

  /** What a provider does not offer, some refuse. */
  #scopes(configuration: Configuration): string {
    const offered = configuration.serverMetadata().scopes_supported;
    return this.#config.scopes.filter((scope) => scope === "openid" || offered?.includes(scope) !== false).join(" ");
  }
}
