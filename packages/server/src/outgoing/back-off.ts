/** How long to wait before something is tried again. */

export interface BackOff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * After so many attempts (1: the first one) have failed: between a half and the whole of a span that doubles up to the longest one, so that what
 * failed together does not come back together.
 * @param askedMs what the other side asked for (Retry-After): never sooner
 * @param random from 0 up to, not including, 1
 */
export function backOffMs(
  failed: number,
  { firstMs, maxMs }: BackOff,
  { askedMs = null, random }: { readonly askedMs?: number | null; readonly random: () => number },
): number {
  // Without a bound the power would become infinite.
  const span = Math.min(maxMs, firstMs * 2 ** Math.min(Math.max(0, failed - 1), 40));
  return Math.max(askedMs ?? 0, Math.round(span * (0.5 + random() / 2)));
}
