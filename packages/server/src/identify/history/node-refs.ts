/** Which node a word of the inventory means, at a time: gateways and routes name nodes by id or by name, and names come and go. */
import { type NodeRef, nodeRef } from "../lookup.ts";
import { type EntityVersion, precedenceOf } from "./change.ts";

export type NodeVersion = Extract<EntityVersion, { kind: "node" }>;

/** A stretch of time in which words meant the same nodes. */
export interface Meaning {
  readonly fromMs: number;
  readonly toMs: number;
  /** By the place of the word; null: no node of that network is called so. */
  readonly nodes: readonly (NodeRef | null)[];
}

/** The nodes of one network. */
export class NodeRefs {
  /** By id, name and host. */
  readonly #byWord = new Map<string, NodeVersion[]>();

  constructor(versions: readonly EntityVersion[]) {
    for (const version of versions) {
      if (version.kind !== "node") continue;
      const { id, name, host } = version.entity;
      for (const word of new Set([id, name ?? id, host ?? id])) {
        const known = this.#byWord.get(word);
        if (known === undefined) this.#byWord.set(word, [version]);
        else known.push(version);
      }
    }
  }

  /**
   * The node that is called so at that time, by id before name before host, of the source that counts more.
   * @param below only of sources that count more than this
   */
  at(word: string, atMs: number, below = Number.POSITIVE_INFINITY): NodeRef | null {
    let best: NodeVersion | null = null;
    for (const version of this.#byWord.get(word) ?? []) {
      if (version.toMs <= atMs || (version.fromMs > atMs && !version.isFirst) || precedenceOf(version.source) >= below) continue;
      if (best === null || compare(version, best, word, atMs) < 0) best = version;
    }
    return best === null ? null : nodeRef(best.entity);
  }

  /** What some words mean from one time to another, in stretches. At least one. */
  during(words: readonly string[], fromMs: number, toMs: number, below?: number): Meaning[] {
    const turns = words
      .flatMap((word) => this.#byWord.get(word) ?? [])
      .flatMap((version) => [version.fromMs, version.toMs])
      .filter((ms) => ms > fromMs && ms < toMs);
    const starts = [fromMs, ...new Set(turns.sort((a, b) => a - b))];
    const meanings: Meaning[] = [];
    for (const [i, start] of starts.entries()) {
      const nodes = words.map((word) => this.at(word, start, below));
      const last = meanings.at(-1);
      const meaning = { fromMs: start, toMs: starts[i + 1] ?? toMs, nodes };
      if (last !== undefined && same(last.nodes, nodes)) meanings[meanings.length - 1] = { ...last, toMs: meaning.toMs };
      else meanings.push(meaning);
    }
    return meanings;
  }
}

function compare(a: NodeVersion, b: NodeVersion, word: string, atMs: number): number {
  const known = ({ fromMs }: NodeVersion) => (fromMs <= atMs ? 0 : 1);
  const match = ({ id, entity }: NodeVersion) => (id === word ? 0 : entity.name === word ? 1 : 2);
  return (
    known(a) - known(b) ||
    precedenceOf(a.source) - precedenceOf(b.source) ||
    match(a) - match(b) ||
    (a.id < b.id ? -1 : a.id > b.id ? 1 : a.source < b.source ? -1 : 1)
  );
}

function same(a: readonly (NodeRef | null)[], b: readonly (NodeRef | null)[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
