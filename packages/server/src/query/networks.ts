/** Which networks flows were reported of lately. */
import type { ClickHouse } from "../store/clickhouse.ts";
import { FLOWS, FLOWS_OPEN } from "../store/schema/flow-tables.ts";
import { filterSql } from "./filter-sql.ts";
import type { Narrowed } from "./narrowed.ts";

export interface NetworkOfFlows {
  readonly network: string;
  /** That ended. */
  readonly flows: number;
  readonly lastMs: number;
}

export const NETWORK_DAYS = 7;
const MAX_NETWORKS = 1000;

/** Networks of flows of the last days that pass, open ones too, those with most ended flows first. @throws StoreError */
export async function networksOfFlows(
  clickhouse: Pick<ClickHouse, "rows">,
  filter: Narrowed,
  nowMs: number,
  signal?: AbortSignal,
): Promise<NetworkOfFlows[]> {
  const passes = filterSql(filter);
  const rows = await clickhouse.rows<{ network: string; flows: string; last: string }>(
    `SELECT network, sum(n) AS flows, toUnixTimestamp64Milli(max(newest)) AS last FROM (
       SELECT network, count() AS n, max(last_seen) AS newest FROM ${FLOWS.name}
       WHERE start >= {from:DateTime64(3, 'UTC')} AND (${passes.text}) GROUP BY network
       UNION ALL
       SELECT network, 0, max(last_seen) FROM ${FLOWS_OPEN.name}
       WHERE last_seen >= {from:DateTime64(3, 'UTC')} AND (${passes.text}) GROUP BY network
     ) GROUP BY network ORDER BY flows DESC, network LIMIT ${MAX_NETWORKS}`,
    { ...passes.bindings, from: new Date(nowMs - NETWORK_DAYS * 86_400_000).toISOString().replace("Z", "") },
    signal ? { signal } : {},
  );
  return rows.map(({ network, flows, last }) => ({ network, flows: Number(flows), lastMs: Number(last) }));
}
