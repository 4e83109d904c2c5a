/**
 * Changes agents' tokens without a moment in which none is good: the new one stands beside the old one until it is used. The agent asks for it
 * with the old one (`Flowtrail-Rotate` tells it to); the server never keeps a secret that it could hand out later.
 */
import type { Token } from "../store/token-rows.ts";
import type { Tokens } from "../store/tokens.ts";
import { derivedSecret } from "./enrol.ts";
import { EnrolError } from "./enrol-errors.ts";

export interface RotateConfig {
  /** Age at which a token is changed by itself; null: never. */
  readonly maxAgeMs: number | null;
}

export class Rotate {
  readonly #config: RotateConfig;
  readonly #tokens: Tokens;
  readonly #now: () => number;
  readonly #ending = new Set<string>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(config: RotateConfig, deps: { tokens: Tokens; now: () => number }) {
    this.#config = config;
    this.#tokens = deps.tokens;
    this.#now = deps.now;
  }

  /** Shall the agent that came with this token ask for a new one? */
  isAsked(id: string): boolean {
    const token = this.#tokens.peek(id);
    if (token === null) return false;
    const { maxAgeMs } = this.#config;
    return token.rotateMs !== null || (maxAgeMs !== null && token.createdMs < this.#now() - maxAgeMs);
  }

  /**
   * A new token for the agent that has this one; the same, however often it asks with one key.
   * @throws EnrolError ROTATION_NOT_ASKED; StoreError
   */
  async renew(id: string, secret: string, key: string): Promise<string> {
    // One after the other: each sees the tokens that those before it got.
    const done = this.#turn.then(() => this.#renewInTurn(id, secret, key));
    // Whoever asked is told.
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #renewInTurn(id: string, secret: string, key: string): Promise<string> {
    const token = this.#tokens.peek(id);
    if (token?.node == null || !this.isAsked(id))
      throw new EnrolError({ code: "ROTATION_NOT_ASKED" }, "nobody asked this agent to change its token");
    const next = derivedSecret(key, secret, token.node);
    if ((await this.#tokens.find(next)) !== null) return next;
    const { name, node, grant } = token;
    // Others that somebody got for the same old one end too: two that have it can't both go on unseen.
    const others = (await this.#live(node)).filter(({ replaces }) => replaces.includes(id)).map((other) => other.id);
    await this.#tokens.create({ kind: "agent", name, node, grant, replaces: [id, ...others], secret: next });
    return next;
  }

  /** Asks the agent of a node to change its token. @returns how many tokens it has that can be used @throws StoreError */
  async ask(node: string): Promise<number> {
    const live = await this.#live(node);
    for (const { id } of live) await this.#tokens.change(id, { rotateMs: this.#now() });
    return live.length;
  }

  /** A new token for a node, for people to bring there. The ones before end when it is used. @throws StoreError */
  async make(node: string): Promise<{ secret: string; token: Token } | null> {
    const live = await this.#live(node);
    const [newest] = live;
    if (newest === undefined) return null;
    const replaces = live.map(({ id }) => id);
    return this.#tokens.create({ kind: "agent", name: newest.name, node, grant: newest.grant, replaces });
  }

  /** A token was used: those that it replaces are not needed any more. @throws StoreError */
  async onUse(id: string): Promise<void> {
    const replaces = this.#tokens.peek(id)?.replaces ?? [];
    const ending = replaces.filter((old) => !this.#ending.has(old) && this.#tokens.peek(old)?.revokedMs === null);
    for (const old of ending) {
      this.#ending.add(old);
      try {
        await this.#tokens.revoke(old);
      } finally {
        this.#ending.delete(old);
      }
    }
  }

  async #live(node: string): Promise<Token[]> {
    const nowMs = this.#now();
    return (await this.#tokens.list()).filter(
      ({ kind, node: own, revokedMs, expiresMs }) =>
        kind === "agent" && own === node && revokedMs === null && (expiresMs === null || expiresMs > nowMs),
    );
  }
}
