import { formatCount } from "@flowtrail/model";

const SHOWN = 3;

/** `a, b and c`; of many the first ones, and how many more. */
export function listText(words: readonly string[]): string {
  if (words.length <= SHOWN + 1)
    return words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
  return `${words.slice(0, SHOWN).join(", ")} and ${formatCount(words.length - SHOWN)} more`;
}
