/** How long the other side asked to be left alone: seconds or a date (RFC 9110 § 10.2.3), a day at most. Null: it said nothing of use. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | null {
  if (header === undefined) return null;
  const ms = /^\d{1,9}(\.\d+)?$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(ms) ? null : Math.min(Math.max(0, Math.ceil(ms)), LONGEST_MS);
}

const LONGEST_MS = 86_400_000;
