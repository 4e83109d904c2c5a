/** What kinds of connections there are, and who reports them: see "Primary" in the design page of the flow record. */
import { GROUP_CONNECTIONS, GROUP_REPORTS } from "./plan.ts";

/** Where a report comes from: the source's gateway, source, destination, or the node that forwards to an egress route. */
type Reporter = "gateway" | "source" | "destination" | "via";

export interface SeedReport {
  readonly reporter: Reporter;
  readonly role: "initiator" | "responder" | "forwarder";
  readonly rank: 1 | 2 | 3 | 4 | 5;
  /** It translates the source's address. */
  readonly nat: boolean;
}

export interface SeedKind {
  readonly name: "web" | "file" | "out" | "dns" | "mesh" | "visit" | "lan" | "relayed";
  /** Of GROUP_CONNECTIONS. */
  readonly count: number;
  readonly source: "user" | "extclient" | "node";
  readonly destination: "external" | "gateway" | "node" | "egress_route";
  /** The best one first: it is the primary. */
  readonly reports: readonly SeedReport[];
}

const report = (reporter: Reporter, role: SeedReport["role"], rank: SeedReport["rank"], nat = false): SeedReport => ({
  reporter,
  role,
  rank,
  nat,
});
const outThrough = report("gateway", "forwarder", 2, true);

export const KINDS: readonly SeedKind[] = [
  { name: "web", count: 7, source: "user", destination: "external", reports: [outThrough] },
  { name: "file", count: 1, source: "extclient", destination: "external", reports: [outThrough] },
  {
    ...{ name: "out", count: 2, source: "node", destination: "external" },
    reports: [report("source", "initiator", 1), report("gateway", "forwarder", 5, true)],
  },
  { name: "dns", count: 3, source: "user", destination: "gateway", reports: [report("gateway", "responder", 2)] },
  {
    ...{ name: "mesh", count: 3, source: "node", destination: "node" },
    reports: [report("source", "initiator", 1), report("destination", "responder", 3)],
  },
  {
    ...{ name: "visit", count: 2, source: "user", destination: "node" },
    reports: [report("gateway", "forwarder", 2), report("destination", "responder", 3)],
  },
  {
    ...{ name: "lan", count: 1, source: "user", destination: "egress_route" },
    reports: [report("gateway", "forwarder", 2), report("via", "forwarder", 4, true)],
  },
  {
    ...{ name: "relayed", count: 1, source: "node", destination: "node" },
    reports: [report("source", "initiator", 1), report("gateway", "forwarder", 5), report("destination", "responder", 3)],
  },
];

export interface SeedPlace {
  /** Of the connection in its group. */
  readonly slot: number;
  /** Of its kind in KINDS. */
  readonly kind: number;
  /** Of the report in its connection. */
  readonly view: number;
  readonly report: SeedReport;
}

/** What the reports of a group are, in order. */
export const PLACES: readonly SeedPlace[] = KINDS.flatMap(({ count, reports }, kind) => {
  const before = KINDS.slice(0, kind).reduce((sum, one) => sum + one.count, 0);
  return Array.from({ length: count }, (_, n) =>
    reports.map((report, view) => ({ slot: before + n, kind, view, report })),
  ).flat();
});

if (PLACES.length !== GROUP_REPORTS || new Set(PLACES.map(({ slot }) => slot)).size !== GROUP_CONNECTIONS) {
  throw new TypeError("kinds do not add up to a group");
}

/** Connections among the first n reports of a group. */
export const PRIMARIES: readonly number[] = PLACES.map((_, n) => PLACES.slice(0, n).filter(({ view }) => view === 0).length);
