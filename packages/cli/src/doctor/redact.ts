/** Makes a report fit for strangers: no secret, no address, no name of a node, person or domain. The same one becomes the same word. */
import { isIP } from "node:net";

/** Keys whose texts name somebody or something of the user's. */
const NAMES =
  /^(name|node|reporter|reporter_id|id|network|host|user|owner|domain|account|who|email|url|server|path|dir|data|state_dir)$/;
const TOKEN = /\bft_[a-z]+_[\w-]+/g;
const URL_HOST = /\bhttps?:\/\/[^\s/"']+/g;
const MAC = /\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b/gi;
/** What may be an address: `isIP` says whether it is. */
const ADDRESS = /[0-9a-f:.]{3,}/gi;
/** Characters left out at both ends, fewest first. */
const TRIMS = [
  [0, undefined],
  [0, -1],
  [1, undefined],
  [1, -1],
] as const;
const HOME = /\/home\/[^\s/"']+/g;
const DOMAIN = /\b(?:[a-z0-9-]+\.)+[a-z]{2,}\b/gi;
const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

export class Redaction {
  readonly #known = new Map<string, string>();

  /** Any JSON value, made anonymous. */
  value(value: unknown, key = ""): unknown {
    if (typeof value === "string") return NAMES.test(key) ? this.#word("name", value) : this.text(value);
    if (Array.isArray(value)) return value.map((one) => this.value(one, key));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [this.text(name), this.value(one, name)]));
  }

  /** A text for people: what was a name elsewhere is found in it, too. */
  text(text: string): string {
    if (TIME.test(text)) return text;
    let clean = text
      .replaceAll(TOKEN, "‹token›")
      .replaceAll(URL_HOST, (match) => this.#word("url", match))
      .replaceAll(MAC, (match) => this.#word("address", match))
      .replaceAll(HOME, "/home/‹user›")
      .replaceAll(ADDRESS, (match) => this.#address(match));
    for (const [known, word] of this.#known)
      if (word.startsWith("‹name") && known.length > 2) clean = clean.replaceAll(known, word);
    return clean.replaceAll(DOMAIN, (match) => (isFile(match) ? match : this.#word("domain", match)));
  }

  /** Of a sentence, a colon or a dot before or after it may have come along. */
  #address(text: string): string {
    for (const [from, to] of TRIMS) {
      const body = text.slice(from, to);
      if (isIP(body) !== 0) return text.slice(0, from) + this.#word("address", body) + text.slice(from + body.length);
    }
    return text;
  }

  #word(kind: string, text: string): string {
    if (text === "") return text;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const count = [...this.#known.values()].filter((word) => word.startsWith(`‹${kind} `)).length;
    const word = `‹${kind} ${count + 1}›`;
    this.#known.set(text, word);
    return word;
  }
}

/** Names of files and of our own settings look like domains. */
const isFile = (text: string) =>
  /\.(ts|js|json|yaml|md|service|conf|log|max_bytes|nf_\w+|netfilter)$/.test(text) || /^net\./.test(text);
