/** Where records of somebody are, which of them go, and which a legal hold keeps. */
import { type Hold, heldRows, inForce } from "../store/retention/holds.ts";
import { FLOW_DELTAS, FLOW_KEY, FLOWS, FLOWS_LONG, FLOWS_OPEN } from "../store/schema/flow-tables.ts";
import { FLOWS_REJECTED } from "../store/schema/other-tables.ts";
import { ROLLUPS } from "../store/schema/rollup-tables.ts";
import { type Condition, flowsOf, quotedIn, type Subject, sumsOf } from "./subject.ts";

export interface Place {
  readonly table: string;
  /** When a row was, for the days of the report. */
  readonly time: string;
  /** Rows of the subject. */
  readonly match: Condition;
  /** Of those: what a hold keeps. */
  readonly held: Condition;
  /** Earlier revisions of a row may name others: they must be gone first, or they come to light again. */
  readonly hasRevisions: boolean;
}

/** @param tableOf how a node calls a table, with its database */
export function placesOf(subject: Subject, holds: readonly Hold[], tableOf: (table: string) => string): Place[] {
  const match = flowsOf(subject);
  const held = heldRows(holds);
  const flows = [FLOWS, FLOWS_LONG, FLOWS_OPEN].map(
    ({ name }): Place => ({ table: name, time: "start", match, held, hasRevisions: true }),
  );
  return [
    ...flows,
    { table: FLOW_DELTAS.name, time: "last_seen", match, held: heldDeltas(match, held, holds, tableOf), hasRevisions: true },
    ...ROLLUPS.flatMap(({ table, dimensions, stepMs }): Place[] => {
      const sums = sumsOf(subject, dimensions);
      return sums === null
        ? []
        : [{ table: table.name, time: "bucket", match: sums, held: heldBuckets(holds, stepMs), hasRevisions: false }];
    }),
    {
      table: FLOWS_REJECTED.name,
      time: "received",
      match: quotedIn(subject, "json"),
      held: { sql: "false", bindings: {} },
      hasRevisions: false,
    },
  ];
}

/** Those of flows that are kept. */
function heldDeltas(match: Condition, held: Condition, holds: readonly Hold[], tableOf: (table: string) => string): Condition {
  if (inForce(holds).length === 0) return held;
  const key = FLOW_KEY.join(", ");
  const of = (table: string) => `SELECT ${key} FROM ${tableOf(table)} WHERE ${match.sql} AND (${held.sql})`;
  return {
    sql: `(${key}) IN (${of(FLOWS.name)} UNION ALL ${of(FLOWS_OPEN.name)})`,
    bindings: { ...match.bindings, ...held.bindings },
  };
}

/** Those that a hold's time touches. */
export function heldBuckets(holds: readonly Hold[], stepMs: number): Condition {
  const bindings: Record<string, unknown> = {};
  const parts = inForce(holds).map(({ fromMs, toMs, network }, i) => {
    bindings[`hold${i}_from`] = Math.floor((fromMs - stepMs) / 1000);
    const one = [`toUnixTimestamp(bucket) > {hold${i}_from:Int64}`];
    if (Number.isFinite(toMs)) {
      bindings[`hold${i}_to`] = Math.ceil(toMs / 1000);
      one.push(`toUnixTimestamp(bucket) < {hold${i}_to:Int64}`);
    }
    if (network !== null) {
      bindings[`hold${i}_network`] = network;
      one.push(`network = {hold${i}_network:String}`);
    }
    return `(${one.join(" AND ")})`;
  });
  return { sql: parts.join(" OR ") || "false", bindings };
}
