/** A filter → a condition of ClickHouse. It finds exactly the rows that `filterTest` of the model passes. */
import {
  type Cidr,
  COLUMNS,
  type Column,
  type ColumnName,
  compareAddresses,
  type Filter,
  formatAddress,
  type Is,
  isAscii,
  knownField,
  type Like,
  lowerAscii,
  type Operand,
  type Order,
  OUTSIDE_TYPES,
  type Pattern,
  parseAddress,
  parseCidr,
  patternSource,
  TEXT_COLUMNS,
  type Value,
} from "@flowtrail/model";
import type { Sql } from "./sql.ts";

/** What stands for a column, where it is not the column itself. */
export type Expressions = Readonly<Partial<Record<ColumnName, string>>>;

/** Where a plain word is looked for. */
const WORDS = [...TEXT_COLUMNS, "src_ip", "dst_ip"] as const satisfies readonly ColumnName[];

/**
 * The condition. Everything that a person said is a parameter, f0, f1, …: a second filter of a query needs another letter.
 * @param words where a plain word is looked for, of where it may be
 */
export function filterSql(
  filter: Filter,
  expressions: Expressions = {},
  letter = "f",
  words: readonly ColumnName[] = WORDS,
): Sql {
  const compiler = new Compiler(expressions, letter, words);
  return { text: compiler.condition(filter, false), bindings: compiler.bindings };
}

/** The value of a field's operand; null where there is none. It has no parameters. */
export function operandSql(operand: Operand, expressions: Expressions = {}): string {
  return new Compiler(expressions, "f", WORDS).value(operand);
}

const V4_RANGE = "toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255')";
const FIRST_V4 = parseAddress("0.0.0.0") ?? new Uint8Array(16);
/** A part of an address, as it is written. */
const OF_ADDRESS = /^[0-9a-f:.]*$/;
/** Sums of two counters up to here do not overflow. Limits that a person gives are below 2^53, so no comparison changes. */
const LARGEST_COUNTER = 2n ** 62n;

const DOMAIN = { kind: "column", column: { ...COLUMNS.domain, name: "domain" } } as const;

class Compiler {
  readonly bindings: Record<string, unknown> = {};
  readonly #expressions: Expressions;
  readonly #letter: string;
  readonly #words: readonly ColumnName[];
  /** By type and value: both ends are compared with the same, and a request of the store may have so many parameters only. */
  readonly #parameters = new Map<string, string>();

  constructor(expressions: Expressions, letter: string, words: readonly ColumnName[]) {
    this.#expressions = expressions;
    this.#letter = letter;
    this.#words = words;
  }

  /**
   * ClickHouse compares null to null, which counts as false at the end. Only below a NOT it must be false at once.
   * @param negated whether an odd number of NOTs stand before it
   */
  condition(filter: Filter, negated: boolean): string {
    switch (filter.kind) {
      case "all":
        return "true";
      case "and":
      case "or":
        return filter.parts.map((part) => `(${this.condition(part, negated)})`).join(` ${filter.kind.toUpperCase()} `);
      case "not":
        return `NOT (${this.condition(filter.part, !negated)})`;
      case "text":
        return this.#freeText(filter.pattern);
      case "order":
        return this.#ends(filter, negated, (operand) => this.#order(operand, filter));
      case "is":
        return this.#ends(filter, negated, (operand) => this.#is(operand, filter));
      case "like":
        return this.#ends(filter, negated, (operand) => this.#likeOperand(operand, filter.pattern));
    }
  }

