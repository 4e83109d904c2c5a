/** An alert as the engine tracks it ⇄ as the store keeps it. */
import { createHash } from "node:crypto";
import type { AlertRule } from "@flowtrail/model";
import type { StoredAlert } from "../store/alert-log.ts";
import { keyOf, type Tracked } from "./lifecycle.ts";

/** Readable, and the same whoever makes it. */
function idOf(rule: string, { key, sinceMs }: Pick<Tracked, "key" | "sinceMs">): string {
  const group = createHash("sha256").update(key).digest("hex").slice(0, 8);
  return `${rule}-${Math.floor(sinceMs / 1000).toString(36)}-${group}`;
}

/** @param before as it was stored last; null: it never was */
export function storedOf(rule: AlertRule, tracked: Tracked, before: StoredAlert | null): StoredAlert {
  const { labels, sinceMs, openedMs, lastMs, endedMs, finding } = tracked;
  return {
    id: before?.id ?? idOf(rule.id, tracked),
    version: (before?.version ?? 0) + 1,
    rule: rule.id,
    ruleName: rule.name,
    severity: before?.severity ?? rule.severity,
    mitre: rule.mitre,
    labels,
    sinceMs,
    openedMs,
    lastMs,
    endedMs,
    value: finding.value,
    limit: finding.limit,
    summary: finding.summary,
    q: finding.q,
    fromMs: finding.fromMs,
    toMs: finding.toMs,
    told: before?.told ?? "",
  };
}

export function trackedOf({ labels, sinceMs, openedMs, lastMs, endedMs, ...finding }: StoredAlert): Tracked {
  const { value, limit, summary, q, fromMs, toMs } = finding;
  const found = { labels, value, limit, summary, q, fromMs, toMs };
  return { key: keyOf(labels), labels, sinceMs, openedMs, lastMs, endedMs, finding: found };
}
