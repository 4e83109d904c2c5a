/** What the tracker counts. */
import { DOMAIN_SOURCES, type DomainSource, EXCLUDE_REASONS } from "@flowtrail/model";

/** Why a connection that the kernel tracks makes no rows. */
const DROP_REASONS = [
  "not_in_network",
  "loopback",
  "tunnel_transport",
  "self",
  "icmp_off",
  "dns_off",
  ...EXCLUDE_REASONS,
  "network_off",
  "table_full",
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

export interface TrackerStats {
  /**
   * Connections that are not stored, counted once each when they are first heard of: a NEW event, an entry of the first dump, and
   * for `table_full` also the end of one that was never stored. Monotonic.
   */
  readonly drops: Record<DropReason, number>;
  /** Rows written. Monotonic. */
  rows: number;
  /** Flows opened, ended by the kernel's word, ended because they were gone. Monotonic. */
  opened: number;
  ended: number;
  lost: number;
  /** Messages about what was known already: a NEW after the dump had it, a DESTROY told twice. Monotonic. */
  repeated: number;
  /** Questions to the kernel for counters, of these without an answer because the entry was gone, and those that failed. Monotonic. */
  refreshes: number;
  refreshesGone: number;
  refreshErrors: number;
  /** Flows that got a name, by its source; one that got a better one later counts twice. Monotonic. */
  readonly named: Record<DomainSource, number>;
  /** Names for which there was no room. Monotonic. */
  namesRefused: number;
  /** Flows that the kernel tracks (TCP that is over included). */
  openFlows: number;
  /** Slots in use: open flows, and ended ones that are kept for a moment. */
  slots: number;
  tableBytes: number;
}

export function newStats(): TrackerStats {
  return {
    drops: Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as Record<DropReason, number>,
    rows: 0,
    opened: 0,
    ended: 0,
    lost: 0,
    repeated: 0,
    refreshes: 0,
    refreshesGone: 0,
    refreshErrors: 0,
    named: Object.fromEntries(DOMAIN_SOURCES.map((source) => [source, 0])) as Record<DomainSource, number>,
    namesRefused: 0,
    openFlows: 0,
    slots: 0,
    tableBytes: 0,
  };
}
