/** Any filters, and values that filters and rows of tests have in common, so that conditions are met. */
import fc from "fast-check";
import { ALL, allFilters, anyFilter, type Filter, negated, type Pattern, type Value } from "./ast.ts";
import { FILTER_FIELDS, type Field } from "./fields.ts";

export const TEXTS = [
  "debian",
  "Debian 12",
  "ana@example.com",
  "a%b",
  "a_b",
  "axb",
  "a\\b",
  "a\\%b",
  'it\'s "quoted"',
  "100%",
  "bücher.example",
  "BÜCHER",
  "Анна",
  "анна",
  "ΣΊΣΥΦΟΣ",
  "σίσυφος",
  "Straße",
  "STRAẞE",
  "\u212aelvin",
  "kelvin",
  "İstanbul",
  "日本語 🦊",
  "*",
  "a*b",
  "and",
  "NULL",
  "",
  " ",
  "line\nbreak\ttab",
  "x'; DROP TABLE flows; --",
  "{f0:String}",
  "[a-z]+(.*)$^|?",
  "fd0a",
  "10.0",
] as const;

export const ADDRESSES = [
  "10.0.0.1",
  "10.0.3.4",
  "192.168.1.1",
  "203.0.113.7",
  "0.0.0.0",
  "255.255.255.255",
  "fd0a::1",
  "fd0a:0:0:1::ffff",
  "2001:db8::10",
  "::",
  "::1",
  "::1:0",
  "::102:304",
  "::ffff:0:0:1",
  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
] as const;

const RANGES = ["10.0.0.0/8", "10.0.3.0/24", "0.0.0.0/0", "192.168.1.0/31", "::/0", "::/64", "::/96", "fd0a::/16", "fd0a::/127"];
export const NUMBERS = [0, 1, 22, 53, 80, 443, 60_000, 65_535] as const;
export const COUNTERS = [0, 1, 60, 1023, 1024, 1_048_576, 300_000, 90_061_001, Number.MAX_SAFE_INTEGER] as const;
export const IDS = ["0", "1", "9007199254740993", "18446744073709551615"] as const;

const from = <T>(values: readonly T[]) => fc.constantFrom(...values);
const text = fc.oneof(
  { arbitrary: from(TEXTS), weight: 3 },
  { arbitrary: fc.string({ maxLength: 12, unit: "binary" }), weight: 1 },
);
const fragment = fc.oneof(
  from(TEXTS).chain((whole) =>
    fc
      .tuple(fc.nat(whole.length), fc.nat(whole.length))
      .map(([a, b]) => whole.slice(Math.min(a, b), Math.max(a, b)).toWellFormed()),
  ),
  from(["1", ".", "0.", ":", "::", "ffff", "E", "db8", "10.0.3.4", "10.0.0.1:443", "*", "\\", "%", "_", "'", '"'] as const),
);

const pattern: fc.Arbitrary<Pattern> = fc.oneof(
  fragment.filter((part) => part !== "").map((part) => [part]),
  fc
    .tuple(fc.oneof(fc.constant(""), fragment), fc.array(fragment, { maxLength: 2 }), fc.oneof(fc.constant(""), fragment))
    .map(([first, middle, last]) => [first, ...middle.filter((part) => part !== ""), last]),
);

function anyValueOf(field: Field): fc.Arbitrary<Value> {
  const value = given(field);
  return field.optional ? fc.oneof({ arbitrary: value, weight: 6 }, { arbitrary: fc.constant(null), weight: 1 }) : value;
}

function given(field: Field): fc.Arbitrary<Value> {
  switch (field.type) {
    case "text":
      return text;
    case "enum":
      return from(field.values);
    case "bool":
      return fc.boolean();
    case "id":
      return from(IDS);
    case "address":
      return from([...ADDRESSES, ...RANGES]);
    case "protocol":
      return fc.integer({ min: 0, max: 255 });
    case "port":
    case "number":
      return from(NUMBERS);
    case "count":
    case "size":
    case "duration":
      return from(COUNTERS);
  }
}

const isOrdered = ({ type }: Field) => ["port", "number", "count", "size", "duration"].includes(type);
const isSearched = ({ type }: Field) => ["text", "address"].includes(type);

const condition: fc.Arbitrary<Filter> = fc.oneof(
  from(FILTER_FIELDS).chain((field) =>
    fc.record({
      kind: fc.constant("is" as const),
      field: fc.constant(field.name),
      values: fc.uniqueArray(anyValueOf(field), { minLength: 1, maxLength: 4 }),
      not: fc.boolean(),
    }),
  ),
  from(FILTER_FIELDS.filter(isOrdered)).chain((field) =>
    fc.record({
      kind: fc.constant("order" as const),
      field: fc.constant(field.name),
      op: from(["<", "<=", ">", ">="] as const),
      value: given(field).map(Number),
    }),
  ),
  from(FILTER_FIELDS.filter(isSearched)).chain(({ name }) =>
    fc.record({ kind: fc.constant("like" as const), field: fc.constant(name), pattern, not: fc.boolean() }),
  ),
  fc.record({ kind: fc.constant("text" as const), pattern }),
);

const nested: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    condition,
    fc.array(tie("filter"), { minLength: 2, maxLength: 3 }).map(allFilters),
    fc.array(tie("filter"), { minLength: 2, maxLength: 3 }).map(anyFilter),
    tie("filter").map(negated),
  ),
})).filter;

/** Any filter that the parser can make. */
export const filterArbitrary: fc.Arbitrary<Filter> = fc.oneof(
  { arbitrary: nested, weight: 20 },
  { arbitrary: fc.constant(ALL), weight: 1 },
);
