/** Rows of ended flows of which a newer revision is stored. */
import { FLOWS, FLOWS_OPEN } from "../store/schema/flow-tables.ts";
import type { Inquiry } from "./inquiry.ts";
import type { FlowRow } from "./rows.ts";
import { allOf, moment } from "./sql.ts";

/** Keys are bound parameters, which are part of the request's address: so many fit. */
const KEYS_AT_ONCE = 400;

/**
 * Leaves out rows of which a newer revision is stored: it does not pass the filter, or it would be here instead.
 * @throws StoreError
 */
export async function withoutOutdated(rows: readonly FlowRow[], inquiry: Inquiry): Promise<FlowRow[]> {
  const newest = new Map<string, bigint>();
  for (let at = 0; at < rows.length; at += KEYS_AT_ONCE) {
    for (const [key, version] of await newestVersions(rows.slice(at, at + KEYS_AT_ONCE), inquiry)) newest.set(key, version);
  }
  return rows.filter(({ key, version }) => (newest.get(keyText(key)) ?? version) <= version);
}

const keyText = ({ startMs, flowId, reporterId }: FlowRow["key"]) => `${startMs} ${flowId} ${reporterId}`;

async function newestVersions(rows: readonly FlowRow[], inquiry: Inquiry): Promise<[string, bigint][]> {
  const starts = rows.map(({ key }) => key.startMs);
  const where = allOf(
    {
      text: `start >= ${moment("lo")} AND start <= ${moment("hi")}`,
      bindings: { lo: Math.min(...starts), hi: Math.max(...starts) },
    },
    {
      // As a subquery, a list of keys is found by the primary index; as an array it is compared with every row.
      text:
        "(start, flow_id, reporter_id) IN (SELECT fromUnixTimestamp64Milli(k.1, 'UTC'), k.2, k.3 FROM " +
        "(SELECT arrayJoin(arrayZip({starts:Array(Int64)}, {ids:Array(UInt64)}, {reporters:Array(String)})) AS k))",
      bindings: {
        starts,
        ids: rows.map(({ key }) => BigInt(key.flowId)),
        reporters: rows.map(({ key }) => key.reporterId),
      },
    },
  );
  const of = (table: string) => `SELECT start, flow_id, reporter_id, version FROM ${table} WHERE ${where.text}`;
  const answer = await inquiry.rows<{ start_ms: string; id: string; reporter: string; newest: string }>({
    table: FLOWS.name,
    sql:
      "SELECT toUnixTimestamp64Milli(start) AS start_ms, toString(flow_id) AS id, reporter_id AS reporter, toString(max(version)) AS newest " +
      `FROM (${of(FLOWS.name)} UNION ALL ${of(`${FLOWS_OPEN.name} FINAL`)}) GROUP BY start, flow_id, reporter_id`,
    bindings: where.bindings,
  });
  return answer.map(({ start_ms, id, reporter, newest }) => [`${start_ms} ${id} ${reporter}`, BigInt(newest)]);
}
