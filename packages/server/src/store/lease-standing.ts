/**
 * Who holds a lease, by what the store says of it. ClickHouse has no compare-and-set, so there are claims: each is for a term, and of all
 * claims for one term the first counts, by the store's clock. A claim for the next term may be made when the holder is silent.
 */

export interface Claim {
  readonly term: number;
  readonly claim: string;
  /** By the store's clock. */
  readonly claimedMs: number;
  readonly beatMs: number;
  readonly released: boolean;
}

export interface LeaseTimes {
  /** A holder that was silent for so long holds it no more. */
  readonly ttlMs: number;
  /** So long after a claim every claim that was made before it can be read. */
  readonly settleMs: number;
}

/** `soon`: it will be ours as soon as it is certain that nobody else believes to have it. `free`: it may be claimed for that term. */
export type Standing =
  | { readonly kind: "mine" | "soon"; readonly claim: Claim }
  | { readonly kind: "other" }
  | { readonly kind: "free"; readonly term: number };

/**
 * @param own the claim that this server made last; null: none
 * @param nowMs by the store's clock
 */
export function standing(claims: readonly Claim[], own: string | null, nowMs: number, { ttlMs, settleMs }: LeaseTimes): Standing {
  const winners = new Map<number, Claim>();
  for (const claim of claims) {
    const first = winners.get(claim.term);
    if (first === undefined || isBefore(claim, first)) winners.set(claim.term, claim);
  }
  const [newest, ...older] = [...winners.values()].sort((a, b) => b.term - a.term);
  if (newest === undefined) return { kind: "free", term: 1 };
  if (newest.released || nowMs - newest.beatMs > ttlMs) return { kind: "free", term: newest.term + 1 };
  if (newest.claim !== own) return { kind: "other" };
  // A holder that was thought silent may have been heard of just before the claim: it believes to hold it until its time is over.
  const isOver = older.every(({ released, beatMs }) => released || nowMs - beatMs > ttlMs);
  return { kind: isOver && nowMs - newest.claimedMs >= settleMs ? "mine" : "soon", claim: newest };
}

function isBefore(a: Claim, b: Claim): boolean {
  return a.claimedMs < b.claimedMs || (a.claimedMs === b.claimedMs && a.claim < b.claim);
}
