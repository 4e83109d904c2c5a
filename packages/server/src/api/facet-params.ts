/** The parameters of a question about facets → what the query needs. */
import {
  allFilters,
  expectedValues,
  FIELD_NAMES,
  FILTER_FIELDS,
  type Field,
  type Filter,
  filterField,
  nearest,
  type ParticipantType,
  readValues,
  type TimeRange,
  type Value,
} from "@flowtrail/model";
import { QueryError } from "../query/errors.ts";
import { type FacetQuestion, hasFacet } from "../query/facets.ts";
import { further, type Narrowed } from "../query/narrowed.ts";
import type { Asker } from "./ask.ts";
import { askedFilter } from "./flow-params.ts";

/** What the page shows beside its list. */
export const DEFAULT_FACETS =
  "network,reporter,src.name,dst.name,domain,dst.port,proto,direction,src.type,dst.type,verdict,state,end_reason";
const MOST_FACETS = 20;
const FACET_FIELDS = FILTER_FIELDS.filter(hasFacet);

/** @returns with the names of the fields as they were asked for @throws QueryError, FilterError */
export function facetQuestionOf(
  asker: Asker,
  parameters: Parameters<typeof askedFilter>[1] & { readonly fields: string; readonly limit: number },
  range: TimeRange,
): FacetQuestion & { readonly names: ReadonlyMap<string, Field> } {
  const asked = [...new Set(parameters.fields.split(",").map((name) => name.trim()))].filter((name) => name !== "");
  const problem = (message: string) => new QueryError([{ parameter: "fields", message }]);
  if (asked.length > MOST_FACETS) throw problem(`at most ${MOST_FACETS} fields`);
  const names = new Map(asked.map((name) => [name, fieldOf(name, problem)]));
  const { asked: filter, always } = askedFilter(asker, parameters);
  return { range, asked: filter, always, fields: [...new Set(names.values())], limit: parameters.limit, names };
}

type Problem = (message: string) => QueryError;

function fieldOf(name: string, problem: Problem): Field {
  const field = knownFieldOf(name, problem);
  if (hasFacet(field)) return field;
  throw problem(`the values of ${field.name} are not counted: most flows have one of their own`);
}

function knownFieldOf(name: string, problem: Problem): Field {
  const field = filterField(name);
  if (field !== null) return field;
  const near = nearest(name, FIELD_NAMES);
  const known = near === null ? `there are ${FACET_FIELDS.map((one) => one.name).join(", ")}` : `did you mean ${near}?`;
  throw problem(`unknown field ${JSON.stringify(name.slice(0, 80))}, ${known}`);
}

/** What `GET /api/flows/seen` asks for: all reports that have a value. @throws QueryError */
export function seenFilterOf(
  asker: Asker,
  {
    by,
    value,
    type,
    network,
  }: {
    by: string;
    value: string;
    type?: ParticipantType | undefined;
    network?: string | string[] | undefined;
  },
): Narrowed {
  const field = knownFieldOf(by, (message) => new QueryError([{ parameter: "by", message }]));
  const values = readValues(field, value);
  if (values === null) {
    const message = `expected ${expectedValues(field).join(", ")}, got ${JSON.stringify(value.slice(0, 80))}`;
    throw new QueryError([{ parameter: "value", message }]);
  }
  if (type !== undefined && field.name !== "name")
    throw new QueryError([{ parameter: "type", message: "goes with by=name alone" }]);
  const is = (name: string, values: readonly Value[]): Filter => ({ kind: "is", field: name, values, not: false });
  const at = (end: string) => allFilters([is(`${end}.name`, values), is(`${end}.type`, [type ?? null])]);
  const has: Filter = type === undefined ? is(field.name, values) : { kind: "or", parts: [at("src"), at("dst")] };
  const wantsSample = field.name === "network" ? { network: value } : {};
  const { asked, always } = askedFilter(asker, network === undefined ? wantsSample : { network });
  return further(always, allFilters([has, asked]));
}
