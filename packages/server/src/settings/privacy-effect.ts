/** What a change of what is kept of people will do, in words with figures of the last day. */
import { anyFilter, type Filter, formatCount, parseFilter } from "@flowtrail/model";
import type { Inventory } from "../identify/inventory-schema.ts";
import { columnIs } from "../query/filters.ts";
import type { EffectFacts, Part } from "./capture-effect.ts";
import { type CaptureState, isTruncated } from "./capture-state.ts";
import { listText } from "./list-text.ts";

const STORED = "What is stored stays as it is.";

export function privacyParts(before: CaptureState, after: CaptureState, facts: EffectFacts): Part[] {
  return [...excludeParts(before, after, facts), ...addressParts(before, after, facts), ...pseudonymParts(before, after, facts)];
}

const LISTS = [
  ["exclude_users", "user", "users"],
  ["exclude_groups", "group", "groups"],
  ["exclude_nodes", "node", "nodes"],
  ["exclude_domains", "domain", "domains"],
] as const;

function excludeParts(
  { policy: before }: CaptureState,
  { policy: after }: CaptureState,
  { agents, inventory }: EffectFacts,
): Part[] {
  return LISTS.flatMap(([field, one, several]): Part[] => {
    const added = after[field].filter((word) => !before[field].includes(word));
    const removed = before[field].filter((word) => !after[field].includes(word));
    const what = (words: readonly string[]) => `${words.length === 1 ? one : several} ${listText(words)}`;
    const parts: Part[] = [];
    if (added.length > 0) {
      const { filter, unknown } = filterOf(field, added, inventory);
      const nobody =
        unknown.length === 0
          ? ""
          : ` The inventory knows no ${what(unknown)} now: nothing is left out for ${unknown.length === 1 ? "it" : "them"} until it does.`;
      const held =
        field === "exclude_domains" && before.exclude_domains.length === 0
          ? " Agents wait up to 3 s for a flow's name before they tell of it."
          : "";
      parts.push({
        text: (flows) =>
          `Flows of ${what(added)} are not recorded any more, by agents and by this server: of the last 24 hours that would have been ${flows}. ${STORED}${held}${nobody}`,
        filter: filter ?? NOTHING,
        isOfDay: true,
        agents,
      });
    }
    if (removed.length > 0) parts.push({ text: () => `Flows of ${what(removed)} are recorded again.`, agents });
    return parts;
  });
}

const NOTHING: Filter = anyFilter([]);

function filterOf(
  field: (typeof LISTS)[number][0],
  words: readonly string[],
  inventory: Inventory,
): { filter: Filter | null; unknown: readonly string[] } {
  if (field === "exclude_domains") {
    const texts = words.flatMap((word) => (word.startsWith("*.") ? [word] : [word, `*.${word}`]));
    return { filter: anyFilter(texts.map((text) => parseFilter(`domain = ${text}`))), unknown: [] };
  }
  const names = new Set<string>();
  const unknown = words.filter((word) => {
    const found = namesOf(field, word.toLowerCase(), inventory);
    for (const name of found) names.add(name);
    return found.length === 0;
  });
  const list = [...names];
  const filter = list.length === 0 ? null : anyFilter([columnIs("src_name", list), columnIs("dst_name", list)]);
  return { filter, unknown };
}

/** Names, as rows have them, of whoever the word stands for. */
function namesOf(field: "exclude_users" | "exclude_groups" | "exclude_nodes", word: string, { networks }: Inventory): string[] {
  const isCalled = ({ id, name }: { id: string; name?: string | undefined }) =>
    [id, name].some((text) => text?.toLowerCase() === word);
  const isIn = ({ groups = [], tags }: { groups?: string[]; tags: string[] }) =>
    [...groups, ...tags].some((text) => text.toLowerCase() === word);
  return networks.flatMap(({ users, config_files, nodes }) => {
    const found =
      field === "exclude_users"
        ? [...users, ...config_files].filter(isCalled)
        : field === "exclude_nodes"
          ? nodes.filter(isCalled)
          : [...users, ...config_files, ...nodes].filter(isIn);
    return found.map(({ id, name = id }) => name);
  });
}

const EXTERNAL: Filter = anyFilter([columnIs("src_type", ["external"]), columnIs("dst_type", ["external"])]);

function addressParts(before: CaptureState, after: CaptureState, { agents, nameOf }: EffectFacts): Part[] {
  const parts: Part[] = [];
  const say = (where: string, isCut: boolean, filter: Filter, there: Part["agents"]) => {
    if (!isCut) parts.push({ text: () => `Addresses of the internet${where} are kept in full from now on.`, agents: there });
    else
      parts.push({
        text: (flows) =>
          `Addresses of the internet${where} are cut to their /24 (IPv4) or /48 (IPv6) before they are stored: ${flows} of the last 24 hours ${flows === "1 flow" ? "has" : "have"} one. ${STORED}`,
        filter,
        isOfDay: true,
        agents: there,
      });
  };
  if (before.policy.external_addresses !== after.policy.external_addresses)
    say("", after.policy.external_addresses === "truncated", EXTERNAL, agents);
  for (const id of new Set([...before.networks.keys(), ...after.networks.keys()])) {
    if (before.networks.get(id)?.set.external_addresses === after.networks.get(id)?.set.external_addresses) continue;
    if (isTruncated(before, id) === isTruncated(after, id)) continue;
    const filter: Filter = { kind: "and", parts: [columnIs("network", [id]), EXTERNAL] };
    const there = agents.filter(({ networks }) => networks.includes(id));
    say(` of network ${nameOf("network", id)}`, isTruncated(after, id), filter, there);
  }
  return parts;
}

function pseudonymParts({ policy: before }: CaptureState, { policy: after }: CaptureState, { inventory }: EffectFacts): Part[] {
  if (before.pseudonyms === after.pseudonyms) return [];
  const people = new Set(inventory.networks.flatMap(({ users, config_files }) => [...users, ...config_files].map(({ id }) => id)))
    .size;
  const who = `${formatCount(people)} ${people === 1 ? "user or config file" : "users and config files"}`;
  const text = after.pseudonyms
    ? `${who} of the inventory become pseudonyms, here and in each new row, and only an admin can reveal one, with a reason. Addresses stay. ${STORED}`
    : `${who} of the inventory get their names back in new rows. Pseudonyms that are stored stay pseudonyms.`;
  return [{ text: () => text, agents: [] }];
}
