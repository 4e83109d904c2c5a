/** The largest groups of what a plan yields. Statements over its subquery; groups are told apart by their keys. */
import type { RankedBy, TrafficQuestion } from "./question.ts";
import { groupName, hashSql, KEYS, keysSql, measureName, PLACE, wholeKey } from "./traffic-sql.ts";

type Divided = Pick<TrafficQuestion, "groups" | "measures">;

const STEPS = "groupArray(step) AS at, groupArray(v) AS added";

/** What stands before the sum in the order of groups. */
const RANKS: Readonly<Record<RankedBy["kind"], string>> = {
  max: "max(v) DESC, ",
  last: "sumIf(v, step = {ranked:Int64}) DESC, ",
  // Steps without any are not among them: a place behind the last one is 0.
  p95: "arrayReverseSort(added)[{ranked:Int64} + 1] DESC, ",
};

/** The number that `RANKS` speaks of. */
export function rankBindings(rank: RankedBy | undefined): Readonly<Record<string, number>> {
  if (rank === undefined || rank.kind === "max") return {};
  return { ranked: rank.kind === "last" ? rank.step : rank.above };
}

/** Each group with its steps, and all together as one more row, which stands first: in one pass. */
export function atOnceSql(subquery: string, question: Divided, rank?: RankedBy): string {
  const names = namesOf(question);
  const sum = `sum(${measureOf(question)})`;
  if (names.length === 0) {
    const cells = `SELECT step, ${sum} AS v FROM (${subquery}) GROUP BY step`;
    return `SELECT 1 AS total, sum(v) AS sum, ${STEPS}, 1 AS found FROM (${cells}) HAVING sum > 0 LIMIT {limit:UInt32}`;
  }
  const all = names.join(", ");
  const cells =
    `SELECT toUInt8(grouping(${names[0]})) AS total, step, ${all}, ${sum} AS v ` +
    `FROM (${subquery}) GROUP BY GROUPING SETS ((step, ${all}), (step))`;
  return (
    `SELECT total, toString(${wholeKey(...keysSql(names.map((name) => hashSql(name))))}) AS key, ${all}, sum(v) AS sum, ${STEPS}, count() OVER () AS found FROM (${cells}) ` +
    `GROUP BY ${all}, total HAVING sum > 0 ORDER BY total DESC, ${rank === undefined ? "" : RANKS[rank.kind]}sum DESC, ${all} LIMIT {limit:UInt32}`
  );
}

/** Keys of the largest, without their steps. */
export function largestSql(subquery: string, question: Divided): string {
  return (
    `SELECT toString(${wholeKey(...KEYS)}) AS key, sum(${measureOf(question)}) AS sum, count() OVER () AS found FROM (${subquery}) ` +
    `GROUP BY ${KEYS.join(", ")} HAVING sum > 0 ORDER BY sum DESC, key LIMIT {limit:UInt32}`
  );
}

/** Chosen groups with their steps, by their place, and all others together. */
export function chosenSql(subquery: string, question: Divided, isNamed: boolean): string {
  const names = isNamed ? namesOf(question) : [];
  const values = names.map((name) => `any(${name}) AS c_${name}, `).join("");
  const cells = `SELECT step, ${PLACE}, ${values}sum(${measureOf(question)}) AS v FROM (${subquery}) GROUP BY step, ${PLACE}`;
  const told = names.map((name) => `any(c_${name}) AS ${name}, `).join("");
  return `SELECT ${PLACE}, ${told}${STEPS} FROM (${cells}) GROUP BY ${PLACE}`;
}

function namesOf({ groups }: Divided): string[] {
  return groups.map((_, i) => groupName(i));
}

function measureOf({ measures }: Divided): string {
  return measureName(measures[0] ?? "bytes");
}
