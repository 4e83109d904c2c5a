/** Legal holds: of flows in their range nothing is deleted, however old and however large. */
import type { Bindings } from "../clickhouse.ts";

export interface Hold {
  readonly id: string;
  readonly fromMs: number;
  /** Not in the range itself. Infinity: it goes on. */
  readonly toMs: number;
  /** Null: all. Whole days stay: the other networks' rows of these days, too. */
  readonly network: string | null;
  readonly reason: string;
  readonly who: string;
  readonly createdMs: number;
  /** Null while it is in force. */
  readonly releasedMs: number | null;
  readonly releasedBy: string | null;
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export function inForce(holds: readonly Hold[]): Hold[] {
  return holds.filter(({ releasedMs }) => releasedMs === null);
}

/** Does any hold in force touch this partition? */
export function isHeld({ fromMs, toMs }: Span, holds: readonly Hold[]): boolean {
  return inForce(holds).some((hold) => hold.fromMs < toMs && hold.toMs > fromMs);
}

/** The condition for rows of `flows` that were active in the range of a hold. */
export function heldRows(holds: readonly Hold[]): { sql: string; bindings: Bindings } {
  const bindings: Record<string, unknown> = {};
  const parts = inForce(holds).map(({ fromMs, toMs, network }, i) => {
    bindings[`hold${i}_from`] = fromMs;
    const parts = [`${ACTIVE_UNTIL} >= fromUnixTimestamp64Milli({hold${i}_from:Int64}, 'UTC')`];
    if (Number.isFinite(toMs)) {
      bindings[`hold${i}_to`] = toMs;
      parts.push(`start < fromUnixTimestamp64Milli({hold${i}_to:Int64}, 'UTC')`);
    }
    if (network !== null) {
      bindings[`hold${i}_network`] = network;
      parts.push(`network = {hold${i}_network:String}`);
    }
    return `(${parts.join(" AND ")})`;
  });
  return { sql: parts.join(" OR ") || "false", bindings };
}

/** Retention counts from the end; of a flow that was lost, from when it was last seen. */
export const ACTIVE_UNTIL = "coalesce(end, last_seen)";

/** As it is stored in the settings. */
export function holdToJson({ id: _, fromMs, toMs, createdMs, releasedMs, releasedBy, ...rest }: Hold): string {
  return JSON.stringify({
    ...rest,
    from_ms: fromMs,
    to_ms: Number.isFinite(toMs) ? toMs : null,
    created_ms: createdMs,
    released_ms: releasedMs,
    released_by: releasedBy,
  });
}

export function holdFromJson(id: string, json: string): Hold {
  const value = JSON.parse(json) as {
    from_ms: number;
    to_ms: number | null;
    network: string | null;
    reason: string;
    who: string;
    created_ms: number;
    released_ms: number | null;
    released_by: string | null;
  };
  return {
    id,
    fromMs: value.from_ms,
    toMs: value.to_ms ?? Number.POSITIVE_INFINITY,
    network: value.network,
    reason: value.reason,
    who: value.who,
    createdMs: value.created_ms,
    releasedMs: value.released_ms,
    releasedBy: value.released_by,
  };
}
