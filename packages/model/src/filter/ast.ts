/** What a filter means, free of its spelling. Plain data: equal filters are deeply equal, and JSON carries them. */

export type Filter =
  /** Every row. */
  | { readonly kind: "all" }
  | { readonly kind: "and" | "or"; readonly parts: readonly Filter[] }
  | { readonly kind: "not"; readonly part: Filter }
  | Condition;

export type Condition = Is | Order | Like | FreeText;

/** Any of the values; `not`: none of them. A null among the values: the row has no value. */
export interface Is {
  readonly kind: "is";
  /** Name of a field (fields.ts). */
  readonly field: string;
  readonly values: readonly Value[];
  readonly not: boolean;
}

export interface Order {
  readonly kind: "order";
  readonly field: string;
  readonly op: "<" | "<=" | ">" | ">=";
  /** Bytes, milliseconds or a plain number. */
  readonly value: number;
}

export interface Like {
  readonly kind: "like";
  readonly field: string;
  readonly pattern: Pattern;
  readonly not: boolean;
}

/** Names, domains and addresses of either end that fit. */
export interface FreeText {
  readonly kind: "text";
  readonly pattern: Pattern;
}

/**
 * As `GET /api/flows` tells it: text, id and enum word as string; address as string, or a range `10.0.0.0/8`; true and false;
 * protocol, port, bytes, milliseconds as number.
 */
export type Value = string | number | boolean | null;

/** What stands between the wildcards. One part: the text contains it. More: it begins with the first, ends with the last, and holds the others in this order. */
export type Pattern = readonly string[];

export const ALL: Filter = { kind: "all" };

/** Rows that pass all of them. */
export function allFilters(filters: readonly Filter[]): Filter {
  return joined(
    "and",
    filters.filter(({ kind }) => kind !== "all"),
  );
}

/** Rows that pass any of them. */
export function anyFilter(filters: readonly Filter[]): Filter {
  return filters.some(({ kind }) => kind === "all") ? ALL : joined("or", filters);
}

function joined(kind: "and" | "or", filters: readonly Filter[]): Filter {
  const parts = filters.flatMap((filter) => (filter.kind === kind ? filter.parts : [filter]));
  return parts.length === 1 ? (parts[0] as Filter) : parts.length === 0 ? ALL : { kind, parts };
}

/** Exactly the rows that do not pass it. */
export function negated(filter: Filter): Filter {
  if (filter.kind === "not") return filter.part;
  if (filter.kind === "is" || filter.kind === "like") return { ...filter, not: !filter.not };
  return { kind: "not", part: filter };
}

/** The conditions of a filter, from left to right. */
export function* conditionsOf(filter: Filter): Generator<Condition> {
  switch (filter.kind) {
    case "and":
    case "or":
      for (const part of filter.parts) yield* conditionsOf(part);
      return;
    case "not":
      return yield* conditionsOf(filter.part);
    case "all":
      return;
    default:
      yield filter;
  }
}
