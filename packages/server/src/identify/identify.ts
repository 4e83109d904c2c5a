/** Fills in who the two ends of each row were, and which report of a connection is primary. */
import type { FlowBatch } from "@flowtrail/model";
import { EMPTY_INVENTORY, type Inventory } from "./inventory-schema.ts";
import { addressKey, addressKeyOf, NetworkLookup, type NodeRef, nodeParticipant, type Participant } from "./lookup.ts";
import { type Expected, elect, lifeOf } from "./primary.ts";

/** Addresses by network id, as an agent declares them with each batch. */
export type DeclaredAddresses = Readonly<Record<string, readonly string[]>>;

/** By address key. */
type Holders = Map<string, Participant>;

export class Identify {
  readonly #expected: Expected;
  #inventory: Inventory = EMPTY_INVENTORY;
  /** By reporter id: what it declared, as JSON to see whether it changed, and as it was said. */
  readonly #declared = new Map<string, { text: string; node: NodeRef; addresses: DeclaredAddresses }>();
  /** Made when first asked for after a change. */
  readonly #lookups = new Map<string, NetworkLookup>();

  constructor(deps: { expected: Expected }) {
    this.#expected = deps.expected;
  }

  get inventory(): Inventory {
    return this.#inventory;
  }

  setInventory(inventory: Inventory): void {
    this.#inventory = inventory;
    this.#lookups.clear();
  }

  /** Takes note of an agent's own addresses. */
  declare(reporter: NodeRef, addresses: DeclaredAddresses): void {
    const text = JSON.stringify(addresses);
    if (this.#declared.get(reporter.id)?.text === text) return;
    this.#declared.set(reporter.id, { text, node: reporter, addresses });
    this.#lookups.clear();
  }

  /** What the inventory calls this node, in any of its networks. */
  node(idOrName: string): NodeRef {
    for (const network of this.#inventory.networks) {
      for (const { id, name = id } of network.nodes) if (id === idOrName || name === idOrName) return { id, name };
    }
    return { id: idOrName, name: idOrName };
  }

  /**
   * Fills `src_*`, `dst_*`, `rank` and `primary` of all rows. They must have their required columns and `reporter_id`.
   * @param expected who is expected to report, where it is not asked as of now (elections of stored rows)
   */
  fill(batch: FlowBatch, expected: Expected = this.#expected): void {
    const { network, src_ip, dst_ip, role, reporter_id, rank, primary } = batch.columns;
    const seen = new Map<string, Participant>();
    const own = new Map<string, Holders>();
    const find = (networkId: string, reporterId: string, lookup: NetworkLookup, bytes: Uint8Array, row: number): Participant => {
      const place = `${networkId} ${reporterId} `;
      const key = place + addressKey(bytes, row * 16);
      let participant = seen.get(key);
      if (participant === undefined) {
        if (!own.has(place)) own.set(place, this.#ownHolders(reporterId, networkId, lookup));
        participant = lookup.find(bytes, row * 16, own.get(place));
        seen.set(key, participant);
      }
      return participant;
    };
    for (let row = 0; row < batch.length; row++) {
      const networkId = network.get(row) ?? "";
      const reporterId = reporter_id.get(row) ?? "";
      const lookup = this.#lookup(networkId);
      const source = find(networkId, reporterId, lookup, src_ip.bytes, row);
      const destination = find(networkId, reporterId, lookup, dst_ip.bytes, row);
      put(batch, row, "src", source);
      put(batch, row, "dst", destination);
      const election = elect(
        { reporter: lookup.node(reporterId), role: role.get(row), source, destination, life: lifeOf(batch, row) },
        { expected, node: (word) => lookup.node(word) },
      );
      rank.set(row, election.rank);
      primary.set(row, election.primary);
    }
  }

  #lookup(networkId: string): NetworkLookup {
    let lookup = this.#lookups.get(networkId);
    if (lookup === undefined) {
      const network = this.#inventory.networks.find(({ id }) => id === networkId) ?? null;
      const names = new NetworkLookup(network);
      const declared: Holders = new Map();
      // In the order of their ids, so that two claims on one address are settled alike on every server.
      for (const id of [...this.#declared.keys()].sort().reverse()) {
        for (const [key, participant] of this.#ownHolders(id, networkId, names)) declared.set(key, participant);
      }
      lookup = new NetworkLookup(network, declared);
      // Networks that nobody knows come from rows, so their number is up to senders.
      if (this.#lookups.size >= MAX_LOOKUPS) this.#lookups.clear();
      this.#lookups.set(networkId, lookup);
    }
    return lookup;
  }

  #ownHolders(reporterId: string, networkId: string, lookup: NetworkLookup): Holders {
    const declaration = this.#declared.get(reporterId);
    const holders: Holders = new Map();
    if (declaration === undefined) return holders;
    const known = lookup.node(reporterId);
    const participant = nodeParticipant({ id: known.id, name: known.name === reporterId ? declaration.node.name : known.name });
    for (const address of declaration.addresses[networkId] ?? []) {
      const key = addressKeyOf(address);
      if (key !== null) holders.set(key, participant);
    }
    return holders;
  }
}

const MAX_LOOKUPS = 1000;

function put(batch: FlowBatch, row: number, end: "src" | "dst", { type, id, name, device }: Participant): void {
  const { columns } = batch;
  columns[`${end}_type`].set(row, type);
  if (id !== null) columns[`${end}_id`].set(row, id);
  if (name !== null) columns[`${end}_name`].set(row, name);
  if (device !== null) columns[`${end}_device`].set(row, device);
  if (type !== "external" && type !== "unknown") columns[`${end}_by`].set(row, "inventory");
}
