/** What may be wrong with an inventory whose form is right. */
import { cidrContains, formatAddress, parseAddress, parseCidr } from "@flowtrail/model";
import type { Inventory, InventoryNetwork } from "./inventory-schema.ts";

export interface Problem {
  /** An error keeps the inventory from being used; a warning does not. */
  readonly level: "error" | "warning";
  /** Of the value that it is about. */
  readonly path: readonly (string | number)[];
  /** Of the other value where two don't go together. */
  readonly other?: readonly (string | number)[];
  readonly message: string;
}

type Path = readonly (string | number)[];
type Named = readonly { readonly id: string }[];

export function problemsOf({ networks }: Inventory): Problem[] {
  return networks.flatMap((network, i) => {
    const path = ["networks", i];
    return [
      ...duplicateIds(network, path),
      ...unknownNodes(network, path),
      ...sharedAddresses(network, path),
      ...outsiders(network, path),
      ...(network.nodes.length > 0 && network.ranges.length === 0 ? [rangeless(path)] : []),
    ];
  });
}

function duplicateIds(network: InventoryNetwork, path: Path): Problem[] {
  const lists: readonly (readonly [string, string, Named])[] = [
    ["nodes", "node", network.nodes],
    ["users", "user", network.users],
    ["config_files", "config file", network.config_files],
    ["egress", "egress route", network.egress],
  ];
  return lists.flatMap(([key, word, entities]) => {
    const seen = new Map<string, number>();
    return entities.flatMap(({ id }, i) => {
      const first = seen.get(id);
      seen.set(id, first ?? i);
      if (first === undefined) return [];
      const message = `there is another ${word} with the id ${id}`;
      return [{ level: "error" as const, path: [...path, key, i, "id"], other: [...path, key, first, "id"], message }];
    });
  });
}

/** Only a warning: another source may know the node. */
function unknownNodes({ nodes, users, config_files, egress }: InventoryNetwork, path: Path): Problem[] {
  const words = new Set(nodes.flatMap(({ id, name, host }) => [id, name, host]));
  const check = (word: string | undefined, ...keys: (string | number)[]): Problem[] =>
    word === undefined || words.has(word)
      ? []
      : [{ level: "warning", path: [...path, ...keys], message: `no node of this network has the id or the name ${word}` }];
  return [
    ...nodes.flatMap(({ relay }, i) => check(relay, "nodes", i, "relay")),
    ...users.flatMap(({ devices }, i) =>
      devices.flatMap(({ gateway }, j) => check(gateway, "users", i, "devices", j, "gateway")),
    ),
    ...config_files.flatMap(({ gateway }, i) => check(gateway, "config_files", i, "gateway")),
    ...egress.flatMap(({ via }, i) => via.flatMap((word, j) => check(word, "egress", i, "via", j))),
  ];
}

interface Held {
  readonly holder: string;
  /** Of several holders of one address the one with the lowest counts: nodes, users, config files, then the id. */
  readonly rank: string;
  readonly text: string;
  readonly path: Path;
}

function heldAddresses({ nodes, users, config_files }: InventoryNetwork, path: Path): Held[] {
  const held = (holder: string, rank: string, addresses: readonly string[], ...keys: (string | number)[]): Held[] =>
    addresses.map((text, i) => ({ holder, rank, text, path: [...path, ...keys, "addresses", i] }));
  return [
    ...nodes.flatMap(({ id, addresses }, i) => held(`node ${id}`, `0${id}`, addresses, "nodes", i)),
    ...users.flatMap(({ id, devices }, i) =>
      devices.flatMap(({ name, addresses }, j) =>
        held(`user ${id}${name === undefined ? "" : ` (${name})`}`, `1${id}`, addresses, "users", i, "devices", j),
      ),
    ),
    ...config_files.flatMap(({ id, addresses }, i) => held(`config file ${id}`, `2${id}`, addresses, "config_files", i)),
  ];
}

function sharedAddresses(network: InventoryNetwork, path: Path): Problem[] {
  const first = new Map<string, Held>();
  return heldAddresses(network, path).flatMap((held) => {
    const bytes = parseAddress(held.text);
    const key = bytes === null ? held.text : formatAddress(bytes);
    const other = first.get(key);
    if (other === undefined) first.set(key, held);
    if (other === undefined || other.holder === held.holder) return [];
    const { holder } = other.rank <= held.rank ? other : held;
    const message = `${key} is the address of ${other.holder}, too: ${holder} is taken for its holder`;
    return [{ level: "warning" as const, path: held.path, other: other.path, message }];
  });
}

function outsiders(network: InventoryNetwork, path: Path): Problem[] {
  const ranges = network.ranges.flatMap((text) => parseCidr(text) ?? []);
  if (ranges.length === 0) return [];
  return heldAddresses(network, path).flatMap(({ holder, text, path }) => {
    const bytes = parseAddress(text);
    if (bytes === null || ranges.some((range) => cidrContains(range, bytes))) return [];
    return [
      { level: "warning" as const, path, message: `${text} (${holder}) is in none of the ranges of network ${network.id}` },
    ];
  });
}

const rangeless = (path: Path): Problem => ({
  level: "warning",
  path: [...path, "id"],
  message: "without ranges agents do not know which flows belong to this network",
});
