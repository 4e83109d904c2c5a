/** What is not to be recorded, as people set it and as the inventory makes ranges of it: for agents, and for what comes in here. */
import { type Cidr, type ExcludeReason, ExcludeRules, type FlowBatch, formatCidr, parseCidr } from "@flowtrail/model";
import type { Inventory } from "../identify/inventory-schema.ts";

/** Of `capture`'s policy. */
export interface ExcludePolicy {
  readonly exclude: readonly string[];
  readonly exclude_users: readonly string[];
  readonly exclude_groups: readonly string[];
  readonly exclude_nodes: readonly string[];
  readonly exclude_domains: readonly string[];
}

/** What agents are told beside `exclude` itself. */
export interface ToldExcludes {
  readonly excluded: readonly { readonly reason: ExcludeReason; readonly ranges: readonly string[] }[];
  readonly exclude_domains: readonly string[];
}

/** Somebody of the inventory who is left out. */
interface Match {
  readonly reason: "excluded_user" | "excluded_group" | "excluded_node";
  readonly words: readonly string[];
  readonly addresses: readonly string[];
}

const REASONS = ["excluded_user", "excluded_group", "excluded_node"] as const;

export class Excluded {
  readonly told: ToldExcludes;
  readonly isEmpty: boolean;
  readonly #rules: ExcludeRules;
  /** Ids and names of people and nodes, in lower case: in rows of another time they had other addresses. */
  readonly #people = new Map<string, ExcludeReason>();
  readonly #nodes = new Map<string, ExcludeReason>();

  /** @param alsoCalled other words for one that somebody wrote: its pseudonym */
  constructor(policy: ExcludePolicy, inventory: Inventory, alsoCalled: (word: string) => readonly string[]) {
    const matches = matchesOf(policy, inventory, alsoCalled);
    for (const { reason, words, isNode } of matches)
      for (const word of words)
        if (!(isNode ? this.#nodes : this.#people).has(word)) (isNode ? this.#nodes : this.#people).set(word, reason);
    const excluded = REASONS.flatMap((reason) => {
      const ranges = new Set(
        matches.filter((one) => one.reason === reason).flatMap(({ addresses }) => addresses.flatMap(hostRange)),
      );
      return ranges.size === 0 ? [] : [{ reason, ranges: [...ranges].sort() }];
    });
    this.told = { excluded, exclude_domains: policy.exclude_domains };
    this.#rules = new ExcludeRules({
      ranges: [{ reason: "excluded" as const, ranges: policy.exclude }, ...excluded].map(({ reason, ranges }) => ({
        reason,
        ranges: ranges.flatMap((text) => parseCidr(text) ?? []) as Cidr[],
      })),
      domains: policy.exclude_domains,
    });
    this.isEmpty = !this.#rules.hasRanges && !this.#rules.hasDomains && this.#people.size + this.#nodes.size === 0;
  }

  /** Why a row is left out; null: it is not. */
  reasonOf({ columns }: FlowBatch, row: number): ExcludeReason | null {
    const { src_ip, dst_ip, nat_src_ip, nat_dst_ip, domain } = columns;
    for (const column of [src_ip, dst_ip, nat_src_ip, nat_dst_ip]) {
      const reason = column.has(row) ? this.#rules.ofAddress(column.bytes, row * 16) : null;
      if (reason !== null) return reason;
    }
    const name = domain.get(row);
    if (name !== null && this.#rules.hasDomain(name.toLowerCase())) return "excluded_domain";
    if (this.#people.size + this.#nodes.size === 0) return null;
    const { src_type, src_id, src_name, dst_type, dst_id, dst_name } = columns;
    return (
      this.#ofEnd(src_type.get(row), src_id.get(row), src_name.get(row)) ??
      this.#ofEnd(dst_type.get(row), dst_id.get(row), dst_name.get(row))
    );
  }

  #ofEnd(type: string | null, ...words: readonly (string | null)[]): ExcludeReason | null {
    const known = type === "node" ? this.#nodes : type === "user" || type === "extclient" ? this.#people : null;
    if (known === null) return null;
    for (const word of words) {
      const reason = word === null ? undefined : known.get(word.toLowerCase());
      if (reason !== undefined) return reason;
    }
    return null;
  }
}

function matchesOf(
  { exclude_users, exclude_groups, exclude_nodes }: ExcludePolicy,
  { networks }: Inventory,
  alsoCalled: (word: string) => readonly string[],
): (Match & { readonly isNode: boolean })[] {
  const lower = (words: readonly string[]) => words.map((word) => word.toLowerCase());
  const users = new Set(lower(exclude_users.flatMap((word) => [word, ...alsoCalled(word)])));
  const groups = new Set(lower(exclude_groups));
  const nodes = new Set(lower(exclude_nodes));
  const matches: (Match & { readonly isNode: boolean })[] = [];
  const judge = (
    own: ReadonlySet<string>,
    words: (string | undefined)[],
    tags: readonly string[],
    addresses: readonly string[],
    isNode: boolean,
  ) => {
    const called = lower(words.filter((word) => word !== undefined));
    const isOwn = called.some((word) => own.has(word));
    if (!isOwn && !lower(tags).some((tag) => groups.has(tag))) return;
    const reason = !isOwn ? "excluded_group" : isNode ? "excluded_node" : "excluded_user";
    matches.push({ reason, words: called, addresses, isNode });
  };
  for (const network of networks) {
    for (const { id, name, devices, groups, tags } of network.users)
      judge(
        users,
        [id, name],
        [...groups, ...tags],
        devices.flatMap(({ addresses }) => addresses),
        false,
      );
    for (const { id, name, addresses, tags } of network.config_files) judge(users, [id, name], tags, addresses, false);
    for (const { id, name, host, addresses, tags } of network.nodes) judge(nodes, [id, name, host], tags, addresses, true);
  }
  // Whom the inventory does not know (any more), but a row may name.
  matches.push({ reason: "excluded_user", words: [...users], addresses: [], isNode: false });
  matches.push({ reason: "excluded_node", words: [...nodes], addresses: [], isNode: true });
  return matches;
}

/** The range of one address. */
function hostRange(address: string): string[] {
  const range = parseCidr(`${address}/${address.includes(":") ? 128 : 32}`);
  return range === null ? [] : [formatCidr(range)];
}
