/** `?protocol=tcp&protocol=udp&src_type=user`: conditions as parameters of their own, as the API takes them and as links once said them. */
import { allFilters, COLUMN_LIST, type Filter, filterField, printFilter, readValues, type Value } from "@flowtrail/model";
import { readFilter } from "./asked.ts";

const COLUMNS = COLUMN_LIST.filter(({ filterable, name }) => filterable && name !== "network").map(({ name }) => name);

/** The same question with all of it in `q=`; null: it is there already. What a column cannot hold is left out: rather more rows than none. */
export function columnsInQuery(params: URLSearchParams): URLSearchParams | null {
  const network = params.getAll("network");
  const named = COLUMNS.filter((name) => params.has(name));
  if (named.length === 0 && network.length === 0) return null;
  const rest = new URLSearchParams([...params].filter(([name]) => name !== "network" && !named.some((own) => own === name)));
  if (network.length === 1 && !rest.has("net")) rest.set("net", network[0] ?? "");
  const filters = named.flatMap((name) => condition(name, params.getAll(name)));
  if (network.length > 1) filters.push(...condition("network", network));
  const asked = rest.get("q") ?? "";
  const filter = readFilter(asked);
  // A query with a mistake stays as it was written, to be corrected.
  if (filter instanceof Error || filters.length === 0) return rest;
  rest.set("q", printFilter(allFilters([filter, ...filters])));
  return rest;
}

/** Of several values of a column any one. */
function condition(name: string, texts: readonly string[]): Filter[] {
  const field = filterField(name);
  if (field === null) return [];
  const values = texts.flatMap((text): readonly Value[] => {
    if (text === "") return [null];
    const read = readValues(field, text) ?? [];
    // To people it is one protocol: links of earlier versions meant both.
    return name === "protocol" && text.toLowerCase() === "icmp" ? [...read, ...(readValues(field, "icmpv6") ?? [])] : read;
  });
  return values.length === 0 ? [] : [{ kind: "is", field: field.name, values: [...new Set(values)], not: false }];
}
