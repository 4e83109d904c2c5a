/** Questions about a connection's kind and network, as expressions. */
import { pick } from "./expressions.ts";
import { KINDS, PLACES, type SeedKind, type SeedReport } from "./kinds.ts";
import { NETWORKS, type SeedNetwork } from "./world.ts";

const kindsWith = (test: (kind: SeedKind) => boolean) =>
  `kind IN (${KINDS.flatMap((kind, index) => (test(kind) ? [index] : [])).join(", ")})`;

export const isKind = (name: SeedKind["name"]) => kindsWith((kind) => kind.name === name);
export const fromUser = kindsWith(({ source }) => source === "user");
export const fromFile = kindsWith(({ source }) => source === "extclient");
export const fromNode = kindsWith(({ source }) => source === "node");
export const toWorld = kindsWith(({ destination }) => destination === "external");
export const toLan = kindsWith(({ destination }) => destination === "egress_route");
export const hasOneReport = kindsWith(({ reports }) => reports.length === 1);

/** A number of each report. */
export const ofReport = (value: (report: SeedReport) => number) => ofPlace(({ report }) => value(report));

export const ofPlace = (value: (place: (typeof PLACES)[number]) => number) => pick(PLACES.map(value), "place");

export const ofNetwork = (value: (network: SeedNetwork) => number | string) => `if(net = 0, ${NETWORKS.map(value).join(", ")})`;
