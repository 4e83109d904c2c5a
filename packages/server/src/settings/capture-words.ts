/** Changes of what agents record, in words: for the audit list. */
import { CAPTURE_FIELDS, type CapturePolicy, type CaptureState, isEqual, type OwnSettings } from "./capture-state.ts";

const LABELS: Readonly<Record<keyof CapturePolicy, string>> = {
  enabled: "traffic logs",
  icmp: "ICMP",
  dns: "DNS",
  names: "domain names",
  denied: "denied attempts",
  process: "local programs",
  update_interval_s: "open flows told every",
  flush_interval_ms: "sent every",
  exclude: "excluded ranges",
  exclude_users: "excluded users",
  exclude_groups: "excluded groups",
  exclude_nodes: "excluded nodes",
  exclude_domains: "excluded domains",
  external_addresses: "addresses of the internet",
  pseudonyms: "pseudonyms",
};

/** One setting of the store that became different. */
export interface WordedChange {
  readonly name: "capture" | "network" | "node";
  readonly id: string;
  readonly what: string;
  readonly value: string;
}

/** @param nameOf what people call a network or node */
export function captureChanges(
  before: CaptureState,
  after: CaptureState,
  nameOf: (kind: "network" | "node", id: string) => string,
): WordedChange[] {
  const fleet = isEqual(before.overrides, after.overrides)
    ? []
    : [
        {
          name: "capture" as const,
          id: "",
          what: policyWords(before.policy, after.policy),
          value: JSON.stringify(after.overrides),
        },
      ];
  const owned = (kind: "network" | "node") => {
    const [were, are] = kind === "network" ? [before.networks, after.networks] : [before.nodes, after.nodes];
    return [...are].flatMap(([id, { set }]) => {
      const was = were.get(id)?.set ?? {};
      if (isEqual(was, set)) return [];
      return [{ name: kind, id, what: `${kind} ${nameOf(kind, id)}: ${ownWords(was, set)}`, value: JSON.stringify(set) }];
    });
  };
  return [...fleet, ...owned("network"), ...owned("node")];
}

function policyWords(before: CapturePolicy, after: CapturePolicy): string {
  const parts = CAPTURE_FIELDS.filter((field) => !isEqual(before[field], after[field])).map(
    (field) => `${LABELS[field]} ${word(field, before)} → ${word(field, after)}`,
  );
  return parts.join(", ") || "as configured, with nothing different";
}

function word(field: keyof CapturePolicy, policy: CapturePolicy): string {
  const value = policy[field];
  if (Array.isArray(value)) return value.join(" ") || "none";
  if (field === "update_interval_s") return `${policy.update_interval_s} s`;
  if (field === "flush_interval_ms") return `${policy.flush_interval_ms} ms`;
  return typeof value === "boolean" ? onOff(value) : String(value);
}

function ownWords(before: OwnSettings, after: OwnSettings): string {
  const parts: string[] = [];
  const [was, is] = [before.enabled ?? true, after.enabled ?? true];
  if (was !== is) parts.push(`traffic logs ${onOff(was)} → ${onOff(is)}`);
  if (before.names !== after.names)
    parts.push(`domain names ${before.names ?? "as elsewhere"} → ${after.names ?? "as elsewhere"}`);
  if (before.external_addresses !== after.external_addresses)
    parts.push(
      `addresses of the internet ${before.external_addresses ?? "as elsewhere"} → ${after.external_addresses ?? "as elsewhere"}`,
    );
  return parts.join(", ") || "as for all again";
}

const onOff = (on: boolean) => (on ? "on" : "off");
