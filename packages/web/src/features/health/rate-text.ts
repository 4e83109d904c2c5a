import { formatCount } from "@flowtrail/model";

/** `12/s`; of what is rare `0.5/s`. */
export function rateText(perSecond: number): string {
  return `${perSecond >= 10 ? formatCount(Math.round(perSecond)) : Number(perSecond.toFixed(1))}/s`;
}
