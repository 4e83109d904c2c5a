import type { ServerConfig } from "../config/schema.ts";
import type { OidcConfig } from "./oidc/oidc.ts";
import type { ProxyConfig } from "./proxy-people.ts";

export interface AuthConfig {
  /** Nobody is asked for credentials. */
  readonly insecure: boolean;
  /** A session that was not used for this long is over. */
  readonly idleMs: number;
  /** A session that began this long ago is over. */
  readonly lifetimeMs: number;
}

export function authConfig({ insecure_no_auth, auth }: ServerConfig): AuthConfig {
  return { insecure: insecure_no_auth, idleMs: auth.session.idle, lifetimeMs: auth.session.lifetime };
}

export function proxyConfig({ auth: { proxy, grants } }: ServerConfig): ProxyConfig {
  return { from: proxy.from, userHeader: proxy.user_header, groupsHeader: proxy.groups_header, grants };
}

/** Null: there is no provider. */
export function oidcConfig({ auth: { oidc, grants } }: ServerConfig): OidcConfig | null {
  const { issuer, client_id: clientId, scopes, name_claim: nameClaim, groups_claim: groupsClaim } = oidc;
  if (issuer === undefined || clientId === undefined) return null;
  return { issuer, clientId, scopes, nameClaim, groupsClaim, grants };
}
