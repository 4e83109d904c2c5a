/** Sums of traffic by group in one window: what most watchers ask. */
import { allFilters, type ColumnName, type Filter, FlowtrailError } from "@flowtrail/model";
import { columnIs, mentions } from "../query/filters.ts";
import type { Inquiry } from "../query/inquiry.ts";
import { type GroupField, groupField, groupValue } from "../query/traffic/fields.ts";
import type { TrafficSources } from "../query/traffic/plan.ts";
import type { TrafficMeasure } from "../query/traffic/question.ts";
import { Traffic, type TrafficDeps } from "../query/traffic/traffic.ts";
import { groupName, measureName } from "../query/traffic/traffic-sql.ts";
import { SAMPLE_NETWORK } from "../receive/check.ts";
import type { Group, GroupsQuestion } from "./watcher.ts";

export type AlertErrorData =
  | { code: "BAD_RULE"; field: string }
  /** Of a file: all that is wrong, with the lines. */
  | {
      code: "BAD_RULES";
      problems: readonly { readonly line: number | null; readonly path: string; readonly message: string }[];
    }
  /** It can only be changed where it is. */
  | { code: "RULE_OF_FILE"; id: string };
export class AlertError extends FlowtrailError<AlertErrorData> {}

const MEASURES: readonly TrafficMeasure[] = ["reports", "connections", "bytes", "packets"];

type Row = Readonly<Record<string, string | number | boolean | null>>;

/** Sample traffic is nobody's, unless it is asked for. */
export function withoutSample(filter: Filter): Filter {
  return mentions(filter, "network", SAMPLE_NETWORK) ? filter : allFilters([filter, columnIs("network", [SAMPLE_NETWORK], true)]);
}

/** @throws AlertError BAD_RULE */
export function fieldOf(name: string): GroupField {
  const field = groupField(name);
  if (typeof field === "string") throw new AlertError({ code: "BAD_RULE", field: name }, field);
  return field;
}

export class TrafficGroups {
  readonly #traffic: Traffic;
  /** Where rollups tell several values as one. */
  readonly #byRows: Traffic;

  constructor(deps: Pick<TrafficDeps, "heard" | "sources">) {
    this.#traffic = new Traffic(deps);
    this.#byRows = new Traffic({ heard: deps.heard, sources: rowsOnly(deps.sources) });
  }

  /** @throws QuestionError, StoreError, AlertError */
  async ask(question: GroupsQuestion, inquiry: Inquiry): Promise<readonly Group[]> {
    const { by, distinct, window, least = {}, limit } = question;
    const fields = by.map(fieldOf);
    const all = distinct === undefined ? fields : [...fields, fieldOf(distinct)];
    const measures = question.measures.length === 0 ? (["reports"] as const) : question.measures;
    const traffic = all.some(({ needs }) => needs.some(isFolded)) ? this.#byRows : this.#traffic;
    const filter = withoutSample(question.filter);
    const plan = traffic.plan({ filter, groups: all, measures, range: window, stepMs: null });
    const names = fields.map((_, i) => groupName(i));
    const counted = `uniqExactIf(${groupName(fields.length)}, ${measures.map((one) => `${measureName(one)} > 0`).join(" OR ")})`;
    const sums = [
      ...measures.map((measure) => `sum(${measureName(measure)}) AS s_${measure}`),
      ...(distinct === undefined ? [] : [`${counted} AS s_distinct`]),
    ];
    const bounds = Object.entries(least).filter(([name]) => measures.includes(name as TrafficMeasure) || name === "distinct");
    const having = bounds.map(([name]) => `s_${name} >= {least_${name}:Float64}`).join(" OR ");
    const first = distinct === undefined ? `s_${measures[0]}` : "s_distinct";
    const statement = (subquery: string) =>
      `SELECT ${[...names, ...sums].join(", ")} FROM (${subquery}) ${names.length === 0 ? "" : `GROUP BY ${names.join(", ")} `}` +
      `${having === "" ? "" : `HAVING ${having} `}ORDER BY ${[`${first} DESC`, ...names].join(", ")} LIMIT {limit:UInt32}`;
    const bindings = { limit, ...Object.fromEntries(bounds.map(([name, value]) => [`least_${name}`, value])) };
    const rows = await traffic.rows<Row>(plan, inquiry, statement, bindings);
    return rows.map((row) => ({
      values: fields.map((field, i) => groupValue(field, row[groupName(i)] ?? null, plan.folded)),
      sums: Object.fromEntries(
        [...MEASURES, "distinct" as const].map((name) => [name, Number(row[`s_${name}`] ?? 0)]),
      ) as Group["sums"],
    }));
  }
}

/** Rollups tell high ports of destinations as one. */
const isFolded = (name: ColumnName) => name === "dst_port";

function rowsOnly(sources: TrafficSources): TrafficSources {
  return {
    throughMs: () => 0,
    rollupFromMs: (rollup) => sources.rollupFromMs(rollup),
    deltasFromMs: () => sources.deltasFromMs(),
    flowsFromMs: () => sources.flowsFromMs(),
  };
}
