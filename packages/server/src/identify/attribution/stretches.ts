/** The holdings of one prefix → who counts from when on. */
import type { Holding } from "../holding.ts";
import { compareHoldings, isCandidate } from "./order.ts";

/** Who counts for a while; null: nobody. `domain` is null where candidates do not agree on one. */
export interface Reign {
  readonly fromMs: number;
  readonly holding: Holding | null;
  readonly domain: string | null;
}

const ALWAYS = Number.NEGATIVE_INFINITY;

/**
 * In the order of time, the first from -Infinity on; neighbours differ. One sweep: each turn looks only at what begins, becomes known or ends then,
 * and at all candidates only when the one that counted ends (thousands of agents may declare one address).
 */
export function reignsOf(holdings: readonly Holding[]): Reign[] {
  const turns = turnsOf(holdings);
  const active = new Set(holdings.filter((holding) => isCandidate(holding, ALWAYS)));
  let best = bestOf(active, ALWAYS);
  const reigns: Reign[] = [{ fromMs: ALWAYS, holding: best, domain: domainOf(best, active) }];
  for (const [atMs, { begins, ends }] of turns) {
    for (const holding of ends) active.delete(holding);
    for (const holding of begins) if (isCandidate(holding, atMs)) active.add(holding);
    if (best !== null && !active.has(best)) best = bestOf(active, atMs);
    else for (const holding of begins) if (active.has(holding)) best = better(best, holding, atMs);
    const domain = domainOf(best, active);
    const last = reigns.at(-1);
    if (last?.holding !== best || last?.domain !== domain) reigns.push({ fromMs: atMs, holding: best, domain });
  }
  return reigns;
}

interface Turn {
  readonly begins: Holding[];
  readonly ends: Holding[];
}

function turnsOf(holdings: readonly Holding[]): [number, Turn][] {
  const turns = new Map<number, Turn>();
  const at = (ms: number): Turn => {
    let turn = turns.get(ms);
    if (turn === undefined) {
      turn = { begins: [], ends: [] };
      turns.set(ms, turn);
    }
    return turn;
  };
  for (const holding of holdings) {
    at(holding.fromMs).begins.push(holding);
    if (holding.toMs !== Number.POSITIVE_INFINITY) at(holding.toMs).ends.push(holding);
  }
  return [...turns].sort(([a], [b]) => a - b);
}

function bestOf(candidates: Iterable<Holding>, atMs: number): Holding | null {
  let best: Holding | null = null;
  for (const holding of candidates) best = better(best, holding, atMs);
  return best;
}

/** The one of two candidates of a prefix that counts. */
export function better(best: Holding | null, holding: Holding, atMs: number): Holding {
  return best === null || compareHoldings(holding, best, atMs) < 0 ? holding : best;
}

/** Of the candidates of the best one's kind, if those that tell one tell the same. */
function domainOf(best: Holding | null, candidates: Iterable<Holding>): string | null {
  if (best === null || best.domain === null) return null;
  for (const { kind, domain } of candidates) if (kind === best.kind && domain !== null && domain !== best.domain) return null;
  return best.domain;
}
