/** What the inventory comes down to for attribution: who had which address or range of which network, from when to when. */
import type { Cidr } from "@flowtrail/model";
import type { NodeRef, Participant } from "./lookup.ts";

/**
 * `address`: of a node, a device or a config file · `virtual`, `resolved`, `range`: of an egress route · `network`: the network's own range, nobody's in
 * particular. Of several that fit, the longest prefix counts, then this order.
 */
export const HOLDING_KINDS = ["address", "virtual", "resolved", "range", "network"] as const;
export type HoldingKind = (typeof HOLDING_KINDS)[number];

export interface Holding {
  readonly network: string;
  /** Of one address: 128 bits. */
  readonly cidr: Cidr;
  readonly kind: HoldingKind;
  readonly participant: Participant;
  /** The domain that `resolved` is about, or the only one of a route that has a single address; else null. */
  readonly domain: string | null;
  /** `file`, `netmaker`, or `agent:<reporter id>`. */
  readonly source: string;
  /** Of the source; the lowest wins. */
  readonly precedence: number;
  /** When it became known, ms since 1970: it holds from then on. */
  readonly fromMs: number;
  /** It was in its source's first version, which holds for all earlier time, too, where nobody else is known to have been the holder. */
  readonly isFirst: boolean;
  /** When it ceased to hold, ms since 1970; Infinity: it still does. */
  readonly toMs: number;
}

/** One fact of which nodes a network had, with addresses or without: whom a reporter's id, name or host stands for. */
export interface NodeFact extends Pick<Holding, "network" | "source" | "precedence" | "fromMs" | "isFirst" | "toMs"> {
  readonly node: NodeRef;
}

/** All that the history of the inventory says. */
export interface InventoryFacts {
  readonly holdings: readonly Holding[];
  readonly nodes: readonly NodeFact[];
}
