/** Looks at a Netmaker server before it is relied on: what it is, what it has, and what will be missing. Changes nothing there. */

import { NetmakerError } from "./errors.ts";
import { netmakerInventory } from "./inventory.ts";
import type { Ask } from "./lists.ts";
import { isObject, unwrap } from "./lists.ts";
import { type MissingPart, missingParts } from "./missing.ts";
import { NetmakerParts } from "./parts.ts";

/** How its flows come to us. */
export type NetmakerWay = "agents" | "netmaker";

export interface NetmakerCheck {
  /** Null: it does not say. */
  readonly version: string | null;
  readonly edition: "pro" | "community" | null;
  readonly licenseError: string | null;
  readonly networks: readonly {
    readonly id: string;
    readonly ranges: readonly string[];
    readonly nodes: number;
    readonly users: number;
    readonly configFiles: number;
    readonly egress: number;
  }[];
  readonly hosts: readonly {
    readonly name: string;
    readonly version: string;
    readonly os: string;
    readonly reports: boolean | null;
  }[];
  readonly users: number;
  /** Of its clock against ours; null: it does not tell the time. */
  readonly clockSkewMs: number | null;
  readonly flowLogs: {
    /** By the licence; null: it does not say. */
    readonly licensed: boolean | null;
    /** In its settings; null: they can't be read. */
    readonly enabled: boolean | null;
    readonly retentionDays: number | null;
    /** `GET /api/v1/flows`: rows, none, or what it answers instead. */
    readonly api: "rows" | "empty" | { readonly status: number; readonly message: string };
  };
  readonly way: NetmakerWay;
  readonly missing: readonly MissingPart[];
  /** What could not be read or used. */
  readonly problems: readonly string[];
  /** False: it can't serve as an inventory as it is. */
  readonly usable: boolean;
}

/** What an endpoint says, or the status that it refuses with. */
type Told = { readonly value: unknown } | { readonly status: number; readonly message: string };

/**
 * @param skewMs asked for at the end, when there were answers
 * @throws NetmakerError when there is no talking to it: nothing listens, the token is not valid
 */
export async function checkNetmaker(ask: Ask, skewMs: () => number | null): Promise<NetmakerCheck> {
  const status = objectOf(await told(ask, "api/server/status"));
  const flags = objectOf(await told(ask, "api/server/feature_flags"));
  const settings = objectOf(await told(ask, "api/server/settings"));
  const { snapshot, problems } = await new NetmakerParts().read(ask);
  const optional = {
    groups: await told(ask, "api/v1/users/groups"),
    userIps: await told(ask, "api/v1/users/network_ip"),
  };
  const flows = await told(ask, "api/v1/flows?per_page=1");
  const inventory = snapshot === null ? null : netmakerInventory(snapshot);
  const hosts = (snapshot?.hosts ?? []).map(({ name, id, version, os, enable_flow_logs }) => {
    return { name: name || id, version, os, reports: enable_flow_logs ?? null };
  });
  const facts = {
    version: textOf(status, "version"),
    edition: editionOf(flagOf(status, "is_pro"), optional.groups),
    licenseError: textOf(status, "license_error"),
    networks: (inventory?.networks ?? []).map(({ id, ranges, nodes, users, config_files, egress }) => {
      return { id, ranges, nodes: nodes.length, users: users.length, configFiles: config_files.length, egress: egress.length };
    }),
    hosts,
    users: snapshot?.users.length ?? 0,
    clockSkewMs: skewMs(),
    flowLogs: {
      licensed: flagOf(flags, "enable_flow_logs", "EnableFlowLogs", "enableFlowLogs"),
      enabled: flagOf(settings, "enable_flow_logs"),
      retentionDays: numberOf(settings, "audit_logs_retention_period"),
      api: "value" in flows ? rowsOf(flows.value) : flows,
    },
    problems,
    usable: snapshot !== null,
  };
  const way = wayOf(facts);
  const refused = (part: Told) => ("value" in part ? null : part.status);
  const missing = missingParts({ ...facts, way, groups: refused(optional.groups), userIps: refused(optional.userIps) });
  return { ...facts, way, missing };
}

/** @throws NetmakerError for whatever is no answer of this endpoint alone */
async function told(ask: Ask, path: string): Promise<Told> {
  try {
    return { value: unwrap(await ask(path)) };
  } catch (error) {
    if (!(error instanceof NetmakerError)) throw error;
    const { data } = error;
    if (data.code === "NETMAKER_STATUS" && data.status !== 401) return { status: data.status, message: error.message };
    // A page where JSON was expected: an older server that knows no such address.
    if (data.code === "NETMAKER_ANSWER") return { status: 0, message: error.message };
    throw error;
  }
}

function wayOf({ edition, flowLogs }: Pick<NetmakerCheck, "edition" | "flowLogs">): NetmakerWay {
  const { licensed, enabled, api } = flowLogs;
  if (edition === "community" || licensed === false) return "agents";
  return licensed === true || enabled === true || typeof api === "string" ? "netmaker" : "agents";
}

/** Older servers do not say which they are; user groups are of the paid edition. */
function editionOf(isPro: boolean | null, groups: Told): NetmakerCheck["edition"] {
  if (isPro !== null) return isPro ? "pro" : "community";
  return "value" in groups ? "pro" : groups.status === 404 ? "community" : null;
}

function rowsOf(value: unknown): "rows" | "empty" {
  return Array.isArray(value) && value.length > 0 ? "rows" : "empty";
}

type Fields = Readonly<Record<string, unknown>>;

function objectOf(part: Told): Fields {
  return "value" in part && isObject(part.value) ? part.value : {};
}

function flagOf(fields: Fields, ...names: readonly string[]): boolean | null {
  const value = names.map((name) => fields[name]).find((one) => typeof one === "boolean");
  return typeof value === "boolean" ? value : null;
}

function textOf(fields: Fields, name: string): string | null {
  const value = fields[name];
  return typeof value === "string" && value !== "" ? value : null;
}

function numberOf(fields: Fields, name: string): number | null {
  const value = fields[name];
  return typeof value === "number" ? value : null;
}
