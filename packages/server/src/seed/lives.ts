/** How long seeded flows live, and when in their life their bytes flow. */
import { interpolate, share } from "./expressions.ts";

/** 80 % under 10 s, 1 % over an hour. Share → ms. */
const LIVES: readonly (readonly [share: number, ms: number])[] = [
  [0, 4],
  [0.3, 90],
  [0.55, 600],
  [0.8, 10_000],
  [0.93, 60_000],
  [0.95, 120_000],
  [0.99, 3_600_000],
  [0.999, 36_000_000],
  [1, 108_000_000],
];
export const LONGEST_LIFE_MS = 108_000_000;
const STEPS = 500;

/** Logarithms at every 1 / STEPS. */
function logarithms(): number[] {
  return Array.from({ length: STEPS + 1 }, (_, step) => {
    const at = step / STEPS;
    const found = LIVES.findIndex(([to]) => to >= at);
    const [from, low] = LIVES[Math.max(0, found - 1)] ?? [0, 1];
    const [to, high] = LIVES[Math.max(1, found)] ?? [1, 1];
    return Number((Math.log(low) + ((at - from) / (to - from)) * (Math.log(high) - Math.log(low))).toFixed(4));
  });
}

/** Of a uniform draw, ms. */
export const lifeOf = (bits: string) => `exp(${interpolate(logarithms(), share(bits))})`;

/** Reports of a flow: an agent tells of what moved only, so a long one is a number of bursts, each up to a minute long. */
export const PIECES = "toInt64(if(life < 60000, 1, least(intDiv(life, 60000) + 1, 12 + intDiv(life, 600000))))";
export const PIECE_MS = 60_000;

/** When the first `k` pieces are over, ms since 1970. */
export const pieceEnd = (k: string) => `begun + intDiv(life * (${k}), pieces)`;

/** How many are over at a time of the flow's life, or before it. */
export const piecesBefore = (ms: string) => `least(pieces, intDiv(pieces * (${ms} - begun + 1) - 1, greatest(life, 1)))`;

/** Which share of the whole the first `k` pieces are: exact at both ends, uneven between, never falling. */
export const shareOfPieces = (k: string) =>
  `multiIf(${k} = 0, 0., ${k} >= pieces, 1., (${k} + 0.8 * (${share(`intHash64(d_burst + ${k})`)} - 0.5)) / pieces)`;

/** The number that a lone report of a flow has: 0, if it had ended when it was told of. */
export const revision = (k: string) => `toUInt32(if(pieces = 1 AND life < 2000, 0, ${k}))`;
