/** Flows that the tracker asked about before their own packets had told a name: when one does, the tracker hears of it. */
import type { FlowKey } from "../track/flow-key.ts";
import type { NamedFlow } from "../track/flow-names.ts";
import { KeyedTable } from "./keyed-table.ts";
import { MAX_TUPLES } from "./tuple-names.ts";

export class AwaitedFlows {
  readonly #table: KeyedTable;
  /** Slot and flow id, by entry. */
  readonly #slot: number[] = [];
  readonly #idLow: number[] = [];
  readonly #idHigh: number[] = [];
  readonly #late = new Set<number>();

  constructor(maxFlows = MAX_TUPLES) {
    this.#table = new KeyedTable(maxFlows, () => undefined);
  }

  get size(): number {
    return this.#table.size;
  }

  add(tuple: FlowKey, { slot, idLow, idHigh }: NamedFlow): void {
    const known = this.#table.find(tuple);
    const entry = known >= 0 ? known : this.#table.add(tuple);
    this.#slot[entry] = slot;
    this.#idLow[entry] = idLow;
    this.#idHigh[entry] = idHigh;
    this.#table.touch(entry);
  }

  /** Something became known of this tuple. */
  tell(tuple: FlowKey): void {
    const entry = this.#table.find(tuple);
    if (entry >= 0) this.#late.add(entry);
  }

  take(visit: (slot: number, idLow: number, idHigh: number) => void): void {
    for (const entry of this.#late) visit(this.#slot[entry]!, this.#idLow[entry]!, this.#idHigh[entry]!);
    this.#late.clear();
  }
}
