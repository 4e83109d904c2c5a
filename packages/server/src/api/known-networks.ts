/** Networks as people name them → their ids. What nobody knows is a slip of the pen, or is there tomorrow: taken as it is. */
import type { InventoryHistory } from "../identify/history/history.ts";

export function knownNetworks(words: readonly string[] | null, history: Pick<InventoryHistory, "current">): string[] | null {
  if (words === null) return null;
  const { networks } = history.current();
  const idOf = (word: string) => {
    const named = networks.filter(({ name }) => name === word);
    return networks.some(({ id }) => id === word) || named.length !== 1 ? word : (named[0]?.id ?? word);
  };
  return [...new Set(words.map(idOf))];
}
