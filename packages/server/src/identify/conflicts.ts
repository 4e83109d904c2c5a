/** Two holders of one address at the same time: one of them is wrong, and rows may name the wrong one. */
import { formatAddress, type ParticipantType } from "@flowtrail/model";
import { compareHoldings, isCandidate } from "./attribution/order.ts";
import type { Holding } from "./holding.ts";

export interface ConflictingHolder {
  readonly type: ParticipantType;
  readonly id: string | null;
  readonly name: string | null;
  readonly device: string | null;
  readonly source: string;
  /** Since when it has been known, ms since 1970. */
  readonly sinceMs: number;
}

export interface Conflict {
  readonly network: string;
  readonly address: string;
  /** Who rows name. */
  readonly winner: ConflictingHolder;
  readonly others: readonly ConflictingHolder[];
  /** Why the winner is. */
  readonly why: string;
}

/**
 * The conflicts among the holdings of one network at a time. Not one: the same thing (same id, name or host) told by two sources; addresses that agents alone tell
 * of, in a network that no file and no Netmaker describes (every machine may have its own 172.17.0.1); an agent's WireGuard peer whose name only
 * another source knows.
 * @param described whether a file or Netmaker describes this network
 */
export function conflictsOf(holdings: readonly Holding[], atMs: number, described = isDescribed(holdings, atMs)): Conflict[] {
  const byAddress = new Map<string, Holding[]>();
  for (const holding of holdings) {
    if (holding.kind !== "address" || !isCandidate(holding, atMs) || isHearsay(holding)) continue;
    const key = formatAddress(holding.cidr.bytes);
    const others = byAddress.get(key);
    if (others === undefined) byAddress.set(key, [holding]);
    else others.push(holding);
  }
  return [...byAddress.values()].flatMap((holders) => {
    if (holders.length < 2) return [];
    const [winner, ...rest] = distinct(holders.sort((a, b) => compareHoldings(a, b, atMs)));
    if (winner === undefined || rest.length === 0) return [];
    if (!described && [winner, ...rest].every(({ source }) => isAgent(source))) return [];
    const { network, cidr } = winner;
    const why = whyFirst(winner, rest[0] as Holding);
    return [{ network, address: formatAddress(cidr.bytes), winner: told(winner), others: rest.map(told), why }];
  });
}

/** Whether a file or Netmaker tells of this network. */
export function isDescribed(holdings: readonly Holding[], atMs: number): boolean {
  return holdings.some(({ source, toMs }) => !isAgent(source) && toMs > atMs);
}

/** A WireGuard peer of an agent's that nobody else named. */
const isHearsay = ({ source, participant }: Holding) => isAgent(source) && participant.type === "extclient";
const isAgent = (source: string) => source.startsWith("agent:");

/** The first of each thing. */
function distinct(holders: readonly Holding[]): Holding[] {
  return holders.filter((holding, i) => !holders.slice(0, i).some((before) => isSame(before, holding)));
}

function isSame({ participant: a }: Holding, { participant: b }: Holding): boolean {
  if (a.type !== b.type) return false;
  if (a.node !== null && b.node !== null) {
    const words = new Set([a.node.id, a.node.name, a.node.host ?? a.node.id]);
    return [b.node.id, b.node.name, b.node.host].some((word) => word !== undefined && words.has(word));
  }
  return (a.id === b.id || a.name === b.name) && (a.device === b.device || a.device === null || b.device === null);
}

function told({ participant: { type, id, name, device }, source, fromMs }: Holding): ConflictingHolder {
  return { type, id, name, device, source, sinceMs: fromMs };
}

const TYPE_WORDS: Partial<Record<ParticipantType, string>> = { node: "a node", user: "a user", extclient: "a config file" };

function whyFirst(winner: Holding, other: Holding): string {
  if (winner.precedence !== other.precedence) return `source ${winner.source} counts before source ${other.source}`;
  const [first, second] = [TYPE_WORDS[winner.participant.type], TYPE_WORDS[other.participant.type]];
  if (first !== second) return `${first} counts before ${second}`;
  return winner.participant.id === other.participant.id ? "the order of devices decides" : "the lower id counts";
}
