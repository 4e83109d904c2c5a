/** Whom the ids, names and hosts of reporters stand for, in time. */
import type { NodeFact } from "../holding.ts";
import type { NodeRef } from "../lookup.ts";
import { compareText, isCandidate } from "./order.ts";

export class Nodes {
  /** By id, name and host. */
  readonly #byWord = new Map<string, NodeFact[]>();

  /** @param facts of all networks */
  constructor(facts: Iterable<NodeFact>) {
    for (const fact of facts) {
      const { id, name, host = id } = fact.node;
      for (const word of new Set([id, name, host])) {
        const known = this.#byWord.get(word);
        if (known === undefined) this.#byWord.set(word, [fact]);
        else known.push(fact);
      }
    }
  }

  /**
   * The node of a network that was called so, as the source that counts most calls it; one that nobody knows is its own id and name.
   * @param atMs ms since 1970
   */
  in(network: string, word: string, atMs: number): NodeRef {
    const isHere = (fact: NodeFact) => fact.network === network;
    const found = bestOf(this.#at(word, atMs), word, atMs, isHere);
    if (found !== null) return this.#asCalledByOthers(found, atMs).node;
    // Known under its id in another network: the same machine may be in this one, too.
    const host = bestOf(this.#at(word, atMs), word, atMs, ({ node }) => node.id === word && node.host !== undefined)?.node.host;
    const here = host === undefined ? null : bestOf(this.#at(host, atMs), host, atMs, isHere);
    return here?.node ?? { id: word, name: word };
  }

  /** The reporter that is called so in any network: by its machine's id, where it has one, since a machine reports for all its networks. */
  reporter(word: string, atMs: number): NodeRef {
    const node = bestOf(this.#at(word, atMs), word, atMs, () => true)?.node ?? { id: word, name: word };
    return node.host === undefined ? node : { ...node, id: node.host };
  }

  /** A node of a source that counts less may be known to one that counts more under its machine's id or its name, if that is no other's, too. */
  #asCalledByOthers(fact: NodeFact, atMs: number): NodeFact {
    const { network, precedence, source, node } = fact;
    const counts = (other: NodeFact) => other.network === network && other.precedence < precedence;
    const byHost = node.host === undefined ? null : bestOf(this.#at(node.host, atMs), node.host, atMs, counts);
    if (byHost !== null) return byHost;
    const alike = this.#at(node.name, atMs);
    const isShared = alike.some((other) => other.source === source && other.network === network && other.node.id !== node.id);
    return (isShared ? null : bestOf(alike, node.name, atMs, counts)) ?? fact;
  }

  #at(word: string, atMs: number): NodeFact[] {
    return (this.#byWord.get(word) ?? []).filter((fact) => isCandidate(fact, atMs));
  }
}

function bestOf(facts: readonly NodeFact[], word: string, atMs: number, fits: (fact: NodeFact) => boolean): NodeFact | null {
  let best: NodeFact | null = null;
  for (const fact of facts) if (fits(fact) && (best === null || compare(fact, best, word, atMs) < 0)) best = fact;
  return best;
}

/** The source's precedence first, so that a node does not change its id at the time when the first inventory was written. */
function compare(a: NodeFact, b: NodeFact, word: string, atMs: number): number {
  const match = ({ node }: NodeFact) => (node.id === word ? 0 : node.name === word ? 1 : 2);
  return (
    a.precedence - b.precedence ||
    Number(a.fromMs > atMs) - Number(b.fromMs > atMs) ||
    match(a) - match(b) ||
    compareText(a.network, b.network) ||
    compareText(a.node.id, b.node.id) ||
    compareText(a.source, b.source)
  );
}
