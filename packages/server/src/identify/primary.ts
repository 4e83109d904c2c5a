/** Which report of a connection counts in totals: the one with the best point of view that can be expected to report. */
import type { FlowBatch } from "@flowtrail/model";
import type { NodeRef, Participant } from "./lookup.ts";

/** When a flow lived, as its reporter's clock says, ms since 1970. `endMs` is Infinity while it is open. */
export interface Life {
  readonly startMs: number;
  readonly endMs: number;
}

/** When the flow of a row lived. What is open may live on, and its reporter's peers find it even if they begin later. */
export function lifeOf({ columns: { start, end, last_seen, state } }: FlowBatch, row: number): Life {
  const startMs = start.get(row) ?? 0;
  if (state.get(row) === "open") return { startMs, endMs: Number.POSITIVE_INFINITY };
  return { startMs, endMs: end.get(row) ?? last_seen.get(row) ?? startMs };
}

/** Will this node's agent report a flow that lived then? */
export type Expected = (node: NodeRef, life: Life) => boolean;

/** One report, as far as the election needs it. */
export interface Report {
  readonly reporter: NodeRef;
  /** As the reporter gave it: it knows its own addresses even where nobody else does. */
  readonly role: string | null;
  readonly source: Participant;
  readonly destination: Participant;
  readonly life: Life;
}

export interface Electorate {
  readonly expected: Expected;
  /** The node that the inventory calls so (by id, name or host) when the flow began. */
  readonly node: (word: string) => NodeRef;
}

export interface Election {
  /** 1 source's node · 2 source's gateway · 3 destination's node · 4 destination's gateway · 5 another forwarder. */
  readonly rank: number;
  readonly primary: boolean;
  /** It counts although the inventory, which knows who is at the ends, does not know it on the path: another such relay would count, too. */
  readonly unknownRelay: boolean;
}

const RELAY = 5;

/** Election by rank and expectation (design page "flow record", Primary; docs/decisions/0004-primary.md). */
export function elect(report: Report, { expected, node }: Electorate): Election {
  const { reporter, source, destination, life } = report;
  const isOther = (view: NodeRef) => view.id !== reporter.id && expected(view, life);
  const rank = rankOf(report);
  const views = viewsOf(source, destination);
  if (views.slice(0, rank - 1).some((better) => better.some(isOther))) return { rank, primary: false, unknownRelay: false };
  if (rank < RELAY) return { rank, primary: true, unknownRelay: false };
  const ends = views.flat();
  const relays = relaysOf(ends, node);
  const isKnown = relays.some(({ id }) => id === reporter.id);
  // Of several that the inventory knows there, the one with the lower id; before any that it does not know.
  const primary = !relays.some((relay) => isOther(relay) && (!isKnown || relay.id < reporter.id));
  return { rank, primary, unknownRelay: primary && !isKnown && ends.length > 0 };
}

/** The nodes that see a flow with this source and destination, by rank: index 0 is rank 1. */
function viewsOf(source: Participant, destination: Participant): readonly (readonly NodeRef[])[] {
  return [source.node ? [source.node] : [], source.gateways, destination.node ? [destination.node] : [], destination.gateways];
}

/** The nodes that the inventory names as relays of these. */
function relaysOf(nodes: readonly NodeRef[], node: Electorate["node"]): NodeRef[] {
  const words = new Set(nodes.flatMap(({ relay }) => relay ?? []));
  return [...words].map(node);
}

function rankOf({ reporter, role, source, destination }: Report): number {
  const isReporter = (node: NodeRef | null) => node?.id === reporter.id;
  if (role === "initiator" || isReporter(source.node)) return 1;
  if (source.gateways.some(isReporter)) return 2;
  if (role === "responder" || isReporter(destination.node)) return 3;
  if (destination.gateways.some(isReporter)) return 4;
  return RELAY;
}
