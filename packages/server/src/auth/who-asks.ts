/** A request → who asks: a program by its token, else whom the proxy in front vouches for, else whose session it is. */
import type { FastifyRequest } from "fastify";
import type { Auth } from "./auth.ts";
import { sessionOf } from "./cookies.ts";
import type { Identity } from "./identity.ts";
import type { ProxyPeople } from "./proxy-people.ts";
import { assertOurPage } from "./same-origin.ts";

export class WhoAsks {
  readonly #auth: Pick<Auth, "identify">;
  readonly #proxy: Pick<ProxyPeople, "identify">;

  constructor(deps: { auth: Pick<Auth, "identify">; proxy: Pick<ProxyPeople, "identify"> }) {
    this.#auth = deps.auth;
    this.#proxy = deps.proxy;
  }

  /** @throws AuthError FORBIDDEN; StoreError while the store is away */
  async identify(request: FastifyRequest): Promise<Identity | null> {
    const isProgram = /^Bearer /i.test(request.headers.authorization ?? "");
    const person = isProgram ? null : await this.#proxy.identify(request);
    const identity = person ?? (await this.#auth.identify(request.headers, sessionOf(request)));
    if (identity?.kind === "session") assertOurPage(request);
    return identity;
  }
}
