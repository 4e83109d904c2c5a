/** Who is told of an event. */
import { type Alert, type Filter, parseFilter } from "@flowtrail/model";
import type { AlertEvent } from "../alerts/tell.ts";
import type { RecipientKind } from "./kinds.ts";
import type { Recipient } from "./recipient.ts";

/** Of the others nobody wants to hear that a colleague is at it. */
const KEEPS_INCIDENTS: readonly RecipientKind[] = ["pagerduty"];

/** Whom a rule names is told whatever else they take. */
export function toldOf({ kind, alert, rule }: AlertEvent, recipients: readonly Recipient[]): Recipient[] {
  const networks = networksOf(alert);
  // Of a rule that names only such as were removed since, the others are told rather than nobody.
  const named = rule.recipients.filter((id) => recipients.some((recipient) => recipient.id === id));
  return recipients.filter(({ id, kind: of, enabled, resolved, takes }) => {
    if (!enabled || (kind === "resolved" && !resolved)) return false;
    if (kind === "acknowledged" && !KEEPS_INCIDENTS.includes(of)) return false;
    if (named.length > 0) return named.includes(id);
    return (
      takes.every && isIn(takes.severities, [alert.severity]) && isIn(takes.rules, [alert.rule]) && isIn(takes.networks, networks)
    );
  });
}

const isIn = (taken: readonly string[], found: readonly string[]) =>
  taken.length === 0 || found.some((one) => taken.includes(one));

/** Those that its group or its filter names for certain. */
function networksOf({ labels, q }: Alert): string[] {
  const labelled = Object.entries(labels).flatMap(([field, value]) => (field === "network" ? [value] : []));
  return labelled.length > 0 ? labelled : networksIn(filterOf(q));
}

function networksIn(filter: Filter): string[] {
  if (filter.kind === "and") return filter.parts.flatMap(networksIn);
  return filter.kind === "is" && filter.field === "network" && !filter.not ? filter.values.map(String) : [];
}

function filterOf(q: string): Filter {
  try {
    return parseFilter(q);
  } catch {
    return { kind: "all" }; // a rule of another version of this program: it is known by its labels, or not at all
  }
}
