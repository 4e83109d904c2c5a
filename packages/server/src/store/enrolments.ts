/**
 * Uses of enrolment tokens, counted so that there are never more than allowed, whatever servers do at the same time: who wants one claims it,
 * then looks at all claims, and withdraws if there are too many. The last one to claim sees all the others, so of too many one withdraws at least;
 * clocks don't matter. It may be that all of those withdraw who come in the same moment: they try again.
 */
import { randomUUID } from "node:crypto";
import type { ClickHouse } from "./clickhouse.ts";
import { insertObjects } from "./deliveries.ts";
import { ENROLMENTS } from "./schema/enrolment-tables.ts";

export interface Claim {
  readonly claim: string;
  readonly state: "claimed" | "done";
  readonly token: string;
  readonly node: string;
  readonly keyHash: string;
  readonly atMs: number;
}

export type ClaimResult =
  | { readonly kind: "claimed"; readonly claim: Claim }
  /** The same agent was here before, and may not have heard the answer. */
  | { readonly kind: "again"; readonly claim: Claim }
  | { readonly kind: "spent" }
  /** Others claim at the same time: to be tried again. */
  | { readonly kind: "busy" };

/** A claim that a server died with does not keep a node from being enrolled for longer. */
const UNDER_WAY_MS = 60_000;

interface Row {
  readonly claim: string;
  readonly last: "claimed" | "withdrawn" | "done";
  readonly of_token: string;
  readonly of_node: string;
  readonly key: string;
  readonly at_ms: string;
}

export class Enrolments {
  readonly #clickhouse: Pick<ClickHouse, "rows" | "insert">;
  readonly #now: () => number;

  constructor(clickhouse: Pick<ClickHouse, "rows" | "insert">, deps: { now: () => number }) {
    this.#clickhouse = clickhouse;
    this.#now = deps.now;
  }

  /** One use of a token, for a node. @throws StoreError */
  async claim(wanted: { token: string; node: string; keyHash: string; uses: number }): Promise<ClaimResult> {
    const { token, node, keyHash, uses } = wanted;
    const before = (await this.#claims(token, node)).filter((claim) => claim.token === token);
    const own = before.find((claim) => claim.keyHash === keyHash && claim.node === node);
    if (own !== undefined) return { kind: "again", claim: own };
    if (before.length >= uses) return { kind: "spent" };
    const claim: Claim = { claim: randomUUID(), state: "claimed", token, node, keyHash, atMs: this.#now() };
    await this.#append(claim, "claimed");
    const all = await this.#claims(token, node);
    const tooMany = all.filter((other) => other.token === token).length > uses;
    const sameNode = all.some((other) => other.node === node && other.claim !== claim.claim && this.#isUnderWay(other));
    if (!tooMany && !sameNode) return { kind: "claimed", claim };
    await this.withdraw(claim);
    return { kind: "busy" };
  }

  /** It was not used. @throws StoreError */
  withdraw(claim: Claim): Promise<void> {
    return this.#append(claim, "withdrawn");
  }

  /** The agent has its token: from now on the node is there. @throws StoreError */
  done(claim: Claim): Promise<void> {
    return this.#append(claim, "done");
  }

  /** How often each token was used, by its id. @throws StoreError */
  async uses(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#clickhouse.rows<{ token: string; uses: string }>(
      `SELECT token, count() AS uses FROM (SELECT token, claim, max(state) AS last FROM ${ENROLMENTS.name} GROUP BY token, claim)
         WHERE last = 'done' OR last = 'claimed' GROUP BY token`,
    );
    return new Map(rows.map(({ token, uses }) => [token, Number(uses)]));
  }

  #isUnderWay({ state, atMs }: Claim): boolean {
    return state === "claimed" && atMs > this.#now() - UNDER_WAY_MS;
  }

  /** Those of a token, and those of a node, that were not withdrawn. */
  async #claims(token: string, node: string): Promise<Claim[]> {
    const rows = await this.#clickhouse.rows<Row>(
      `SELECT claim, max(state) AS last, any(token) AS of_token, any(node) AS of_node, any(key_hash) AS key, toUnixTimestamp64Milli(min(at)) AS at_ms
       FROM ${ENROLMENTS.name} WHERE token = {token:String} OR node = {node:String} GROUP BY claim`,
      { token, node },
    );
    return rows.flatMap((row) => {
      const { claim, last, of_token, of_node, key: keyHash, at_ms } = row;
      return last === "withdrawn" ? [] : [{ claim, state: last, token: of_token, node: of_node, keyHash, atMs: Number(at_ms) }];
    });
  }

  async #append({ claim, token, node, keyHash }: Claim, state: Row["last"]): Promise<void> {
    const at = new Date(this.#now()).toISOString();
    await insertObjects(this.#clickhouse, ENROLMENTS.name, [{ claim, state, token, node, key_hash: keyHash, at }]);
  }
}
