/**
 * What a node says of its own stream: rows with a stamp before `untilMs` are all there, none can appear any more.
 *
 * A row's `stored` is made by the node within the INSERT, after it stands in `system.processes` and before it is gone from there; rows are
 * visible before it is gone. So what is stored later has a stamp after the clock that was read first, and what is being stored has one after its
 * statement began. Agents, back-pressure and commits of several servers play no part: the stamp is made last.
 */
import type { ClickHouse } from "../../store/clickhouse.ts";

export interface Watermark {
  /** Not in it itself. */
  readonly untilMs: number;
  readonly clockMs: number;
}

/** A clock may be set back by so much and nothing is lost, nor sent twice. More is seen (`afterClock`). */
export const CLOCK_SLACK_MS = 2000;

/** Inserts into one of these tables by name; whatever can't be told counts. */
const TARGET = "replaceRegexpAll(extract(query, '(?i)^\\\\s*insert\\\\s+into\\\\s+(?:table\\\\s+)?([^\\\\s(]+)'), '[`\"]', '')";

const SQL = `SELECT toUnixTimestamp64Milli(now64(3)) AS clock,
    toUnixTimestamp64Milli(now64(3)) - toInt64(ceil(1000 * ifNull(maxOrNull(elapsed), 0))) - 1 AS began
  FROM system.processes
  WHERE query_kind = 'Insert' AND (${TARGET} = '' OR arrayElement(splitByChar('.', ${TARGET}), -1) IN {tables:Array(String)})`;

/** @param slackMs see `CLOCK_SLACK_MS`. @param tables that the rows are inserted into, as the node calls them. @throws StoreError */
export async function watermark(
  node: Pick<ClickHouse, "rows">,
  tables: readonly string[],
  slackMs = CLOCK_SLACK_MS,
): Promise<Watermark> {
  const [row] = await node.rows<{ clock: string; began: string }>(SQL, { tables });
  const clockMs = Number(row?.clock ?? 0);
  return { untilMs: Math.min(clockMs - slackMs, Number(row?.began ?? 0)), clockMs };
}
