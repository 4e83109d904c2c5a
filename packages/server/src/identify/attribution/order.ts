/**
 * Who held an address at a time: the contract of attribution. Everything happens within one network.
 *
 * 1. Candidates are the holdings whose range contains the address and that hold at that time: `toMs` is later, and `fromMs` is not later or the
 *    holding is of its source's first version (`isFirst`), which holds for all earlier time. Default routes (/0) say where traffic leaves, and
 *    not whose it is: they are never holders.
 * 2. Whom people or the control plane have there in particular (the longest prefix of theirs is not merely the network's own range) counts before
 *    all that agents declare, whatever its length and at whatever time each became known: an agent's word is evidence of its own node alone.
 *    Otherwise the longest prefix counts, of one prefix again what agents did not declare, then the kind in the order of `HOLDING_KINDS`.
 * 3. Of what several agents declare of one range, the reporter's own declaration alone counts if there is one: two sites may both have a
 *    172.17.0.1.
 * 4. Then: what was known then before what was only extended back; the source's precedence; node, user, config file, egress route; the lowest
 *    id. What is left is the same participant, told twice, and the order of source and device makes it the same one every time.
 *
 * An address that several agents declare as different nodes' (and nobody else describes) is expected of none of them in an election: only a reporter
 * that declares it itself is taken at its word.
 *
 * A network's own range is `unknown`; without a candidate it is `external`. A domain is told only where all candidates of that prefix and kind
 * that have one agree: a CDN's address stands for many.
 */
import type { ParticipantType } from "@flowtrail/model";
import { HOLDING_KINDS, type Holding, type HoldingKind } from "../holding.ts";

const TYPE_ORDER: Readonly<Record<ParticipantType, number>> = {
  node: 0,
  user: 1,
  extclient: 2,
  egress_route: 3,
  unknown: 4,
  external: 5,
};
const KIND_ORDER = Object.fromEntries(HOLDING_KINDS.map((kind, place) => [kind, place])) as Readonly<Record<HoldingKind, number>>;
const AGENT = "agent:";

/** The source that an agent's declarations are kept under. */
export function agentSource(reporterId: string): string {
  return AGENT + reporterId;
}

export function isAgents({ source }: Holding): boolean {
  return source.startsWith(AGENT);
}

export function isCandidate({ toMs, fromMs, isFirst }: Pick<Holding, "fromMs" | "isFirst" | "toMs">, atMs: number): boolean {
  return toMs > atMs && (fromMs <= atMs || isFirst);
}

/** Orders candidates of one prefix, the one that counts first; the reporter's own declaration is not looked at. */
export function compareHoldings(a: Holding, b: Holding, atMs: number): number {
  return (
    Number(isAgents(a)) - Number(isAgents(b)) ||
    KIND_ORDER[a.kind] - KIND_ORDER[b.kind] ||
    Number(a.fromMs > atMs) - Number(b.fromMs > atMs) ||
    a.precedence - b.precedence ||
    TYPE_ORDER[a.participant.type] - TYPE_ORDER[b.participant.type] ||
    compareText(a.participant.id, b.participant.id) ||
    compareText(a.source, b.source) ||
    compareText(a.participant.device, b.participant.device) ||
    compareText(a.domain, b.domain) ||
    b.fromMs - a.fromMs
  );
}

/** Do two agents declare it, as different nodes'? */
export function isRival(a: Holding, b: Holding): boolean {
  const isOwn = ({ participant, kind }: Holding) => kind === "address" && participant.type === "node";
  return isAgents(a) && isAgents(b) && a.source !== b.source && isOwn(a) && isOwn(b) && a.participant.id !== b.participant.id;
}

/** By code units, as the store does; null last. */
export function compareText(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? 1 : -1;
  return a < b ? -1 : 1;
}
