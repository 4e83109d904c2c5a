/** Which deletions of reports the server knows of: on request, and by age or size. */
import { formatCount } from "@flowtrail/model";
import type { EraseJob } from "../erase/job.ts";
import type { ClickHouse } from "../store/clickhouse.ts";
import { ErasureLog } from "../store/erasure-log.ts";
import { FLOWS } from "../store/schema/flow-tables.ts";
import { RETENTION_DROPS } from "../store/schema/settings-table.ts";
import type { Removal } from "./judge.ts";
import { DAY_MS, dayMs, dayOf } from "./measure.ts";

interface Deletion extends Removal {
  readonly atMs: number;
  readonly fromDay: string;
  readonly untilDay: string;
}

interface DropRow {
  readonly at: string;
  readonly from_ms: string;
  readonly until_ms: string;
  readonly rows: string;
  readonly why: string;
}

export class Removals {
  readonly #all: readonly Deletion[];

  constructor(all: readonly Deletion[]) {
    this.#all = all;
  }

  /** @throws StoreError */
  static async read(clickhouse: Pick<ClickHouse, "rows" | "insert">): Promise<Removals> {
    const [jobs, drops] = await Promise.all([
      new ErasureLog(clickhouse).all(),
      clickhouse.rows<DropRow>(
        `SELECT toUnixTimestamp64Milli(dropped) AS at, toUnixTimestamp64Milli(\`from\`) AS from_ms, toUnixTimestamp64Milli(until) AS until_ms,
           rows, why FROM ${RETENTION_DROPS.name} FINAL WHERE of_table = {table:String}`,
        { table: FLOWS.name },
      ),
    ]);
    return new Removals([...jobs.flatMap(erased), ...drops.map(dropped)]);
  }

  /** Of rows of a day, since its manifest was made. */
  of(day: string, sinceMs: number): Removal[] {
    return this.#all.filter(({ atMs, fromDay, untilDay }) => atMs > sinceMs && fromDay <= day && day <= untilDay);
  }

  /** Days of which something was deleted since. */
  daysSince(sinceMs: number): string[] {
    return this.#all
      .filter(({ atMs }) => atMs > sinceMs)
      .flatMap(({ fromDay, untilDay }) => {
        const days: string[] = [];
        for (let at = dayMs(fromDay); at <= dayMs(untilDay); at += DAY_MS) days.push(dayOf(at));
        return days;
      });
  }
}

/** Whose records they were stays out: a manifest is for good. */
function erased({ id, changedMs, who, report, progress }: EraseJob): Deletion[] {
  return (report?.tables ?? progress.found)
    .filter(({ table, rows }) => table === FLOWS.name && rows > 0)
    .map(({ rows, from, until }) => ({
      rows,
      atMs: changedMs,
      fromDay: (from ?? "1970-01-01").slice(0, 10),
      untilDay: (until ?? dayOf(changedMs)).slice(0, 10),
      text: `deletion on request ${id}, asked for by ${who} (${formatCount(rows)} reports in all)`,
    }));
}

function dropped({ at, from_ms, until_ms, rows, why }: DropRow): Deletion {
  const untilMs = Number(until_ms);
  return {
    rows: Number(rows),
    atMs: Number(at),
    // `until` is later than all that was deleted.
    fromDay: dayOf(Number(from_ms)),
    untilDay: dayOf(Math.max(Number(from_ms), untilMs - 1)),
    text: `retention by ${why}, ${new Date(Number(at)).toISOString()}`,
  };
}
