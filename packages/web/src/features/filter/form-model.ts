/** What the Filter dialog shows of a query, and what it makes of it. Whatever it cannot show stays as it is. */
import {
  anyFilter,
  type Filter,
  filterField,
  isIcmp,
  parseAddress,
  parseCidr,
  printFilter,
  protocolNumber,
  readValues,
  type Value,
} from "@flowtrail/model";
import { editParts, partsOf } from "../../lib/filter-edit-parts.ts";

/** The criteria, in the order in which they are shown. Several values of one mean any of them. */
export const CRITERIA = [
  "protocol",
  "direction",
  "src",
  "src.type",
  "dst",
  "dst.type",
  "reporter",
  "dst.port",
  "verdict",
  "state",
] as const;
export type Criterion = (typeof CRITERIA)[number];
export type Choices = Readonly<Record<Criterion, readonly string[]>>;

export const NO_CHOICES: Choices = {
  protocol: [],
  direction: [],
  src: [],
  "src.type": [],
  dst: [],
  "dst.type": [],
  reporter: [],
  "dst.port": [],
  verdict: [],
  state: [],
};

export interface ShownForm {
  readonly choices: Choices;
  /** Conditions that only the query bar shows. */
  readonly others: number;
}

/** What is chosen, as far as criteria can say it. */
export function readForm(q: string): ShownForm {
  const choices: Record<Criterion, readonly string[]> = { ...NO_CHOICES };
  let others = 0;
  for (const part of partsOf(q)) {
    const shown = shownAs(part);
    if (shown !== null && choices[shown.criterion].length === 0) choices[shown.criterion] = shown.values;
    else others++;
  }
  return { choices, others };
}

/** The query with other choices: each in the place of what it was before, new ones at the end. */
export function writeForm(q: string, choices: Choices): string {
  return editParts(q, (parts) => {
    const written = new Set<Criterion>();
    const kept = parts.flatMap((part): Filter[] => {
      const shown = shownAs(part);
      if (shown === null || written.has(shown.criterion)) return [part];
      written.add(shown.criterion);
      return filterOf(shown.criterion, choices[shown.criterion]);
    });
    return [...kept, ...CRITERIA.filter((one) => !written.has(one)).flatMap((one) => filterOf(one, choices[one]))];
  });
}

/** Can it be a value of the criterion? */
export function isChoice(criterion: Criterion, text: string): boolean {
  return filterOf(criterion, [text]).length > 0;
}

/** The criterion that says just this, with its values; null: none does. */
function shownAs(part: Filter): { criterion: Criterion; values: readonly string[] } | null {
  for (const criterion of CRITERIA) {
    const values = valuesIn(criterion, part);
    if (values === null || values.length === 0) continue;
    const [again] = filterOf(criterion, values);
    if (again !== undefined && printFilter(again) === printFilter(part)) return { criterion, values };
  }
  return null;
}

function valuesIn(criterion: Criterion, part: Filter): readonly string[] | null {
  if (criterion === "src" || criterion === "dst") return endValues(part);
  if (part.kind !== "is" || part.not || part.field !== criterion || part.values.includes(null)) return null;
  return criterion === "protocol" ? protocolWords(part.values) : part.values.map(String);
}

function filterOf(criterion: Criterion, texts: readonly string[]): Filter[] {
  if (texts.length === 0) return [];
  if (criterion === "src" || criterion === "dst") return [endFilter(criterion, texts)];
  const field = filterField(criterion);
  const values = criterion === "protocol" ? protocols(texts) : texts.flatMap((text) => (field && readValues(field, text)) ?? []);
  return values.length === 0 ? [] : [{ kind: "is", field: criterion, values: [...new Set(values)], not: false }];
}

/** ICMP is one thing to people; IPv4 and IPv6 number it differently. */
const ICMP_NUMBERS = [1, 58];

/** `tcp`, `icmp` for both of it; the number of what is asked for by its number alone. */
function protocolWords(values: readonly Value[]): readonly string[] {
  const both = ICMP_NUMBERS.every((number) => values.includes(number));
  const words = values.map((value) => {
    if (isIcmp(Number(value))) return both ? "icmp" : String(value);
    return OFFERED_PROTOCOLS.find((word) => protocolNumber(word) === value) ?? String(value);
  });
  return [...new Set(words)];
}

/** The protocols of the spec, and SCTP. */
export const OFFERED_PROTOCOLS = ["tcp", "udp", "icmp", "sctp"] as const;

function protocols(words: readonly string[]): readonly number[] {
  return words.flatMap((word) => (word === "icmp" ? ICMP_NUMBERS : (protocolNumber(word) ?? [])));
}

/** An end is told by a name, an address, a range, or a name with `*` for anything. */
function endFilter(end: "src" | "dst", texts: readonly string[]): Filter {
  const isPlace = (text: string) => parseAddress(text) !== null || parseCidr(text) !== null;
  const exact = texts.filter((text) => !isPlace(text) && !text.includes("*"));
  const is = (field: string, values: readonly string[]): Filter[] =>
    values.length === 0 ? [] : [{ kind: "is", field: `${end}.${field}`, values, not: false }];
  const address = filterField(`${end}.ip`);
  const places = texts.filter(isPlace).flatMap((text) => (address && readValues(address, text)) ?? []);
  return anyFilter([
    ...is("name", exact),
    ...is("domain", end === "dst" ? exact.filter(mayBeDomain) : []),
    ...is("ip", places.map(String)),
    ...texts.filter((text) => !isPlace(text) && text.includes("*")).flatMap((text) => likes(end, text)),
  ]);
}

function mayBeDomain(text: string): boolean {
  return text.includes(".") && !text.includes("@");
}

/** A destination outside of the network is known by its domain. */
function likes(end: "src" | "dst", text: string): Filter[] {
  const parts = text.split("*");
  const pattern = parts.length === 3 && parts[0] === "" && parts[2] === "" && parts[1] !== "" ? [parts[1] as string] : parts;
  const fields = end === "src" ? ["src.name"] : ["dst.name", "dst.domain"];
  return fields.map((field) => ({ kind: "like", field, pattern, not: false }));
}

/** The texts that `endFilter` would have been given. What it cannot have been given becomes a text that makes another filter. */
function endValues(part: Filter): readonly string[] | null {
  const conditions = part.kind === "or" ? part.parts : [part];
  const texts = new Set<string>();
  for (const condition of conditions) {
    if (condition.kind === "is" && !condition.values.includes(null))
      for (const value of condition.values) texts.add(String(value));
    else if (condition.kind === "like")
      texts.add(condition.pattern.length === 1 ? `*${condition.pattern[0]}*` : condition.pattern.join("*"));
    else return null;
  }
  return [...texts];
}
