/** Rows of the store → events. */
import { createHash } from "node:crypto";
import { flowRow, type StoredRow, toJson } from "../query/rows.ts";
import { EDITIONS } from "../store/schema/flow-tables.ts";
import type { EventKind, SinkEvent } from "./ports.ts";

/** Without a dot: so that a hashed one is no other's own. */
const PLAIN = /^[A-Za-z0-9_:-]{1,80}$/;

/** What deduplicates an event: the same for each edition of a record, at every sink. */
export function eventId(reporterId: string, flowId: string, kind: EventKind): string {
  const reporter = PLAIN.test(reporterId)
    ? reporterId
    : `h.${createHash("sha256").update(reporterId).digest("hex").slice(0, 32)}`;
  return `${reporter}-${flowId}-${kind}`;
}

/** @param stored with `row_version` and `stored_ms` beside the columns */
export function eventOf(stored: StoredRow, kind: EventKind): SinkEvent {
  const { row_version, stored_ms, ...columns } = stored;
  const row = flowRow(columns, kind === "ended");
  const version = String(row_version ?? 0);
  return {
    id: eventId(row.key.reporterId, row.key.flowId, kind),
    kind,
    version,
    revised: BigInt(version) % BigInt(EDITIONS) !== 0n,
    storedMs: Number(stored_ms),
    flow: toJson(row, () => true),
  };
}

/** Of several editions of a record the newest one, in the place of the first. */
export function newestOnly(events: readonly SinkEvent[]): SinkEvent[] {
  const byId = new Map<string, SinkEvent>();
  for (const event of events) {
    const known = byId.get(event.id);
    if (known === undefined || BigInt(event.version) > BigInt(known.version)) byId.set(event.id, event);
  }
  return [...byId.values()];
}
