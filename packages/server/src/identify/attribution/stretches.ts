/** The holdings of one prefix → who counts from when on. */
import type { Holding } from "../holding.ts";
import { compareHoldings, isAgents, isCandidate, isRival } from "./order.ts";

/** Who counts for a while; null: nobody. `domain` is null where candidates do not agree on one. */
export interface Reign {
  readonly fromMs: number;
  readonly holding: Holding | null;
  readonly domain: string | null;
  /** Agents declare it as different nodes'. */
  readonly isContested: boolean;
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
  const reigns: Reign[] = [
    { fromMs: ALWAYS, holding: best, domain: domainOf(best, active), isContested: isContested(best, active) },
  ];
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
    const reign = { fromMs: atMs, holding: best, domain: domainOf(best, active), isContested: isContested(best, active) };
    const last = reigns.at(-1);
    if (last?.holding !== best || last.domain !== reign.domain || last.isContested !== reign.isContested) reigns.push(reign);
  }
  return reigns;
}

function reignsOfOne(holding: Holding): Reign[] {
  const { fromMs, toMs, isFirst, domain } = holding;
  const nobody = { holding: null, domain: null, isContested: false };
  const alone = { holding, domain, isContested: false };
  const reigns: Reign[] = [{ fromMs: ALWAYS, ...(isFirst ? alone : nobody) }];
  if (!isFirst && fromMs < toMs) reigns.push({ fromMs, ...alone });
  if (reigns.at(-1)?.holding !== null && toMs !== NEVER) reigns.push({ fromMs: toMs, ...nobody });
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

function isContested(best: Holding | null, candidates: Iterable<Holding>): boolean {
  if (best === null || !isAgents(best)) return false;
  for (const one of candidates) if (isRival(one, best)) return true;
  return false;
}

/** Of the candidates of the best one's kind (and an agent takes no domain from what others describe), if those that tell one tell the same. */
function domainOf(best: Holding | null, candidates: Iterable<Holding>): string | null {
  if (best === null || best.domain === null) return null;
  const counts = (one: Holding) => one.kind === best.kind && isAgents(one) === isAgents(best);
  for (const one of candidates) if (counts(one) && one.domain !== null && one.domain !== best.domain) return null;
  return best.domain;
}
