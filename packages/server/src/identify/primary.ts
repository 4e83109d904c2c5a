/** Which report of a connection counts in totals: the one with the best point of view that can be expected to report. */
import type { NodeRef, Participant } from "./lookup.ts";

export interface Election {
  /** 1 source's node · 2 source's gateway · 3 destination's node · 4 destination's gateway · 5 another forwarder. */
  readonly rank: number;
  readonly primary: boolean;
}

/** Will this node's agent report a flow that was last seen then? */
export type Expected = (node: NodeRef, lastSeenMs: number) => boolean;

/**
 * Election by rank and expectation (design page "flow record", Primary).
 * @param role as the reporter gave it: it knows its own addresses even where nobody else does
 */
export function elect(
  reporter: NodeRef,
  role: string | null,
  source: Participant,
  destination: Participant,
  lastSeenMs: number,
  expected: Expected,
): Election {
  const rank = rankOf(reporter, role, source, destination);
  const views = [
    source.node ? [source.node] : [],
    source.gateways,
    destination.node ? [destination.node] : [],
    destination.gateways,
  ];
  const better = views.slice(0, rank - 1).flat();
  return { rank, primary: !better.some((node) => node.id !== reporter.id && expected(node, lastSeenMs)) };
}

function rankOf(reporter: NodeRef, role: string | null, source: Participant, destination: Participant): number {
  const isReporter = (node: NodeRef | null) => node?.id === reporter.id;
  if (role === "initiator" || isReporter(source.node)) return 1;
  if (source.gateways.some(isReporter)) return 2;
  if (role === "responder" || isReporter(destination.node)) return 3;
  if (destination.gateways.some(isReporter)) return 4;
  return 5;
}
