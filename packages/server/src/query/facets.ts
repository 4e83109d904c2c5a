/** `GET /api/flows/facets`: of each field the values that most flows of a list have. */
import {
  allFilters,
  conditionsOf,
  type Field,
  type Filter,
  formatAddress,
  parseAddress,
  type TimeRange,
  type Value,
} from "@flowtrail/model";
import { type ComputedSet, type CountedText, computedQuestion, computedSet, countedColumn } from "./facets-computed.ts";
import { operandSql } from "./filter-sql.ts";
import type { KnownDeps } from "./flow-list-known.ts";
import { type Heard, passesNothing } from "./flow-set.ts";
import { countedFlows } from "./flow-set-sample.ts";
import { type FlowSet, flowSetSql, SET_SETTINGS, wholeSet } from "./flow-set-sql.ts";
import type { Inquiry, Question } from "./inquiry.ts";
import { withKnownTexts } from "./known-texts.ts";
import type { Narrowed } from "./narrowed.ts";
import type { TrafficSources } from "./traffic/plan.ts";

/** Rows that are looked at one by one, for each group of fields that share a filter: about a second. */
export const MOST_LOOKED_AT = 10_000_000;
/** Of the others, each value would be met once. */
const COUNTED = new Set<Field["type"]>(["text", "enum", "bool", "address", "protocol", "port", "number"]);

export interface FacetQuestion {
  readonly range: TimeRange;
  /** What was asked for: of it, what is about a field itself is left out where the values of this field are counted. */
  readonly asked: Filter;
  /** What a flow must pass in any case. */
  readonly always: Narrowed;
  readonly fields: readonly Field[];
  /** Values of a field. */
  readonly limit: number;
}

export interface FacetValue {
  readonly value: Value;
  /** Flows. */
  readonly count: number;
}

export interface Facets {
  /** By the name of the field. Those that most flows have come first. */
  readonly values: ReadonlyMap<string, readonly FacetValue[]>;
  /** Fields that have more values. */
  readonly more: readonly string[];
  readonly exact: boolean;
  /** How it was estimated, for people. */
  readonly note: string | null;
}

/** May its values be counted? */
export function hasFacet(field: Field): boolean {
  return COUNTED.has(field.type);
}

/** What remains of a filter where a field's own values are counted: parts of it that must all be met and are about this field only go. */
export function withoutOwn(filter: Filter, field: Field): Filter {
  const isOwn = (part: Filter) => {
    const conditions = [...conditionsOf(part)];
    return conditions.length > 0 && conditions.every((condition) => condition.kind !== "text" && condition.field === field.name);
  };
  return allFilters((filter.kind === "and" ? filter.parts : [filter]).filter((part) => !isOwn(part)));
}

export interface FacetDeps {
  readonly heard: Heard;
  readonly sources: TrafficSources;
  /** Left out: no values are counted. */
  readonly known?: KnownDeps;
}

interface Row {
  readonly g: string;
  readonly n: number;
  readonly [value: string]: string | number | boolean | null;
}

interface Told {
  readonly fields: readonly { readonly field: Field; readonly told: readonly FacetValue[]; readonly more: boolean }[];
  /** How it was estimated. */
  readonly note: string | null;
}

export class FlowFacets {
  readonly #deps: FacetDeps;
  readonly #mostRows: number;

  constructor(deps: FacetDeps, mostRows = MOST_LOOKED_AT) {
    this.#deps = deps;
    this.#mostRows = mostRows;
  }

