/** Of each flow its newest revision. */
import { FLOWS, FLOWS_OPEN } from "../store/schema/flow-tables.ts";
import { byKeys, keyText } from "./flow-list-keys.ts";
import type { Inquiry } from "./inquiry.ts";
import type { FlowRow } from "./rows.ts";

interface Version {
  readonly start_ms: string;
  readonly id: string;
  readonly reporter: string;
  readonly newest: string;
}

const VERSION =
  "toUnixTimestamp64Milli(start) AS start_ms, toString(flow_id) AS id, reporter_id AS reporter, toString(max(version)) AS newest";
const OF_EACH = "GROUP BY start, flow_id, reporter_id";

/**
 * Leaves out rows of ended flows of which a newer revision is stored: it does not pass the filter, or it would be here instead.
 * @throws StoreError
 */
export async function withoutOutdated(rows: readonly FlowRow[], inquiry: Inquiry): Promise<FlowRow[]> {
  const again = byKeys(
    rows.map(({ key }) => key),
    ({ text, bindings }) =>
      inquiry.rows<Version>({
        table: FLOWS.name,
        // Nearly all are there once.
        sql: `SELECT ${VERSION} FROM ${FLOWS.name} WHERE ${text} ${OF_EACH} HAVING count() > 1`,
        bindings,
      }),
  );
  const [newest, still] = await Promise.all([again, withoutOpenAgain(rows, inquiry)]);
  return without(still, newest);
}

/**
 * Leaves out those that are open: their agent was taken for lost and spoke again. Nothing else that has ended comes back.
 * @throws StoreError
 */
export async function withoutOpenAgain(rows: readonly FlowRow[], inquiry: Inquiry): Promise<FlowRow[]> {
  const lost = rows.filter(({ stored }) => stored.state === "lost");
  const open = await byKeys(
    lost.map(({ key }) => key),
    ({ text, bindings }) =>
      inquiry.rows<Version>({
        table: FLOWS_OPEN.name,
        sql: `SELECT ${VERSION} FROM ${FLOWS_OPEN.name} FINAL WHERE ${text} ${OF_EACH}`,
        bindings,
      }),
  );
  return without(rows, open);
}

function without(rows: readonly FlowRow[], versions: readonly Version[]): FlowRow[] {
  const newest = new Map(
    versions.map((one) => [
      keyText({ startMs: Number(one.start_ms), flowId: one.id, reporterId: one.reporter }),
      BigInt(one.newest),
    ]),
  );
  return rows.filter(({ key, version }) => (newest.get(keyText(key)) ?? version) <= version);
}

/** Of rows in any order, in the order in which their flows came. */
export function newestOfEach(rows: readonly FlowRow[]): FlowRow[] {
  const newest = new Map<string, FlowRow>();
  for (const row of rows) {
    const text = keyText(row.key);
    const other = newest.get(text);
    if (other === undefined || row.version > other.version) newest.set(text, row);
  }
  return [...newest.values()];
}
