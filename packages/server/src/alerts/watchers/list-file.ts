/**
 * A list of addresses and domains, as those are that are handed around: one a line, ranges, hosts files (`0.0.0.0 bad.example`), with
 * comments. Pure and total: what can't be read is counted and told, never a reason to read no more.
 */
import { type Cidr, formatAddress, parseAddress, parseCidr } from "@flowtrail/model";

export interface ListEntries {
  /** In lower case, without a final dot: each stands for itself and all below it. */
  readonly domains: readonly string[];
  /** As they are written by us. */
  readonly addresses: readonly string[];
  readonly ranges: readonly Cidr[];
}

export interface ListFile extends ListEntries {
  readonly wrong: { readonly count: number; readonly first: readonly WrongLine[] };
  /** There was more than is taken. */
  readonly cut: boolean;
}

export interface WrongLine {
  readonly line: number;
  readonly text: string;
}

export const MOST_ENTRIES = 1_000_000;
const MOST_WRONG_TOLD = 20;
const MOST_TOLD_CHARS = 80;
const COMMENT = /(?:^|\s)[#;!].*$|^\/\/.*$/;
/** RFC 1035 § 2.3.4 and what people use beside it: underscores. A lone label is no domain that anybody would list. */
const DOMAIN = /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** What every hosts file begins with. */
const OWN_NAMES = new Set(["localhost", "localhost.localdomain", "local", "broadcasthost", "ip6-localhost", "ip6-loopback"]);
const NOWHERE = new Set(["0.0.0.0", "127.0.0.1", "::", "::1"]);

export function parseListFile(text: string, most = MOST_ENTRIES): ListFile {
  const domains = new Set<string>();
  const addresses = new Set<string>();
  const ranges: Cidr[] = [];
  const first: WrongLine[] = [];
  let count = 0;
  let cut = false;
  for (const [index, raw] of text.split("\n").entries()) {
    const words = raw.trim().replace(COMMENT, "").trim().split(/\s+/).filter(Boolean);
    if (words.length === 0) continue;
    if (domains.size + addresses.size + ranges.length >= most) {
      cut = true;
      break;
    }
    if (takeLine(words, domains, addresses, ranges)) continue;
    count++;
    if (first.length < MOST_WRONG_TOLD) first.push({ line: index + 1, text: raw.trim().slice(0, MOST_TOLD_CHARS) });
  }
  return { domains: [...domains], addresses: [...addresses], ranges, wrong: { count, first }, cut };
}

/** False: it could not be read. */
function takeLine(words: readonly string[], domains: Set<string>, addresses: Set<string>, ranges: Cidr[]): boolean {
  const [head = "", ...names] = words;
  const address = parseAddress(head);
  if (address !== null && names.length > 0) {
    // A hosts file: the address is where the names are sent to, not what is listed.
    if (!NOWHERE.has(formatAddress(address))) return false;
    const read = names.filter((name) => !isOwnName(name)).map(domainOf);
    for (const name of read) if (name !== null) domains.add(name);
    return read.every((name) => name !== null);
  }
  if (names.length > 0) return false;
  if (address !== null) {
    addresses.add(formatAddress(address));
    return true;
  }
  const range = head.includes("/") ? parseCidr(head) : null;
  if (range !== null) {
    ranges.push(range);
    return true;
  }
  const domain = domainOf(head);
  if (domain !== null) domains.add(domain);
  return domain !== null;
}

const isOwnName = (name: string) => OWN_NAMES.has(name.toLowerCase()) || NOWHERE.has(name) || name.startsWith("ip6-");

/** `*.bad.example`, `.bad.example` and `||bad.example^` say the same as `bad.example`. */
function domainOf(text: string): string | null {
  const bare = text
    .toLowerCase()
    .replace(/^\|\||^\*\.|^\./, "")
    .replace(/\^$|\.$/g, "");
  return DOMAIN.test(bare) && parseAddress(bare) === null && !/^[\d.]+$/.test(bare) ? bare : null;
}
