/**
 * The filter language:
 *
 *     filter    = [ or ]
 *     or        = and { "or" and }
 *     and       = unary { [ "and" ] unary }
 *     unary     = ( "not" | "!" ) unary | "(" or ")" | condition
 *     condition = field operator value | field [ "not" ] "in" ( value | list ) | prefix ":" value | word
 *     list      = "(" value { "," value } ")"
 */
import { ALL, allFilters, anyFilter, conditionsOf, type Filter, negated, type Value } from "./ast.ts";
import { isComparison, readComparison, readPrefixed, readWord } from "./conditions.ts";
import { FilterError } from "./error.ts";
import { knownField, TEXT_COLUMNS } from "./fields.ts";
import { described, type Token, tokenize } from "./lexer.ts";
import { isKeyword } from "./spelling.ts";
import { Tokens } from "./tokens.ts";

/** Parentheses and negations within each other. */
const MAX_DEPTH = 32;
const MAX_CONDITIONS = 200;
/** Texts of each row that are searched for something: a word costs seven of them, `name~x` two. It bounds the work for a live row. */
const MAX_SEARCHES = 100;
/** Ranges of addresses: a row is compared with each, and each is two parameters of a query, of which the store takes 1,000. */
const MAX_RANGES = 100;
const CONDITION = ["a condition such as port=443", "a word to search for", "(", "not"];

/**
 * Reads a filter. An empty text is the filter that all rows pass. The work is bounded by the limits on length, nesting and conditions.
 * @throws FilterError
 */
export function parseFilter(text: string): Filter {
  const parser = new Parser(new Tokens(tokenize(text)));
  return parser.filter();
}

class Parser {
  readonly #tokens: Tokens;
  #depth = 0;
  #conditions = 0;
  #searches = 0;
  #ranges = 0;

  constructor(tokens: Tokens) {
    this.#tokens = tokens;
  }

  filter(): Filter {
    if (this.#tokens.peek().kind === "end") return ALL;
    const filter = this.#or();
    const rest = this.#tokens.peek();
    if (rest.kind !== "end") throw new FilterError(`unexpected ${described(rest)}`, rest, ["and", "or", "the end"]);
    return filter;
  }

  #or(): Filter {
    const parts = [this.#and()];
    while (this.#tokens.takeKeyword("or")) parts.push(this.#and());
    return anyFilter(parts);
  }

  #and(): Filter {
    const parts = [this.#unary()];
    while (this.#tokens.takeKeyword("and") || beginsUnary(this.#tokens.peek())) parts.push(this.#unary());
    return allFilters(parts);
  }

  #unary(): Filter {
    const token = this.#tokens.peek();
    if (this.#tokens.takeKeyword("not") || this.#tokens.take("!")) return this.#deeper(token, () => negated(this.#unary()));
    if (!this.#tokens.take("(")) return this.#condition();
    return this.#deeper(token, () => {
      const inner = this.#or();
      this.#tokens.expect(")", ["and", "or", ")"]);
      return inner;
    });
  }

  #deeper(token: Token, read: () => Filter): Filter {
    if (++this.#depth > MAX_DEPTH) throw new FilterError("nested too deeply", token, [`at most ${MAX_DEPTH} levels`]);
    const filter = read();
    this.#depth--;
    return filter;
  }

  #condition(): Filter {
    const tokens = this.#tokens;
    const token = tokens.peek();
    if (
      (token.kind !== "word" && token.kind !== "quoted") ||
      (token.kind === "word" && isKeyword(token.raw) && !isComparison(tokens))
    )
      throw new FilterError(token.kind === "end" ? "something is missing" : `unexpected ${described(token)}`, token, CONDITION);
    if (++this.#conditions > MAX_CONDITIONS)
      throw new FilterError("too many conditions", token, [`at most ${MAX_CONDITIONS} of them`]);
    const condition = isComparison(tokens) ? readComparison(tokens) : (readPrefixed(tokens) ?? readWord(tokens.next()));
    this.#searches += searchesOf(condition);
    this.#ranges += rangesOf(condition);
    if (this.#ranges > MAX_RANGES) throw new FilterError("too many ranges", token, [`at most ${MAX_RANGES} of them`]);
    if (this.#searches > MAX_SEARCHES)
      throw new FilterError("too many texts to search for", token, ["fewer words", "comparisons with = or in"]);
    return condition;
  }
}

function searchesOf(filter: Filter): number {
  let count = 0;
  for (const condition of conditionsOf(filter)) {
    if (condition.kind === "text") count += TEXT_COLUMNS.length + 2;
    else if (condition.kind === "like") count += knownField(condition.field).operands.length;
  }
  return count;
}

function rangesOf(filter: Filter): number {
  const isRange = (field: string, value: Value) => knownField(field).type === "address" && String(value).includes("/");
  let count = 0;
  for (const condition of conditionsOf(filter)) {
    if (condition.kind === "is") count += condition.values.filter((value) => isRange(condition.field, value)).length;
  }
  return count;
}

function beginsUnary({ kind, raw }: Token): boolean {
  if (kind === "word") return !["and", "or", "in"].includes(raw.toLowerCase());
  return kind === "quoted" || kind === "!" || kind === "(";
}