  /** Any of the places where the field's value may be. */
  #ends(filter: Is | Like | Order, negated: boolean, one: (operand: Operand) => string): string {
    const not = filter.kind !== "order" && filter.not;
    const { operands, optional } = knownField(filter.field);
    const any = operands.map(one).join(" OR ");
    const sure = optional && not !== negated ? `ifNull(${any}, false)` : any;
    return not ? `NOT (${sure})` : sure;
  }

  #bind(type: string, value: unknown): string {
    const key = `${type} ${JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? String(part) : part))}`;
    const name = this.#parameters.get(key) ?? `${this.#letter}${this.#parameters.size}`;
    this.#parameters.set(key, name);
    this.bindings[name] = value;
    return `{${name}:${type}}`;
  }

  #column(name: ColumnName): string {
    return this.#expressions[name] ?? name;
  }

  /** Null where there is no value. */
  value(operand: Operand): string {
    switch (operand.kind) {
      case "domain":
        return `if(${this.#isDomainOf(operand.end)}, ${this.#column("domain")}, NULL)`;
      case "column":
        return this.#column(operand.column.name);
      case "duration":
        return "greatest(0, dateDiff('millisecond', start, coalesce(end, last_seen)))";
      case "sum": {
        const [a, b] = operand.columns.map((name) => this.#column(name)) as [string, string];
        const side = (name: string) => `least(ifNull(${name}, 0), ${LARGEST_COUNTER})`;
        return `if(isNull(${a}) AND isNull(${b}), NULL, ${side(a)} + ${side(b)})`;
      }
    }
  }

  /** As `domainEnd` of the model. */
  #isDomainOf(end: "src" | "dst"): string {
    const outside = OUTSIDE_TYPES.map((type) => `'${type}'`).join(", ");
    const isSource = `${this.#column("src_type")} IN (${outside}) AND ${this.#column("dst_type")} NOT IN (${outside})`;
    return end === "src" ? isSource : `NOT (${isSource})`;
  }

  #order(operand: Operand, { op, value }: Order): string {
    return `${this.value(operand)} ${op} ${this.#bind("UInt64", BigInt(value))}`;
  }

  #is(operand: Operand, is: Is): string {
    const { values } = is;
    // Apart from whose it is, so that the indexes on the column can be used.
    if (operand.kind === "domain" && !values.includes(null))
      return `(${this.#is(DOMAIN, is)}) AND ${this.#isDomainOf(operand.end)}`;
    const expression = this.value(operand);
    const conditions: string[] = [];
    if (values.includes(null)) conditions.push(`isNull(${expression})`);
    const given = values.filter((value) => value !== null);
    const isAddress = operand.kind === "column" && operand.column.type === "address";
    const ranges = isAddress ? given.filter((value) => String(value).includes("/")) : [];
    const exact = given.filter((value) => !ranges.includes(value));
    // A list is what the indexes on addresses and ids can use.
    if (exact.length > 0) {
      const column = operand.kind === "column" ? operand.column : operand.kind === "domain" ? DOMAIN.column : null;
      const bound = exact.map((value) => boundValue(column, value));
      conditions.push(`${expression} IN ${this.#bind(`Array(${parameterType(column)})`, bound)}`);
    }
    for (const range of ranges) conditions.push(this.#inRange(expression, String(range)));
    return conditions.length === 0 ? "false" : conditions.map((condition) => `(${condition})`).join(" OR ");
  }

  #inRange(expression: string, range: string): string {
    const cidr = parseCidr(range);
    if (cidr === null) return "false";
    const [first, last] = bounds(cidr);
    const bound = (bytes: Uint8Array) => this.#bind("IPv6", mapped(formatAddress(bytes)));
    const within = `${expression} BETWEEN ${bound(first)} AND ${bound(last)}`;
    // IPv4 addresses are stored within ::/0, and belong to no range of IPv6.
    const holdsV4 = compareAddresses(first, FIRST_V4) <= 0 && compareAddresses(FIRST_V4, last) <= 0;
    return holdsV4 && !cidr.v4 ? `${within} AND NOT (${expression} BETWEEN ${V4_RANGE})` : within;
  }

  #likeOperand(operand: Operand, pattern: Pattern): string {
    if (operand.kind === "domain") return `(${this.#likeOperand(DOMAIN, pattern)}) AND ${this.#isDomainOf(operand.end)}`;
    if (operand.kind !== "column") return "false";
    const { column } = operand;
    return column.type === "address" ? this.#likeAddress(column.name, pattern) : this.#like(column.name, pattern);
  }

  #like(name: ColumnName, pattern: Pattern): string {
    const { optional }: Column = { ...COLUMNS[name], name };
    const column = this.#column(name);
    // Whatever there is. All other patterns hold a character, so they do not fit the empty text.
    if (pattern.every((part) => part === "")) return optional ? `isNotNull(${column})` : "true";
    return this.#fits(optional ? `ifNull(${column}, '')` : column, pattern);
  }

  #likeAddress(name: ColumnName, pattern: Pattern): string {
    const column = this.#column(name);
    if (!mayFitAddress(pattern)) return "false";
    // A null stays one.
    return this.#fits(addressTextSql(column), pattern);
  }

  #fits(text: string, pattern: Pattern): string {
    // Letters outside of ASCII: their cases are known to regular expressions only.
    if (!pattern.every(isAscii)) return `match(${text}, ${this.#bind("String", `(?i)${patternSource(pattern)}`)})`;
    const escaped = pattern.map((part) => escapeLike(lowerAscii(part)));
    const like = pattern.length === 1 ? `%${escaped[0]}%` : escaped.join("%");
    return `lower(${text}) LIKE ${this.#bind("String", like)}`;
  }

  #freeText(pattern: Pattern): string {
    const each = this.#words.map((name) =>
      COLUMNS[name].type === "address" ? this.#likeAddress(name, pattern) : this.#like(name, pattern),
    );
    return each.filter((condition) => condition !== "false").join(" OR ");
  }
}

/** False: no address has it. */
export function mayFitAddress(pattern: Pattern): boolean {
  return pattern.every((part) => OF_ADDRESS.test(lowerAscii(part)));
}

/** An address as people write it; null stays null. */
export function addressTextSql(column: string): string {
  return `if(${column} BETWEEN ${V4_RANGE}, substring(toString(${column}), 8), toString(${column}))`;
}

/** A text as a part of a pattern of LIKE that means just that. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, "\\$&");
}

/** The first and the last address of a range. */
function bounds({ bytes, prefixBits }: Cidr): [Uint8Array, Uint8Array] {
  const last = bytes.map((byte, i) => byte | (0xff >> Math.min(8, Math.max(0, prefixBits - i * 8))));
  return [bytes, last];
}

/** IPv4 as the store keeps it. */
function mapped(address: string): string {
  return address.includes(":") ? address : `::ffff:${address}`;
}

const PARAMETER_TYPES = {
  u8: "UInt64",
  u16: "UInt64",
  u32: "UInt64",
  u64: "UInt64",
  address: "IPv6",
  bool: "Bool",
  enum: "String",
  text: "String",
  time: "String",
} as const;

/** @param column null: a number that is made of several */
function parameterType(column: Column | null): string {
  return column === null ? "UInt64" : PARAMETER_TYPES[column.type];
}

/** A value as ClickHouse's client writes it without quotes, where there must be none. */
function boundValue(column: Column | null, value: Exclude<Value, null>): unknown {
  if (typeof value === "boolean") return value;
  if (column?.type === "address") return mapped(String(value));
  return column?.type === "text" || column?.type === "enum" ? value : BigInt(value);
}
