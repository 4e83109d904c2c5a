/**
 * A place in the stream: all of a node's rows up to here were handed over. Rows are in the order in which the store took them: by `stored`,
 * the node's own clock at the insert, then by key. See docs/decisions/0026-sinks.md.
 */
import type { FlowKey } from "../../query/sql.ts";

export interface NodePlace {
  /** Everything that was stored before this millisecond, and in it, unless `key` tells how far. */
  readonly ms: number;
  /** Of what was stored in `ms`: up to this one. Null: all. */
  readonly key: FlowKey | null;
  /** What the node's clock said when this was read: a clock that says less later was set back. */
  readonly clockMs: number;
}

/** Sources of a sink's events, each with a place on every node. */
export type StreamPlace = Readonly<Record<string, readonly NodePlace[]>>;

/** The latest place of which it is sure that it is not behind any of these: where a node begins that was not there before. */
export function earliest(places: readonly NodePlace[]): NodePlace | null {
  if (places.length === 0) return null;
  const ms = Math.min(...places.map(whole));
  return { ms, key: null, clockMs: 0 };
}

/** Rows went from node to node when there are more or fewer of them than before: all begin where the last one was. */
export function spreadOver(places: readonly NodePlace[], nodes: number): readonly NodePlace[] | null {
  if (places.length === nodes) return places;
  const first = earliest(places);
  return first === null ? null : Array.from({ length: nodes }, () => first);
}

/** All that was stored up to this millisecond was handed over. */
export function whole({ ms, key }: NodePlace): number {
  return key === null ? ms : ms - 1;
}

/** The clock of a node was set back: what it stores now has stamps that were passed already. */
export function afterClock(place: NodePlace, clockMs: number, slackMs: number): NodePlace {
  if (clockMs >= place.clockMs || clockMs - slackMs >= whole(place)) return { ...place, clockMs };
  return { ms: clockMs - slackMs, key: null, clockMs };
}
