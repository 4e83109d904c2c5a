/** What is made of an answer: series, shares, ways from column to column, rows behind it, a file, words. */
import { expect, it } from "vitest";
import type { AnalyzeAnswer, GroupFigures, PlanAnswer } from "../../lib/types-analyze.ts";
import { COSTLY_ROWS, refetchMs } from "../histogram/refetch.ts";
import { csvOf } from "./csv.ts";
import { beforeOf, groupChart, sharesOf } from "./group-series.ts";
import { rowsParams } from "./open-rows.ts";
import { isCostly, rowsWords, sourceWords } from "./plan-words.ts";
import { queryOfGroup, queryOfOther } from "./rows-behind.ts";
import { sankeyLinks } from "./sankey-links.ts";

const figures = (value: number | string, series: (number | string)[], before: number[]): GroupFigures => ({
  ...{ value, share: 0.5, avg: 1, min: 0, max: 3, p95: 2, last: 1 },
  ...{ previous: 7, series, previous_series: before },
});

const ANSWER: AnalyzeAnswer = {
  rows: [
    { by: ["tcp", "443"], ...figures("9007199254740993", [1, 3], [2, 0]) },
    { by: ["tcp", null], ...figures(20, [0, 0], [0, 0]) },
    { by: ["udp", "443"], ...figures(10, [1, 0], [1, 1]) },
  ],
  other: { groups: 2, ...figures(5, [2, 0], [0, 4]) },
  total: 40,
  step_ms: 60_000,
  from: "2026-11-22T09:00:00.000Z",
  estimated: false,
  meta: { table: "flows", rows_read: 1, elapsed_ms: 1, partial: false },
};
const BY = ["protocol", "dst.port"];

it("series are named by all their values, the others at the end; no two have a colour", () => {
  const { series, steps } = groupChart(ANSWER, BY);
  expect(series.map(({ label }) => label)).toEqual(["TCP · 443 (https)", "TCP · none", "UDP · 443 (https)", "Other"]);
  expect(steps).toEqual({ fromMs: Date.parse(ANSWER.from), stepMs: 60_000, count: 2 });
  expect(new Set(series.map(({ color }) => color)).size).toBe(4);
  expect(beforeOf(series, 2)).toEqual([3, 5]);
  expect(groupChart({ ...ANSWER, other: { ...ANSWER.other, groups: 0 } }, BY).series).toHaveLength(3);
});

it("shares of a step add up to all of it; of a step without anything they are nothing", () => {
  const shares = sharesOf(groupChart(ANSWER, BY).series, 2).map(({ values }) => values);
  expect(shares).toEqual([
    [25, 100],
    [0, 0],
    [25, 0],
    [50, 0],
  ]);
  expect(sharesOf([{ key: "a", label: "a", color: "", values: [0] }], 1)[0]?.values).toEqual([0]);
});

it("groups become ways through columns: what goes in comes out, exactly", () => {
  const { nodes, links } = sankeyLinks(ANSWER.rows, BY);
  expect(nodes.map(({ column, label, value }) => [column, label, value])).toEqual([
    [0, "TCP", "9007199254741013"],
    [1, "443 (https)", "9007199254741003"],
    [1, "none", 20],
    [0, "UDP", 10],
  ]);
  expect(links.map(({ source, target, value }) => [source, target, value])).toEqual([
    ['0:"tcp"', '1:"443"', "9007199254740993"],
    ['0:"tcp"', "1:null", 20],
    ['0:"udp"', '1:"443"', 10],
  ]);
  expect(links[2]?.ends).toEqual({ fields: BY, by: ["udp", "443"] });
  // The same value in two columns is no way back.
  expect(
    sankeyLinks([{ ...ANSWER.rows[0], by: ["a", "a"] } as AnalyzeAnswer["rows"][number]], ["src.name", "dst.name"]).nodes,
  ).toHaveLength(2);
});

it("rows behind a group are asked for by exactly its values, beside what was asked before", () => {
  expect(queryOfGroup("src.name=ana and protocol in (tcp,udp)", BY, ["tcp", "443"])).toBe(
    "src.name=ana and protocol=tcp and dst.port=443",
  );
  expect(queryOfGroup("", BY, ["tcp", null])).toBe("protocol=tcp and dst.port=null");
  expect(queryOfGroup("protocol=udp", ["dst.port"], [">32767"])).toBe("dst.port>32767 and protocol=udp");
  expect(queryOfOther("", ["protocol"], [["tcp"], ["udp"]])).toBe("protocol not in (tcp, udp)");
  expect([queryOfOther("", BY, []), queryOfOther("", ["dst.port"], [[">32767"]])]).toEqual([null, null]);
  const asked = { network: "prod", window: { from: "-7d", to: "now" }, q: "" };
  const params = rowsParams(asked, { metric: "reports" }, "protocol=tcp", { fromMs: 0, toMs: 60_000 });
  expect(Object.fromEntries(params)).toEqual({
    ...{ net: "prod", from: "1970-01-01T00:00:00Z", to: "1970-01-01T00:01:00Z" },
    ...{ q: "protocol=tcp", reports: "all" },
  });
});

it("the file has what the table has; no text is a formula", () => {
  const [row] = ANSWER.rows;
  if (row === undefined) throw new TypeError("no row");
  const text = csvOf({ ...ANSWER, rows: [{ ...row, by: ['=a"b', null] }] }, BY, "bytes");
  expect(text.split("\r\n")).toEqual([
    "protocol,dst.port,bytes,share,avg_per_s,min_per_s,p95_per_s,max_per_s,last_per_s,previous_bytes",
    `"'=a""b",,9007199254740993,0.5,1,0,2,3,1,7`,
    "Other (2),,5,0.5,1,0,2,3,1,7",
    "",
  ]);
});

it("a plan says where the answer comes from, and which dimension is to blame", () => {
  const answer: PlanAnswer = {
    ...{ sources: [{ table: "flow_deltas", ms: 100 }], rows_ms: 604_800_000, known: false, forced_by: ["src.ip"] },
    ...{ step_ms: 3_600_000, estimated: false, partial: false },
  };
  const plan = { answer, rows: 12_400_000, previous: false, of: "" };
  expect(sourceWords(answer)).toBe("counters over time, steps of 1 h");
  expect(rowsWords(plan)).toBe("No rollup has Source address with the rest: 7 d of single flows are read, about 12.4M rows.");
  expect(rowsWords({ ...plan, answer: { ...answer, known: true } })).toMatch(/^No rollup has all of this time in steps of 1 h:/);
  expect(rowsWords({ ...plan, previous: true })).toContain("7 d of single flows are read, and as much of the time before, about");
  expect([rowsWords({ ...plan, rows: null }), rowsWords({ ...plan, rows: 5500 })]).toEqual([null, null]);
  expect([isCostly(plan), isCostly({ rows: COSTLY_ROWS }), isCostly({ rows: null })]).toEqual([true, false, false]);
});

it("what is costly is not asked again by itself", () => {
  const [live, nowMs] = [{ from: "-1h", to: "now" }, Date.parse("2026-11-22T09:00:00Z")];
  expect([refetchMs(live, nowMs), refetchMs(live, nowMs, COSTLY_ROWS)]).toEqual([10_000, 10_000]);
  expect(refetchMs(live, nowMs, COSTLY_ROWS + 1)).toBe(false);
});
