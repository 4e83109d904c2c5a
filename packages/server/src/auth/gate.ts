/** All that has to do with who gets in, put together. */
import type { FastifyBaseLogger } from "fastify";
import type { ServerConfig } from "../config/schema.ts";
import type { Store } from "../store/store.ts";
import { Auth } from "./auth.ts";
import { authConfig, proxyConfig } from "./config.ts";
import { Failures } from "./failures.ts";
import { makeOidc } from "./oidc/make.ts";
import type { Oidc } from "./oidc/oidc.ts";
import { Passwords } from "./password.ts";
import { PasswordSignIn } from "./password-sign-in.ts";
import { PATIENCE, Patience } from "./patience.ts";
import { ProxyPeople } from "./proxy-people.ts";
import { Rotate } from "./rotate.ts";
import { WhoAsks } from "./who-asks.ts";

export interface Gate {
  readonly auth: Auth;
  readonly proxy: ProxyPeople;
  readonly whoAsks: WhoAsks;
  /** Null: people sign in without a provider. */
  readonly oidc: Oidc | null;
  readonly failures: Failures;
  readonly passwordSignIn: PasswordSignIn;
  readonly rotate: Rotate;
}

export interface GateDeps {
  readonly store: Pick<Store, "accounts" | "tokens">;
  readonly passwords: ConstructorParameters<typeof Passwords>[0];
  readonly now: () => number;
  readonly logger: FastifyBaseLogger;
}

const FAILURES_WINDOW_MS = 60_000;
const DAY_MS = 24 * 3_600_000;

export function makeGate(config: ServerConfig, { store, passwords, now, logger }: GateDeps): Gate {
  const { accounts, tokens } = store;
  const auth = new Auth(authConfig(config), { tokens, accounts, now });
  const proxy = new ProxyPeople(proxyConfig(config), { accounts, logger });
  const { max_failures: max, agent_token_days: days } = config.auth;
  return {
    auth,
    proxy,
    whoAsks: new WhoAsks({ auth, proxy }),
    oidc: makeOidc(config, { accounts, now, logger }),
    failures: new Failures({ max, windowMs: FAILURES_WINDOW_MS }, { now }),
    passwordSignIn: new PasswordSignIn({
      accounts,
      passwords: new Passwords(passwords),
      patience: new Patience(PATIENCE, { now }),
    }),
    rotate: new Rotate({ maxAgeMs: days === 0 ? null : days * DAY_MS }, { tokens, now }),
  };
}
