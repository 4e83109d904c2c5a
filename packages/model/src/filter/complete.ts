/** What could be written next at a place of a filter. Values that only the store knows are left to whoever asks it. */
import { protocolName } from "../protocols.ts";
import { filterOperators } from "./conditions.ts";
import { FILTER_FIELDS, type Field, filterField } from "./fields.ts";
import { type Token, tokenizePart } from "./lexer.ts";
import { spellValue } from "./values.ts";

export interface Suggestion {
  /** What is put in the place of `from` … `to`. */
  readonly text: string;
  readonly kind: "field" | "operator" | "value" | "word";
  /** What it means. */
  readonly detail: string;
}

export interface Completion {
  /** The part of the text that a suggestion replaces, in UTF-16 units. */
  readonly from: number;
  readonly to: number;
  readonly suggestions: readonly Suggestion[];
  /** A value of this field is being written, and this much of it is there. */
  readonly value: { readonly field: Field; readonly begun: string } | null;
}

/** What a token meets: the beginning of a condition, or of what follows one; a field's operator; its value. */
type State =
  | { readonly at: "condition" | "done" }
  | { readonly at: "operator" | "value" | "list" | "listed"; readonly field: Field };

const CONDITION: State = { at: "condition" };
const DONE: State = { at: "done" };

const COMMON_PROTOCOLS = [6, 17, 1, 58, 132, 47];

/** @param at the place of the cursor in the text */
export function completeFilter(text: string, at: number): Completion {
  const tokens = tokenizePart(text.slice(0, at));
  const last = tokens.at(-1);
  // What touches the cursor is still being written.
  const current = last !== undefined && last.offset + last.length === at && isText(last) ? last : null;
  const state = (current === null ? tokens : tokens.slice(0, -1)).reduce(after, CONDITION);
  const from = current?.offset ?? at;
  if (state.at === "value" || state.at === "list") return valueCompletion(state.field, from, at, current?.parts.join("*") ?? "");
  const prefixed = current === null ? null : prefixOf(current);
  if (prefixed !== null) return valueCompletion(prefixed.field, from + prefixed.length, at, prefixed.begun);
  const begun = current?.raw.toLowerCase() ?? "";
  return { from, to: at, value: null, suggestions: [...words(state, begun), ...fields(state, begun)] };
}

const isText = ({ kind }: Token) => kind === "word" || kind === "quoted";

function after(state: State, token: Token): State {
  const word = token.kind === "word" ? token.raw.toLowerCase() : "";
  switch (state.at) {
    case "operator":
      if (token.kind === "operator" || word === "in") return { at: "value", field: state.field };
      return word === "not" ? state : after(DONE, token);
    case "value":
      return token.kind === "(" ? { at: "list", field: state.field } : DONE;
    case "list":
      return { at: "listed", field: state.field };
    case "listed":
      return token.kind === "," ? { at: "list", field: state.field } : DONE;
    default: {
      if (word === "and" || word === "or" || word === "not" || token.kind === "!" || token.kind === "(") return CONDITION;
      const field = word === "" ? null : filterField(word);
      return field === null ? DONE : { at: "operator", field };
    }
  }
}

/** The field of `port:44` and what is written of its value. */
function prefixOf({ kind, raw }: Token): { field: Field; length: number; begun: string } | null {
  const colon = kind === "word" ? raw.indexOf(":") : -1;
  const field = colon < 0 ? null : filterField(raw.slice(0, colon));
  return field && { field, length: colon + 1, begun: raw.slice(colon + 1) };
}

function valueCompletion(field: Field, from: number, to: number, begun: string): Completion {
  const suggestions = knownValues(field).filter(({ text }) => text.toLowerCase().startsWith(begun.toLowerCase()));
  return { from, to, suggestions, value: { field, begun } };
}

function knownValues(field: Field): Suggestion[] {
  const value = (text: string, detail = ""): Suggestion => ({ text, kind: "value", detail });
  const none = field.optional ? [value("null", "without a value")] : [];
  switch (field.type) {
    case "enum":
      return [...field.values.map((word) => value(word)), ...none];
    case "bool":
      return [value("true"), value("false")];
    case "protocol":
      return COMMON_PROTOCOLS.map((number) => value(spellValue(field, number), protocolName(number)));
    case "size":
      return [...["1KiB", "1MiB", "1GiB"].map((text) => value(text)), ...none];
    case "duration":
      return ["1s", "1m", "1h"].map((text) => value(text));
    default:
      return none;
  }
}

function words(state: State, begun: string): Suggestion[] {
  const word = (text: string, detail: string): Suggestion => ({ text, kind: "word", detail });
  if (state.at === "operator" && begun === "") {
    return filterOperators(state.field).map((text) => ({ text, kind: "operator", detail: OPERATORS[text] ?? "" }));
  }
  if (state.at === "listed") return [word(",", "another value"), word(")", "the end of the list")];
  const all =
    state.at === "condition"
      ? [word("not", "rows that do not pass what follows")]
      : [
          word("and", "rows that pass both"),
          word("or", "rows that pass either"),
          word("not", "rows that do not pass what follows"),
        ];
  return all.filter(({ text }) => text.startsWith(begun));
}

/** What the operators mean, for people. */
const OPERATORS: Readonly<Record<string, string>> = {
  "=": "is",
  "!=": "is not",
  in: "is any of",
  "not in": "is none of",
  "<": "less than",
  "<=": "at most",
  ">": "more than",
  ">=": "at least",
  "~": "contains",
  "!~": "does not contain",
};

function fields(state: State, begun: string): Suggestion[] {
  if ((state.at === "operator" && begun === "") || state.at === "listed") return [];
  // Those that begin with it come before those that hold it.
  const rank = ({ name, aliases }: Field) => {
    if (name.startsWith(begun)) return 0;
    return aliases.some((alias) => alias.startsWith(begun)) ? 1 : name.includes(begun) ? 2 : 3;
  };
  return FILTER_FIELDS.filter((field) => rank(field) < 3)
    .toSorted((a, b) => rank(a) - rank(b))
    .map(({ name, meaning }) => ({ text: name, kind: "field", detail: meaning }));
}
