/** People whom a proxy in front vouches for, by a header of each request. */
import type { FastifyRequest } from "fastify";
import { heldBy } from "../address-ranges.ts";
import type { Account } from "../store/account-rows.ts";
import { AuthError } from "./errors.ts";
import { type GrantRule, grantOf } from "./grant-rules.ts";
import type { Grant, Identity } from "./identity.ts";

export interface ProxyConfig {
  readonly from: readonly string[];
  readonly userHeader: string;
  readonly groupsHeader: string;
  readonly grants: readonly GrantRule[];
}

export interface ProxyDeps {
  readonly accounts: {
    upsertExternal(account: { source: "proxy"; subject: string; name: string; grant: Grant }): Promise<Account>;
  };
  readonly logger: { warn(fields: object, message: string): void };
}

/** Letters, digits and what names and addresses of e-mail hold. */
const NAME = /^[\p{L}\p{N}._@+\-\\ ]{1,200}$/u;
const MAX_TOLD = 100;

export class ProxyPeople {
  readonly #config: ProxyConfig;
  readonly #deps: ProxyDeps;
  readonly #isProxy: (address: string | undefined) => boolean;
  /** Who was told of already: once is enough for each. */
  readonly #told = new Set<string>();
  #refused = 0;

  constructor(config: ProxyConfig, deps: ProxyDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#isProxy = heldBy(config.from);
  }

  /** Requests with the header of somebody who is no proxy of ours. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Null: no proxy says anything.
   * @throws AuthError FORBIDDEN for the header of who is not believed, or a person who may do nothing here; StoreError
   */
  async identify({ headers, socket }: Pick<FastifyRequest, "headers" | "socket">): Promise<Identity | null> {
    const { from, userHeader, groupsHeader, grants } = this.#config;
    // Where there are no proxies, the header is one that means nothing.
    if (from.length === 0) return null;
    const said = [headers[userHeader.toLowerCase()], headers[groupsHeader.toLowerCase()]].map((value) => value?.toString());
    const [name, groups = ""] = said;
    if (said.every((value) => value === undefined)) return null;
    // Of the connection itself: X-Forwarded-For is what anybody writes.
    if (!this.#isProxy(socket.remoteAddress)) throw this.#foreign(socket.remoteAddress ?? "");
    if (name === undefined || name === "") return null;
    const person = { name: decoded(name), groups: groups.split(",").map((group) => decoded(group.trim())) };
    if (!NAME.test(person.name)) throw new AuthError({ code: "FORBIDDEN" }, `${userHeader} of the proxy holds no name`);
    const grant = grantOf(grants, person);
    if (grant === null) throw notGranted(person.name);
    const account = await this.#deps.accounts.upsertExternal({ source: "proxy", subject: person.name, name: person.name, grant });
    if (account.disabledMs !== null) throw new AuthError({ code: "FORBIDDEN" }, `the account ${person.name} is disabled here`);
    return { kind: "session", id: account.id, name: account.name, account: account.id, ...account.grant };
  }

  #foreign(address: string): AuthError {
    this.#refused++;
    const message = `${address} says who signed in (${this.#config.userHeader}), and is none of auth.proxy.from: refused`;
    if (!this.#told.has(address) && this.#told.size < MAX_TOLD) {
      this.#told.add(address);
      this.#deps.logger.warn({ address }, message);
    }
    return new AuthError({ code: "FORBIDDEN" }, message);
  }
}

/** No rule of `auth.grants` is for this person. */
export function notGranted(name: string): AuthError {
  const message = `${name} is known, but nothing here is for that account or its groups: an administrator adds a rule to auth.grants`;
  return new AuthError({ code: "FORBIDDEN" }, message);
}

/** Node reads headers as Latin-1; proxies write UTF-8. */
function decoded(text: string): string {
  const utf8 = Buffer.from(text, "latin1").toString("utf8");
  return utf8.includes("\uFFFD") ? text : utf8;
}
