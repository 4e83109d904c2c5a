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
    return best === null ? null : refOf(best);
  }

  /** What some words mean from one time to another, in stretches. At least one. */
  during(words: readonly string[], fromMs: number, toMs: number, below?: number): Meaning[] {
    const starts = [fromMs];
    for (const word of words) {
      for (const version of this.#byWord.get(word) ?? []) {
        if (version.fromMs > fromMs && version.fromMs < toMs) starts.push(version.fromMs);
        if (version.toMs > fromMs && version.toMs < toMs) starts.push(version.toMs);
      }
    }
    if (starts.length > 1) starts.sort((a, b) => a - b);
    const meanings: Meaning[] = [];
    for (const [i, start] of starts.entries()) {
      const end = starts[i + 1] ?? toMs;
      if (end === start) continue;
      const nodes = words.map((word) => this.at(word, start, below));
      const last = meanings.at(-1);
      if (last !== undefined && nodes.every((node, place) => isSameRef(node, last.nodes[place] ?? null))) {
        meanings[meanings.length - 1] = { ...last, toMs: end };
      } else meanings.push({ fromMs: start, toMs: end, nodes });
    }
    return meanings;
  }
}

const refs = new WeakMap<NodeVersion, NodeRef>();

/** One for all whose gateway it is. */
function refOf(version: NodeVersion): NodeRef {
  let ref = refs.get(version);
  if (ref === undefined) {
    ref = nodeRef(version.entity);
    refs.set(version, ref);
  }
  return ref;
}

/** Do two stretches of time mean the same? */
export function isSameMeaning(a: Meaning, b: Meaning): boolean {
  return a.fromMs === b.fromMs && a.toMs === b.toMs && a.nodes.every((node, place) => isSameRef(node, b.nodes[place] ?? null));
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

function isSameRef(a: NodeRef | null, b: NodeRef | null): boolean {
  return a === b || (a?.id === b?.id && a?.name === b?.name && a?.host === b?.host && a?.relay === b?.relay);
}
