/** Alerts of somebody, what people said of them, what recipients are still to be told, and refused records that quote a name. */
import { type Hold, inForce } from "../store/retention/holds.ts";
import { ALERT_NOTES, ALERTS } from "../store/schema/alert-tables.ts";
import { NOTICES } from "../store/schema/notice-table.ts";
import { SINK_PARKED } from "../store/schema/sink-tables.ts";
import { namingPattern } from "./naming.ts";
import type { Place } from "./places.ts";
import { type Condition, namesFor, type Subject } from "./subject.ts";

/** When a row is of, in ms, and of which network. Empty, or null: of any. */
interface Span {
  readonly from: string;
  readonly to: string;
  readonly network: string | null;
}

const ms = (column: string) => `toUnixTimestamp64Milli(${column})`;
const ofEvent = (name: string) => ms(`parseDateTime64BestEffortOrZero(JSONExtractString(event, 'alert', '${name}'), 3, 'UTC')`);
const valuesOf = (json: string) => `arrayStringConcat(arrayMap(x -> x.2, JSONExtractKeysAndValues(${json}, 'String')), '\\n')`;

/**
 * Notes first: which they are is told by the alerts.
 * @param names that rows have for it
 * @param tableOf how a node calls a table, with its database
 */
export function alertPlaces(
  subject: Subject,
  names: readonly string[],
  holds: readonly Hold[],
  tableOf: (table: string) => string,
): Place[] {
  const pattern = namingPattern([...new Set([...namesFor(subject), ...names])]);
  const network = subject.kind === "address" ? subject.network : null;
  const naming = (texts: readonly string[], labelled: string | null): Condition => ({
    sql: `(match(concat(${texts.join(", '\\n', ")}, ''), {naming:String})${network === null || labelled === null ? "" : ` AND ${labelled} IN ('', {network:String})`})`,
    bindings: { naming: pattern, ...(network !== null && { network }) },
  });
  const alerts: Place = {
    table: ALERTS.name,
    time: "since",
    match: naming([valuesOf("labels"), "summary", "q"], "JSONExtractString(labels, 'network')"),
    held: heldSpans(holds, { from: ms("window_from"), to: ms("last"), network: "JSONExtractString(labels, 'network')" }),
    hasRevisions: true,
  };
  const ofAlerts = (condition: string) => `alert IN (SELECT id FROM ${tableOf(ALERTS.name)} WHERE ${condition})`;
  const said = naming(["note"], null);
  const heldNotes = heldSpans(holds, { from: ms("time"), to: ms("time"), network: null });
  return [
    {
      table: ALERT_NOTES.name,
      time: "time",
      match: {
        sql: `(${said.sql} OR ${ofAlerts(alerts.match.sql)})`,
        bindings: { ...said.bindings, ...alerts.match.bindings },
      },
      held: {
        sql: `(${heldNotes.sql} OR ${ofAlerts(`${alerts.match.sql} AND (${alerts.held.sql})`)})`,
        bindings: { ...heldNotes.bindings, ...alerts.match.bindings, ...alerts.held.bindings },
      },
      hasRevisions: false,
    },
    alerts,
    {
      table: NOTICES.name,
      time: "created",
      match: naming(
        [
          valuesOf("JSONExtractRaw(event, 'alert', 'labels')"),
          ...["summary", "q", "note"].map((name) => `JSONExtractString(event, 'alert', '${name}')`),
          "error",
        ],
        "JSONExtractString(event, 'alert', 'labels', 'network')",
      ),
      held: heldSpans(holds, {
        from: ofEvent("from"),
        to: ofEvent("last"),
        network: "JSONExtractString(event, 'alert', 'labels', 'network')",
      }),
      hasRevisions: true,
    },
    {
      table: SINK_PARKED.name,
      time: "parked",
      match: naming(["message"], null),
      held: heldSpans(holds, { from: ms("start"), to: ms("parked"), network: null }),
      hasRevisions: true,
    },
  ];
}

function heldSpans(holds: readonly Hold[], { from, to, network }: Span): Condition {
  const bindings: Record<string, unknown> = {};
  const parts = inForce(holds).map((hold, i) => {
    bindings[`hold${i}_from`] = hold.fromMs;
    const one = [`${to} >= {hold${i}_from:Int64}`];
    if (Number.isFinite(hold.toMs)) {
      bindings[`hold${i}_to`] = hold.toMs;
      one.push(`${from} < {hold${i}_to:Int64}`);
    }
    if (hold.network !== null && network !== null) {
      bindings[`hold${i}_network`] = hold.network;
      one.push(`${network} IN ('', {hold${i}_network:String})`);
    }
    return `(${one.join(" AND ")})`;
  });
  return { sql: parts.join(" OR ") || "false", bindings };
}
