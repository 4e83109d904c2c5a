/** What is not to be recorded at all: one set of rules and one matcher, for agents and for servers. */
import { type Cidr, formatCidr } from "./cidr.ts";
import { RangeTable } from "./range-table.ts";

/** Why a flow is left out; the names under which it is counted. */
export const EXCLUDE_REASONS = ["excluded", "excluded_user", "excluded_group", "excluded_node", "excluded_domain"] as const;
export type ExcludeReason = (typeof EXCLUDE_REASONS)[number];

export interface ExcludeConfig {
  /** Flows with an end in one of these are left out. */
  readonly ranges: readonly { readonly reason: ExcludeReason; readonly ranges: readonly Cidr[] }[];
  /** `example.com` is it and all below it, `*.example.com` all below it alone. In lower case, in ASCII. */
  readonly domains: readonly string[];
}

/** A label, or an asterisk for the first one. */
const DOMAIN = /^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const MAX_DOMAIN = 253;

/** Is it a domain as `ExcludeConfig` takes it? An address is none. */
export function isDomainPattern(text: string): boolean {
  return text.length <= MAX_DOMAIN && DOMAIN.test(text) && !/^[\d.]+$/.test(text);
}

export class ExcludeRules {
  readonly #ranges: RangeTable;
  readonly #whole: ReadonlySet<string>;
  readonly #below: ReadonlySet<string>;

  /** The rules as a text: the same for the same rules. */
  readonly text: string;

  constructor({ ranges, domains }: ExcludeConfig) {
    this.text = JSON.stringify([ranges.map(({ reason, ranges }) => [reason, ranges.map(formatCidr)]), domains]);
    this.#ranges = new RangeTable(
      ranges.flatMap(({ reason, ranges }) => ranges.map((cidr) => [cidr, EXCLUDE_REASONS.indexOf(reason)] as const)),
    );
    this.#below = new Set(domains.map((domain) => (domain.startsWith("*.") ? domain.slice(2) : domain)));
    this.#whole = new Set(domains.filter((domain) => !domain.startsWith("*.")));
  }

  get hasRanges(): boolean {
    return !this.#ranges.isEmpty;
  }

  get hasDomains(): boolean {
    return this.#below.size > 0;
  }

  /** Why nothing of this address (16 bytes) is recorded; null: it is. */
  ofAddress(bytes: Uint8Array, offset = 0): ExcludeReason | null {
    const found = this.#ranges.find(bytes, offset);
    return found < 0 ? null : (EXCLUDE_REASONS[found] ?? null);
  }

  /** Is it a domain of which nothing is recorded? In lower case. */
  hasDomain(domain: string): boolean {
    if (this.#below.size === 0) return false;
    if (this.#whole.has(domain)) return true;
    for (let dot = domain.indexOf("."); dot >= 0; dot = domain.indexOf(".", dot + 1)) {
      if (this.#below.has(domain.slice(dot + 1))) return true;
    }
    return false;
  }
}

export const NOTHING_EXCLUDED = new ExcludeRules({ ranges: [], domains: [] });
