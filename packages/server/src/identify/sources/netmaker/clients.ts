/** Ext clients: config files and devices of users. Each once, though most stand in two lists. */
import { cidrContains, parseAddress, parseCidr } from "@flowtrail/model";
import type { NetmakerClientEntity } from "./entities.ts";
import type { Snapshot } from "./parts.ts";

export interface Client {
  readonly entity: NetmakerClientEntity;
  /** The user whose device it is; null: it is a config file. */
  readonly owner: string | null;
  /** Its own, and single ones behind it. */
  readonly addresses: readonly string[];
  /** Wider ranges behind it, in CIDR form. */
  readonly ranges: readonly string[];
}

type Sources = Pick<Snapshot, "clients" | "statics" | "userIps">;

export class ClientBook {
  /** By network and client id. */
  readonly #clients = new Map<string, Client>();

  constructor({ clients, statics, userIps }: Sources) {
    const userNodes = new Set(statics.filter((one) => one.is_user_node).map(({ static_node }) => keyOf(static_node)));
    // Those that stand among the nodes are the same ones; they count where the list of clients is not to be had.
    for (const entity of [...clients, ...statics.map(({ static_node }) => static_node)]) {
      const key = keyOf(entity);
      if (this.#clients.has(key)) continue;
      const user = userIps[entity.address ?? ""]?.user ?? null;
      const { addresses, ranges } = behind(entity);
      this.#clients.set(key, { entity, owner: ownerOf(entity, userNodes.has(key), user), addresses, ranges });
    }
  }

  /** Networks that have any. */
  get networks(): string[] {
    return [...this.#clients.values()].filter(({ entity }) => entity.enabled).map(({ entity }) => entity.network);
  }

  /** Those of a network that may connect. One that is switched off holds nothing. */
  of(network: string): Client[] {
    return [...this.#clients.values()].filter(({ entity }) => entity.network === network && entity.enabled);
  }
}

/**
 * A user's device has an owner and one of three signs. The owner alone is none: a config file has as its owner whoever made it, and its traffic
 * must not be put down to that person.
 */
function ownerOf(entity: NetmakerClientEntity, isUserNode: boolean, mapped: string | null): string | null {
  const { ownerid, remote_access_client_id, device_id } = entity;
  if (remote_access_client_id === "" && device_id === "" && !isUserNode) return null;
  return ownerid === "" ? mapped : ownerid;
}

function behind({ address, address6, extraallowedips }: NetmakerClientEntity): { addresses: string[]; ranges: string[] } {
  const addresses = [address, address6].filter((one) => one !== null);
  const ranges: string[] = [];
  for (const range of extraallowedips) {
    const single = /^(.*)\/(?:32|128)$/.exec(range)?.[1];
    if (single !== undefined && parseCidr(range)?.prefixBits === 128) addresses.push(single);
    else if (!range.endsWith("/0")) ranges.push(range); // everything is not behind it, it is a way out
  }
  return { addresses: [...new Set(addresses)], ranges: [...new Set(ranges)].sort() };
}

/** Is it in one of these ranges? */
export function isWithin(address: string, ranges: readonly string[]): boolean {
  const bytes = parseAddress(address);
  return bytes !== null && ranges.some((range) => contains(range, bytes));
}

function contains(range: string, bytes: Uint8Array): boolean {
  const cidr = parseCidr(range);
  return cidr !== null && cidrContains(cidr, bytes);
}

const keyOf = ({ network, clientid }: NetmakerClientEntity) => `${network}/${clientid}`;
