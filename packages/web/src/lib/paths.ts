/** The page's screens. */
export const OVERVIEW_PATH = "/overview";
export const TRAFFIC_LOGS_PATH = "/traffic-logs";
export const MAP_PATH = "/map";
export const ANALYZE_PATH = "/analyze";
export const NODES_PATH = "/nodes";
export const USERS_PATH = "/users";
export const NETWORKS_PATH = "/networks";
export const ALERTS_PATH = "/alerts";
export const HEALTH_PATH = "/health";
export const SETTINGS_PATH = "/settings";

/** Of what has a page of its own: `/entity/node?name=inetgw`. The name is no part of the path: it may hold anything. */
export const ENTITY_KINDS = ["node", "user", "extclient", "egress_route", "external", "network"] as const;
export type EntityKind = (typeof ENTITY_KINDS)[number];

export function entityPath(kind: EntityKind): string {
  return `/entity/${kind}`;
}

/** What kind such a path is of; null: it is none. */
export function readEntityPath(path: string): EntityKind | null {
  return ENTITY_KINDS.find((kind) => path === entityPath(kind)) ?? null;
}
