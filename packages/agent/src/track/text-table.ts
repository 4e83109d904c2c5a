/** Texts that many share, each kept once for as long as somebody refers to it. Number 0 stands for none. */

/** What a text costs besides its characters: two table entries and the string's head. */
const TEXT_OVERHEAD = 64;

export class TextTable {
  readonly #maxBytes: number;
  readonly #texts: (string | null)[] = [null];
  readonly #references: number[] = [0];
  readonly #numbers = new Map<string, number>();
  readonly #free: number[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Different texts. */
  get size(): number {
    return this.#numbers.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The number of a text, with one more reference; 0 if there is no room for it. */
  take(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) {
      this.#references[known]!++;
      return known;
    }
    const bytes = text.length + TEXT_OVERHEAD;
    if (this.#bytes + bytes > this.#maxBytes) return 0;
    // A copy: V8 keeps the whole of which a string was cut off (SlicedString).
    const own = Buffer.from(text).toString();
    const number = this.#free.pop() ?? this.#texts.length;
    this.#texts[number] = own;
    this.#references[number] = 1;
    this.#numbers.set(own, number);
    this.#bytes += bytes;
    return number;
  }

  /** One reference less; with the last one the text is forgotten. */
  release(number: number): void {
    const text = this.#texts[number];
    if (text == null || --this.#references[number]! > 0) return;
    this.#texts[number] = null;
    this.#numbers.delete(text);
    this.#free.push(number);
    this.#bytes -= text.length + TEXT_OVERHEAD;
  }

  get(number: number): string | null {
    return this.#texts[number] ?? null;
  }

  /** Number and text of each. */
  entries(): [number, string][] {
    return [...this.#numbers].map(([text, number]) => [number, text]);
  }
}
