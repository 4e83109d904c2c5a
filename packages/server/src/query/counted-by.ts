/** What of a filter rollups can count. */
import { allFilters, conditionsOf, type Filter } from "@flowtrail/model";

export interface CountedBy {
  /** What remains to be asked of the rollup. */
  readonly filter: Filter;
  readonly measure: "connections" | "reports";
}

/** Rollups count primary reports, and all of them: null if the filter says more about it than that. */
export function countedBy(filter: Filter): CountedBy | null {
  const parts = filter.kind === "and" ? filter.parts : [filter];
  const isPrimary = (part: Filter) =>
    part.kind === "is" && part.field === "primary" && !part.not && part.values.every((value) => value === true);
  const rest = allFilters(parts.filter((part) => !isPrimary(part)));
  const saysMore = [...conditionsOf(rest)].some((condition) => condition.kind !== "text" && condition.field === "primary");
  return saysMore ? null : { filter: rest, measure: parts.some(isPrimary) ? "connections" : "reports" };
}
