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
const NEVER = Number.POSITIVE_INFINITY;

/**
 * In the order of time, the first from -Infinity on; neighbours differ. One sweep: each turn looks only at what begins, becomes known or ends then,
 * and at all candidates only when the one that counted ends (thousands of agents may declare one address).
 */
export function reignsOf(holdings: readonly [Holding, ...Holding[]]): Reign[] {
  const [only] = holdings;
  if (holdings.length === 1) return reignsOfOne(only);
  const begins = holdings.toSorted((a, b) => a.fromMs - b.fromMs);
  const ends = holdings.filter(({ toMs }) => toMs !== NEVER).sort((a, b) => a.toMs - b.toMs);
  const active = new Set(holdings.filter((holding) => isCandidate(holding, ALWAYS)));
  let best = bestOf(active, ALWAYS);
  const reigns: Reign[] = [{ fromMs: ALWAYS, holding: best, domain: domainOf(best, active) }];
  let [begun, ended] = [0, 0];
  while (begun < begins.length || ended < ends.length) {
    const atMs = Math.min(begins[begun]?.fromMs ?? NEVER, ends[ended]?.toMs ?? NEVER);
    for (let one = ends[ended]; one?.toMs === atMs; one = ends[++ended]) active.delete(one);
    const before = best;
    if (best !== null && !active.has(best)) best = null;
    for (let one = begins[begun]; one?.fromMs === atMs; one = begins[++begun]) {
      if (!isCandidate(one, atMs)) continue;
      active.add(one);
      if (best !== null || before === null) best = better(best, one, atMs);
    }
    if (best === null) best = bestOf(active, atMs);
    const domain = domainOf(best, active);
    const last = reigns.at(-1);
    if (last?.holding !== best || last?.domain !== domain) reigns.push({ fromMs: atMs, holding: best, domain });
  }
  return reigns;
}

function reignsOfOne(holding: Holding): Reign[] {
  const { fromMs, toMs, isFirst, domain } = holding;
  const reigns: Reign[] = isFirst ? [{ fromMs: ALWAYS, holding, domain }] : [{ fromMs: ALWAYS, holding: null, domain: null }];
  if (!isFirst && fromMs < toMs) reigns.push({ fromMs, holding, domain });
  if (reigns.at(-1)?.holding !== null && toMs !== NEVER) reigns.push({ fromMs: toMs, holding: null, domain: null });
  return reigns;
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
