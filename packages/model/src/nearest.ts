/** "Did you mean …?": the known word that a mistyped one was probably meant to be. */

/** Null if none is near. `maxChanges`: characters that may differ; unless told half of the word, three at most. */
export function nearest(
  word: string,
  known: Iterable<string>,
  maxChanges = Math.min(3, Math.floor(word.length / 2)),
): string | null {
  let best: string | null = null;
  let bestDistance = maxChanges + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours; whatever is `limit` or more counts as `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  // Also bounds the work for words that a stranger chose.
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? limit) + 1 : limit;
      row[j] = Math.min(replaced, swapped, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
    }
    before = previous;
    previous = row;
  }
  return Math.min(limit, previous[b.length] ?? limit);
}
