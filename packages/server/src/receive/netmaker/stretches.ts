/** Times to look at in the store, together: neighbours as one, what lies far apart not with all that is between. */

export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Stretches that are nearer to each other than this are looked at as one. */
const JOIN_MS = 600_000;
const MAX_STRETCHES = 30;

/** A few stretches that hold all of these. */
export function stretchesOf(spans: readonly Stretch[]): Stretch[] {
  const all = [...spans].sort((a, b) => a.fromMs - b.fromMs);
  for (let joinMs = JOIN_MS; ; joinMs *= 4) {
    const stretches: { fromMs: number; toMs: number }[] = [];
    for (const { fromMs, toMs } of all) {
      const last = stretches.at(-1);
      if (last !== undefined && fromMs <= last.toMs + joinMs) last.toMs = Math.max(last.toMs, toMs);
      else stretches.push({ fromMs, toMs });
    }
    if (stretches.length <= MAX_STRETCHES) return stretches;
  }
}

/** Those rows whose start is in one of them. */
export function startsIn(stretches: readonly Stretch[]): { readonly sql: string; readonly bindings: Record<string, number> } {
  const moment = (name: string) => `fromUnixTimestamp64Milli({${name}:Int64}, 'UTC')`;
  const began = stretches.map((_, i) => `start BETWEEN ${moment(`from${i}`)} AND ${moment(`to${i}`)}`);
  const bindings = stretches.flatMap(({ fromMs, toMs }, i) => [[`from${i}`, fromMs] as const, [`to${i}`, toMs] as const]);
  return { sql: `(${began.join(" OR ")})`, bindings: Object.fromEntries(bindings) };
}
