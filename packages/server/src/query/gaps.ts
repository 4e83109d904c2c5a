/** Which of the times without reports a chart is to show. */
import { conditionsOf, type Filter, filterTest } from "@flowtrail/model";

/** Somebody who should have reported did not, ms since 1970. */
export interface Gap {
  readonly reporterId: string;
  readonly reporter: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** More could not be told apart. */
const MOST_GAPS = 500;

/** Those of reporters that a filter does not leave out; of too many the longest. In order of time. */
export function gapsFor(filter: Filter, gaps: readonly Gap[]): { gaps: Gap[]; partial: boolean } {
  const parts = filter.kind === "and" ? filter.parts : [filter];
  const tests = parts.filter(isOfReporter).map((part) => filterTest(part));
  const passing = gaps.filter(({ reporter, reporterId }) =>
    tests.every((passes) => passes({ reporter, reporter_id: reporterId })),
  );
  if (passing.length <= MOST_GAPS) return { gaps: passing, partial: false };
  const longest = passing.toSorted((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs)).slice(0, MOST_GAPS);
  return { gaps: longest.sort((a, b) => a.fromMs - b.fromMs), partial: true };
}

function isOfReporter(filter: Filter): boolean {
  const conditions = [...conditionsOf(filter)];
  return (
    conditions.length > 0 &&
    conditions.every(
      (condition) => condition.kind !== "text" && (condition.field === "reporter" || condition.field === "reporter_id"),
    )
  );
}
