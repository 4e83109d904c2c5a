/** The holders of a batch's addresses: looked up once for each address, stretch of time and network, and not for each row. */
import type { FlowBatch } from "@flowtrail/model";
import type { Holding } from "../holding.ts";
import type { NodeRef, Participant } from "../lookup.ts";
import type { Attribution } from "./attribution.ts";
import { wordAt } from "./ranges.ts";
import type { Answer, AttributionTable } from "./table.ts";
import { WordIndex } from "./word-index.ts";

/** Who an address belonged to for a while. */
export interface End extends Pick<Answer, "participant" | "domain"> {
  /** Whom the inventory has there; null: nobody in particular. */
  readonly holder: Holding | null;
  /**
   * The participant with its nodes as the reporter is called, too: what two sources say of one machine must not make it two in an election. Without
   * nodes where agents contradict one another: by its own word alone, none keeps another's report out of totals.
   */
  readonly elector: Participant;
  /** Kept by whoever writes it into columns. */
  sourceCodes: Codes | null;
  destinationCodes: Codes | null;
}

/** A participant in the dictionaries of one side's columns. */
export interface Codes {
  readonly type: number;
  readonly id: number;
  readonly name: number;
  readonly device: number;
  readonly by: number;
}

/** One reporter in one network. */
interface Place {
  readonly table: AttributionTable;
  /** The same for all places of a network. */
  readonly network: number;
  readonly networkId: string;
  readonly reporterId: string;
  /** For `table.find`. */
  readonly reporter: number;
  /** By epoch. */
  readonly nodes: Map<number, NodeRef>;
}

const KEY_WORDS = 7;

export class BatchLookup {
  readonly #attribution: Attribution;
  readonly #batch: FlowBatch;
  readonly #places = new Map<number, Place>();
  readonly #index: WordIndex;
  readonly #ends: End[] = [];
  #place: Place | null = null;
  #placeKey = -1;
  #atMs = 0;
  #epoch = 0;

  constructor(attribution: Attribution, batch: FlowBatch) {
    this.#attribution = attribution;
    this.#batch = batch;
    this.#index = new WordIndex(KEY_WORDS, 64);
  }

  /** Turns to a row; the others are about that one. */
  at(row: number): void {
    const { network, reporter_id, start } = this.#batch.columns;
    const key = (network.codes[row] ?? 0) * 2 ** 24 + (reporter_id.codes[row] ?? 0);
    if (key !== this.#placeKey || this.#place === null) {
      this.#placeKey = key;
      this.#place = this.#places.get(key) ?? this.#newPlace(key, network.get(row) ?? "", reporter_id.get(row) ?? "");
    }
    this.#atMs = this.#attribution.inventoryTime(start.get(row) ?? 0, this.#place.networkId);
    this.#epoch = this.#place.table.epochAt(this.#atMs);
  }

  /** Who had the address of the row that `bytes` of a column hold at `offset`. */
  end(bytes: Uint8Array, offset: number): End {
    const { table, network, reporter } = this.#place as Place;
    const { key } = this.#index;
    key[0] = network;
    key[1] = reporter;
    key[2] = this.#epoch;
    for (let i = 0; i < 4; i++) key[3 + i] = wordAt(bytes, offset, i);
    const known = this.#ends[this.#index.find()];
    if (known !== undefined) return known;
    const { participant, domain, holding, isContested } = table.answer(table.find(bytes, offset, this.#atMs, reporter));
    const holder = holding?.kind === "network" ? null : holding;
    const elector = isContested ? { ...participant, node: null, gateways: [] } : this.#elector(participant);
    const end: End = { participant, domain, holder, elector, sourceCodes: null, destinationCodes: null };
    this.#index.set(this.#ends.push(end) - 1);
    return end;
  }

  #elector(participant: Participant): Participant {
    const { node, gateways } = participant;
    if (node === null && gateways.length === 0) return participant;
    return { ...participant, node: node && this.#called(node), gateways: gateways.map((gateway) => this.#called(gateway)) };
  }

  #called(node: NodeRef): NodeRef {
    const known = this.node(node.id);
    return known.id === node.id ? node : { ...node, ...known };
  }

  /** The row's reporter, as its network calls it. */
  get reporter(): NodeRef {
    const { nodes, reporterId } = this.#place as Place;
    let node = nodes.get(this.#epoch);
    if (node === undefined) {
      node = this.node(reporterId);
      nodes.set(this.#epoch, node);
    }
    return node;
  }

  /** The node that was called so in the row's network. */
  node(word: string): NodeRef {
    return this.#attribution.nodes.in((this.#place as Place).networkId, word, this.#atMs);
  }

  #newPlace(key: number, networkId: string, reporterId: string): Place {
    const table = this.#attribution.table(networkId);
    const network = Math.floor(key / 2 ** 24);
    const place = { table, network, networkId, reporterId, reporter: table.reporter(reporterId), nodes: new Map() };
    this.#places.set(key, place);
    return place;
  }
}
