/** Fills in who the two ends of each row were when the flow began, and which report of a connection is primary. */
import type { FlowBatch } from "@flowtrail/model";
import { Attribution, type InventoryInTime } from "./attribution/attribution.ts";
import { BatchLookup } from "./attribution/batch-lookup.ts";
import { EndWriter } from "./attribution/end-writer.ts";
import type { NodeRef } from "./lookup.ts";
import { type Expected, elect, type Life, lifeOf } from "./primary.ts";

export interface IdentifyDeps {
  readonly inventory: InventoryInTime;
  readonly expected: Expected;
  /** The same for the rows of one batch, during which nobody comes or goes. */
  readonly expectedOfBatch?: () => Expected;
  /** Told of each row that comes in and counts, though it is of a forwarder that the inventory does not know on the way. */
  readonly onUnknownRelay?: (reporter: NodeRef) => void;
}

export class Identify {
  readonly #expectedOfBatch: () => Expected;
  readonly #onUnknownRelay: (reporter: NodeRef) => void;
  readonly #attribution: Attribution;

  constructor({ inventory, expected, expectedOfBatch = () => expected, onUnknownRelay = () => undefined }: IdentifyDeps) {
    this.#expectedOfBatch = expectedOfBatch;
    this.#onUnknownRelay = onUnknownRelay;
    this.#attribution = new Attribution(inventory);
  }

  /** The reporter that the inventory calls so now (by id, name or host), in any of its networks; one that it does not know is its own id and name. */
  node(word: string): NodeRef {
    return this.#attribution.nodes.reporter(word, Number.MAX_SAFE_INTEGER);
  }

  /**
   * Fills `src_*`, `dst_*`, `rank` and `primary` of all rows, and `domain` where only the inventory knows it. Rows must have their required
   * columns and `reporter_id`; they may have been filled before.
   * @param stored who is expected to report the flow of a row, where it is not asked as of now (elections of stored rows)
   */
  fill(batch: FlowBatch, stored?: (node: NodeRef, life: Life, row: number) => boolean): void {
    const { role, rank, primary } = batch.columns;
    const lookup = new BatchLookup(this.#attribution, batch);
    const ends = new EndWriter(batch, lookup);
    const expected = stored ?? this.#expectedOfBatch();
    let row = 0;
    const electorate = {
      expected: (node: NodeRef, life: Life) => expected(node, life, row),
      node: (word: string) => lookup.node(word),
    };
    for (; row < batch.length; row++) {
      lookup.at(row);
      const [source, destination] = [ends.source(row), ends.destination(row)];
      const report = { reporter: lookup.reporter, role: role.get(row), source, destination, life: lifeOf(batch, row) };
      const election = elect(report, electorate);
      rank.set(row, election.rank);
      primary.set(row, election.primary);
      if (election.unknownRelay && stored === undefined) this.#onUnknownRelay(lookup.reporter);
    }
  }
}
