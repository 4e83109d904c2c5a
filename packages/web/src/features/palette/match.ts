/** Which commands a text means, the likeliest first. */

export interface Matchable {
  readonly label: string;
  /** Further words that mean it. */
  readonly words?: string | undefined;
}

/** Every word of the text must be in a command's; what begins with it comes before what holds it. Equal ones keep their order. */
export function matching<T extends Matchable>(commands: readonly T[], text: string): readonly T[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return commands;
  return commands
    .map((command) => ({ command, score: scoreOf(command, words) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ command }) => command);
}

/** 0: a word is missing. */
function scoreOf({ label, words: more = "" }: Matchable, words: readonly string[]): number {
  const [name, rest] = [label.toLowerCase(), more.toLowerCase()];
  let score = 0;
  for (const word of words) {
    const here = name.startsWith(word)
      ? 4
      : name.includes(` ${word}`)
        ? 3
        : name.includes(word)
          ? 2
          : rest.includes(word)
            ? 1
            : 0;
    if (here === 0) return 0;
    score += here;
  }
  return score;
}
