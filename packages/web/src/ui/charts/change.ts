/** How something compares with the time before, in words. */
import type { Amount } from "./series.ts";

export interface Change {
  /** `+12 %`, `new`, `none before` */
  readonly text: string;
  readonly direction: "up" | "down" | "same";
}

/** Null: nothing now and nothing then. */
export function changeOf(now: Amount, before: Amount): Change | null {
  const [a, b] = [Number(now), Number(before)];
  if (a === 0 && b === 0) return null;
  if (b === 0) return { text: "new", direction: "up" };
  const percent = Math.round(((a - b) / b) * 100);
  if (percent === 0) return { text: "±0 %", direction: "same" };
  // Ten times as much and more is easier to read so.
  if (a >= b * 10) return { text: `×${Math.round(a / b).toLocaleString("en-US")}`, direction: "up" };
  return { text: `${percent > 0 ? "+" : "−"}${Math.abs(percent)} %`, direction: percent > 0 ? "up" : "down" };
}
