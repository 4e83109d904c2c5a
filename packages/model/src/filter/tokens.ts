import { FilterError } from "./error.ts";
import { described, type Token } from "./lexer.ts";

/** The tokens of a filter, read from left to right. The last one is the end, which stays. */
export class Tokens {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)] as Token;
  }

  next(): Token {
    const token = this.peek();
    this.#at++;
    return token;
  }

  isKeyword(word: string, ahead = 0): boolean {
    const { kind, raw } = this.peek(ahead);
    return kind === "word" && raw.toLowerCase() === word;
  }

  /** Takes the token if it is this keyword. */
  takeKeyword(word: string): boolean {
    const is = this.isKeyword(word);
    if (is) this.#at++;
    return is;
  }

  /** Takes the token if it is of this kind. */
  take(kind: Token["kind"]): boolean {
    const is = this.peek().kind === kind;
    if (is) this.#at++;
    return is;
  }

  /** @throws FilterError if it is of another kind */
  expect(kind: Token["kind"], expected: readonly string[]): void {
    const token = this.peek();
    if (!this.take(kind)) throw new FilterError(`unexpected ${described(token)}`, token, expected);
  }
}