  /** @throws StoreError, QuestionError */
  async facets({ range, asked, always, fields, limit }: FacetQuestion, inquiry: Inquiry): Promise<Facets> {
    const values = new Map<string, readonly FacetValue[]>();
    const more: string[] = [];
    const notes = new Set<string>();
    const add = ({ fields: some, note }: Told) => {
      for (const { field, told, more: isCut } of some) {
        values.set(field.name, told);
        if (isCut) more.push(field.name);
      }
      if (note !== null) notes.add(note);
    };
    for (const { fields: some, filter } of groups(fields, asked)) {
      const all = await withKnownTexts(allFilters([filter, always]), range, this.#deps.known, inquiry);
      if (passesNothing(all)) {
        add({ fields: some.map((field) => ({ field, told: [], more: false })), note: null });
        continue;
      }
      const computed = computedSet(range, all, this.#deps.sources);
      const counted = computed === null ? [] : some.filter((field) => countedColumn(field) !== null);
      const others = some.filter((field) => !counted.includes(field));
      if (computed !== null && counted.length > 0) add(await this.#computed(computed, counted, limit, inquiry));
      if (others.length > 0) add(await this.#fromRows(wholeSet(range, all), others, limit, inquiry));
    }
    return { values, more, exact: notes.size === 0, note: [...notes].join("; ") || null };
  }

  async #computed(set: ComputedSet, fields: readonly Field[], limit: number, inquiry: Inquiry): Promise<Told> {
    const columns = fields.flatMap((field) => countedColumn(field) ?? []);
    // One more, to see whether there are more, and one that stands for many ports.
    const rows = await inquiry.rows<CountedText>(computedQuestion(set, columns, limit + 2, this.#deps.heard));
    const all = fields.map((field, i) => {
      const own = rows.filter((row) => row.field === columns[i]?.name);
      const kept = field.type === "port" ? own.filter(({ value }) => value !== "0") : own;
      const told = kept.slice(0, limit).map(({ value, flows }) => ({ value: textValue(field, value), count: Number(flows) }));
      return { field, told, more: own.length > told.length };
    });
    return { fields: all, note: null };
  }

  async #fromRows(set: FlowSet, fields: readonly Field[], limit: number, inquiry: Inquiry): Promise<Told> {
    const question = (part: FlowSet, weight: number) => this.#question(part, fields, weight, limit + 1);
    const { rows, sample } = await countedFlows<Row>(set, question, this.#mostRows, inquiry);
    const all = fields.map((field, i) => {
      const own = rows.filter(({ g }) => Number(g) === groupingOf(i, fields.length));
      const told = own.slice(0, limit).map((row) => ({ value: apiValue(field, row[`c${i}`] ?? null), count: Math.round(row.n) }));
      return { field, told, more: own.length > limit };
    });
    return { fields: all, note: sample?.note ?? null };
  }

  #question(set: FlowSet, fields: readonly Field[], weight: number, limit: number): Question {
    const names = fields.map((_, i) => `c${i}`).join(", ");
    const { text, bindings } = flowSetSql(set, this.#deps.heard, (state, name) =>
      [...fields.map((field, i) => `${valueSql(field, state)} AS c${i}`), `${name === "begun" ? weight : 1} AS weight`].join(
        ", ",
      ),
    );
    const sets = fields.map((_, i) => `(c${i})`).join(", ");
    return {
      table: "flows",
      sql:
        `SELECT grouping(${names}) AS g, ${names}, toFloat64(${weight === 1 ? "count()" : "sum(weight)"}) AS n FROM (${text}) ` +
        `GROUP BY GROUPING SETS (${sets}) ORDER BY g, n DESC, ${names} LIMIT {limit:UInt32} BY g`,
      bindings: { ...bindings, limit },
      options: { settings: SET_SETTINGS },
    };
  }
}

/** ClickHouse sets the bit of each column that a row is not grouped by; the first column has the highest one. */
function groupingOf(i: number, columns: number): number {
  return 2 ** columns - 1 - 2 ** (columns - 1 - i);
}

/** Fields that are counted by one question: those for which the same remains of the filter. One of either end is one for itself: a flow may count twice. */
function groups(fields: readonly Field[], asked: Filter): { fields: readonly Field[]; filter: Filter }[] {
  const groups = new Map<string, { fields: Field[]; filter: Filter }>();
  for (const field of fields) {
    const filter = withoutOwn(asked, field);
    const key = JSON.stringify([filter, field.operands.length > 1 ? field.name : ""]);
    const group = groups.get(key) ?? { fields: [], filter };
    group.fields.push(field);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function valueSql({ operands }: Field, state: string): string {
  const [a, b] = operands.map((operand) => operandSql(operand, { state }));
  return b === undefined ? `${a}` : `arrayJoin(if(${a} IS NOT DISTINCT FROM ${b}, [${a}], [${a}, ${b}]))`;
}

/** As the API tells it. */
function apiValue(field: Field, stored: string | number | boolean | null): Value {
  if (stored === null || field.type !== "address") return stored;
  return formatAddress(parseAddress(String(stored)) ?? new Uint8Array(16));
}

/** As the API tells what the store writes as a text. */
function textValue({ type }: Field, text: string | null): Value {
  return text !== null && (type === "port" || type === "protocol" || type === "number") ? Number(text) : text;
}
