/** Is an address or a domain on any of the lists? One look-up per list, label and length of prefix, however long the lists are. */
import { type Cidr, formatCidr, isV4Mapped, parseAddress } from "@flowtrail/model";
import type { ListEntries } from "./list-file.ts";

export interface NamedList extends ListEntries {
  readonly name: string;
}

/** What stands on which list. */
export interface Listed {
  readonly list: string;
  readonly entry: string;
}

interface Index {
  readonly name: string;
  readonly domains: ReadonlySet<string>;
  readonly addresses: ReadonlySet<string>;
  /** By length of prefix: as they are written. */
  readonly ranges: ReadonlyMap<string, RangesOfLength>;
}

interface RangesOfLength extends Pick<Cidr, "v4" | "prefixBits"> {
  readonly texts: Set<string>;
}

export class ListedIndex {
  readonly #lists: readonly Index[];

  constructor(lists: readonly NamedList[]) {
    this.#lists = lists.map(({ name, domains, addresses, ranges }) => ({
      name,
      domains: new Set(domains),
      addresses: new Set(addresses),
      ranges: byLength(ranges),
    }));
  }

  get isEmpty(): boolean {
    return this.#lists.every(({ domains, addresses, ranges }) => domains.size === 0 && addresses.size === 0 && ranges.size === 0);
  }

  /** A listed domain stands for all below it. */
  ofDomain(domain: string): Listed | null {
    const labels = domain.toLowerCase().replace(/\.$/, "").split(".");
    for (const { name, domains } of this.#lists) {
      for (let at = 0; at < labels.length - 1; at++) {
        const entry = labels.slice(at).join(".");
        if (domains.has(entry)) return { list: name, entry };
      }
    }
    return null;
  }

  /** @param address as it is written by `formatAddress` */
  ofAddress(address: string): Listed | null {
    const bytes = parseAddress(address);
    if (bytes === null) return null;
    for (const { name, addresses, ranges } of this.#lists) {
      if (addresses.has(address)) return { list: name, entry: address };
      const range = rangeOf(bytes, ranges);
      if (range !== null) return { list: name, entry: range };
    }
    return null;
  }
}

function byLength(ranges: readonly Cidr[]): Map<string, RangesOfLength> {
  const found = new Map<string, RangesOfLength>();
  for (const range of ranges) {
    const { v4, prefixBits } = range;
    const key = `${v4} ${prefixBits}`;
    const same = found.get(key) ?? { v4, prefixBits, texts: new Set() };
    same.texts.add(formatCidr(range));
    found.set(key, same);
  }
  return found;
}

/** The range that the address is in, as it is written; null: in none. */
function rangeOf(address: Uint8Array, ranges: Index["ranges"]): string | null {
  const isV4 = isV4Mapped(address, 0);
  for (const { v4, prefixBits, texts } of ranges.values()) {
    if (v4 !== isV4) continue;
    const text = formatCidr({ v4, prefixBits, bytes: masked(address, prefixBits) });
    if (texts.has(text)) return text;
  }
  return null;
}

function masked(address: Uint8Array, prefixBits: number): Uint8Array {
  return address.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, prefixBits - 8 * i))) & 0xff);
}
