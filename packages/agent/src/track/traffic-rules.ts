/** Which connections are flows of users: "Traffic that is not a flow of users" in docs/internals/flow-record.md. */
import {
  ADDRESS_BYTES,
  type ExcludeReason,
  type ExcludeRules,
  isLinkLocal,
  isLoopback,
  isMulticast,
  isV4Mapped,
  NOTHING_EXCLUDED,
} from "@flowtrail/model";
import type { ConntrackRecord } from "../capture/conntrack/record.ts";
import { isIcmp, TCP, UDP } from "./codes.ts";
import { addressOf, type FlowKey } from "./flow-key.ts";
import type { NetworkTable, Place } from "./networks.ts";
import type { DropReason } from "./stats.ts";

export interface TrafficConfig {
  /** False: ICMP and ICMPv6 are not stored. */
  readonly icmp: boolean;
  /** False: port 53 (RFC 1035) is not stored. */
  readonly dns: boolean;
  /** UDP ports that this node's overlay interfaces listen on. */
  readonly tunnelPorts: readonly number[];
  /** Where the agent uploads to. */
  readonly servers: readonly { readonly address: Uint8Array; readonly port: number }[];
  /** Whose connections are not stored. */
  readonly exclude?: ExcludeRules;
  /** Ids of networks whose flows are not stored. */
  readonly networksOff?: ReadonlySet<string>;
}

const DNS_PORT = 53;
const DESTINATION = ADDRESS_BYTES;

export class TrafficRules {
  readonly #config: TrafficConfig;
  readonly #networks: NetworkTable;
  readonly #tunnelPorts: ReadonlySet<number>;
  readonly #exclude: ExcludeRules;
  readonly #address = new Uint8Array(ADDRESS_BYTES);

  constructor(config: TrafficConfig, networks: NetworkTable) {
    this.#config = config;
    this.#networks = networks;
    this.#exclude = config.exclude ?? NOTHING_EXCLUDED;
    this.#tunnelPorts = new Set(config.tunnelPorts);
  }

  /**
   * Where a connection belongs, or why it is not stored. Allocates nothing.
   * @param record what the kernel said of it: it may be translated to somebody whose connections are not stored; null: nothing yet
   */
  judge(key: FlowKey, record: ConntrackRecord | null): Place | DropReason {
    const { bytes } = key;
    if (isLoopback(bytes, 0) || isLoopback(bytes, DESTINATION)) return "loopback";
    if (key.protocol === UDP && this.#isTransport(key)) return "tunnel_transport";
    if (key.protocol === TCP && this.#isUpload(key)) return "self";
    if (staysOnLink(bytes, 0) || staysOnLink(bytes, DESTINATION)) return "not_in_network";
    const place = this.#networks.classify(bytes, bytes, 0, DESTINATION);
    if (place === null) return "not_in_network";
    return this.switchedOff(key, place.network) ?? this.#excludedByTranslation(record) ?? place;
  }

  /** Why a flow of a network is not wanted; null: it is. */
  switchedOff(key: FlowKey, network: string): DropReason | null {
    const { networksOff, icmp, dns } = this.#config;
    if (networksOff?.has(network)) return "network_off";
    const excluded = this.excludedEnd(key.bytes, 0);
    if (excluded !== null) return excluded;
    if (!icmp && isIcmp(key.protocol)) return "icmp_off";
    return !dns && isDns(key) ? "dns_off" : null;
  }

  /** Why a flow between the two addresses at `offset` of `bytes` is not stored; null: neither end is excluded. */
  excludedEnd(bytes: Uint8Array, offset: number): ExcludeReason | null {
    if (!this.#exclude.hasRanges) return null;
    return this.#exclude.ofAddress(bytes, offset) ?? this.#exclude.ofAddress(bytes, offset + DESTINATION);
  }

  #excludedByTranslation(record: ConntrackRecord | null): ExcludeReason | null {
    if (record === null || !this.#exclude.hasRanges) return null;
    return this.#excludedReply(record, 12, 0) ?? this.#excludedReply(record, 8, 4);
  }

  /** @param reply word of the address that the end has in the reply tuple @param original … in the original one */
  #excludedReply(record: ConntrackRecord, reply: number, original: number): ExcludeReason | null {
    const { words } = record;
    let isSame = true;
    for (let i = 0; i < 4; i++) isSame &&= words[reply + i] === words[original + i];
    if (isSame) return null;
    addressOf(record, reply, this.#address, 0);
    return this.#exclude.ofAddress(this.#address);
  }

  /**
   * The overlay's own packets: one end is an underlay address of ours and one port is the tunnel's. On our own side the port alone is enough, as
   * WireGuard holds it on all addresses; a peer's port of that number towards an overlay address of ours is a user's.
   */
  #isTransport(key: FlowKey): boolean {
    const source = this.#tunnelPorts.has(key.first);
    const destination = this.#tunnelPorts.has(key.second);
    if (!source && !destination) return false;
    return this.#isOurEnd(key, 0, source) || this.#isOurEnd(key, DESTINATION, destination);
  }

  #isOurEnd(key: FlowKey, at: number, tunnelPort: boolean): boolean {
    return this.#networks.isOwn(key.bytes, at) && (tunnelPort || !this.#networks.isOverlay(key.bytes, at));
  }

  #isUpload(key: FlowKey): boolean {
    for (const { address, port } of this.#config.servers) {
      if (port === key.second && equals(address, key.bytes, DESTINATION)) return this.#networks.isOwn(key.bytes, 0);
    }
    return false;
  }
}

function isDns(key: FlowKey): boolean {
  return key.second === DNS_PORT && (key.protocol === UDP || key.protocol === TCP);
}

/** Link-local, multicast and 255.255.255.255 (RFC 919) never leave the link, so they are no flow of a network. */
function staysOnLink(bytes: Uint8Array, at: number): boolean {
  return isLinkLocal(bytes, at) || isMulticast(bytes, at) || (isV4Mapped(bytes, at) && isBroadcast(bytes, at));
}

function isBroadcast(bytes: Uint8Array, at: number): boolean {
  for (let i = 12; i < ADDRESS_BYTES; i++) if (bytes[at + i] !== 0xff) return false;
  return true;
}

function equals(address: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < ADDRESS_BYTES; i++) if (address[i] !== bytes[at + i]) return false;
  return true;
}
