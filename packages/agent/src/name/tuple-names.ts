/** Names that connections told themselves, by tuple, until the tracker asks for them: a moment before or after it hears of the connection. */
import type { DomainSource } from "@flowtrail/model";
import type { FlowKey } from "../track/flow-key.ts";
import { rankOf } from "../track/flow-names.ts";
import { KeyedTable } from "./keyed-table.ts";

export interface TupleName {
  readonly domain: string | null;
  readonly source: DomainSource;
  /** It came with an encrypted ClientHello. */
  readonly ech: boolean;
  readonly app: string | null;
  /** More of the hello may come, and tell that it is an encrypted one. */
  readonly partial: boolean;
  /** ms since 1970. */
  readonly atMs: number;
}

export const MAX_TUPLES = 4096;
/** The tracker hears of a connection within a second; after events were lost, with the next dump. */
export const TUPLE_MS = 60_000;
/** The same packet again on another interface, or sent again. */
const REPEATED_MS = 5000;
const MAX_PER_TUPLE = 8;

export class TupleNames {
  readonly #table: KeyedTable;
  readonly #names: (TupleName | undefined)[] = [];

  constructor(maxTuples = MAX_TUPLES) {
    this.#table = new KeyedTable(maxTuples, (entry) => {
      this.#names[entry] = undefined;
    });
  }

  get size(): number {
    return this.#table.size;
  }

  /** Returns false if this is known already, or one too many: the first ones stay. The whole of a hello takes the place of its part. */
  add(tuple: FlowKey, name: TupleName): boolean {
    let count = 0;
    for (let entry = this.#table.find(tuple); entry >= 0; ) {
      const known = this.#names[entry]!;
      const next = this.#table.findOlder(tuple, entry);
      if (isRepeated(known, name)) return false;
      if (known.partial && !name.partial && known.source === name.source) this.#remove(entry);
      else count++;
      entry = next;
    }
    if (count >= MAX_PER_TUPLE) return false;
    this.#names[this.#table.add(tuple)] = name;
    return true;
  }

  /** The most trusted name that was told by this tuple between these times, of equal ones the first; ports may be used again by others. */
  best(tuple: FlowKey, fromMs: number, toMs: number): TupleName | null {
    let best: TupleName | null = null;
    for (let entry = this.#table.find(tuple); entry >= 0; entry = this.#table.findOlder(tuple, entry)) {
      const name = this.#names[entry]!;
      if (name.atMs >= fromMs && name.atMs <= toMs && (best === null || rank(name) <= rank(best))) best = name;
    }
    return best;
  }

  sweep(nowMs: number): void {
    for (let entry = this.#table.oldest; entry >= 0 && nowMs - this.#names[entry]!.atMs > TUPLE_MS; entry = this.#table.oldest)
      this.#remove(entry);
  }

  clear(): void {
    while (this.#table.oldest >= 0) this.#remove(this.#table.oldest);
  }

  #remove(entry: number): void {
    this.#names[entry] = undefined;
    this.#table.remove(entry);
  }
}

function isRepeated(known: TupleName, name: TupleName): boolean {
  const isSame =
    known.domain === name.domain &&
    known.source === name.source &&
    known.app === name.app &&
    known.ech === name.ech &&
    known.partial === name.partial;
  return isSame && name.atMs - known.atMs < REPEATED_MS;
}

/** A hello without a name still tells what is spoken. */
function rank({ domain, source, ech, partial }: TupleName): number {
  return domain === null ? rankOf(null, false) : rankOf(source, ech || partial);
}
