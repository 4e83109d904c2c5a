/** Which of all that is known is listed, and in which order: asked for in the address, answered on the page. */
import type { ListedEntity } from "../../lib/types-inventory.ts";
import { agentState } from "./agent-words.ts";

export const SORTS = ["name", "networks", "agent", "bytes", "connections"] as const;
export type Sort = (typeof SORTS)[number];

export interface ListChoice {
  /** Words that each must be somewhere in it. */
  readonly find: string;
  readonly sort: Sort;
  readonly order: "asc" | "desc";
}

/** Reads the address: those with most traffic first, if nothing else is asked for. */
export function readChoice(params: URLSearchParams): ListChoice {
  const sort = SORTS.find((one) => one === params.get("sort")) ?? "bytes";
  const order = params.get("order");
  return { find: params.get("find") ?? "", sort, order: order === "asc" || order === "desc" ? order : firstOrder(sort) };
}

/** Puts it into an address, whose other parts stay; what everybody gets without asking is left out. */
export function writeChoice({ find, sort, order }: ListChoice, rest: URLSearchParams): URLSearchParams {
  const params = new URLSearchParams([...rest].filter(([name]) => !OWN.has(name)));
  if (find !== "") params.set("find", find);
  if (sort !== "bytes") params.set("sort", sort);
  if (order !== firstOrder(sort)) params.set("order", order);
  return params;
}
const OWN = new Set(["find", "sort", "order"]);

/** A click on a head: by that, or the other way round. */
export function sortedBy(choice: ListChoice, sort: Sort): ListChoice {
  if (choice.sort !== sort) return { ...choice, sort, order: firstOrder(sort) };
  return { ...choice, order: choice.order === "asc" ? "desc" : "asc" };
}

/** Names begin with a, amounts with the largest. */
function firstOrder(sort: Sort): "asc" | "desc" {
  return sort === "bytes" || sort === "connections" ? "desc" : "asc";
}

/** Those that are asked for, in that order. */
export function listed(entities: readonly ListedEntity[], { find, sort, order }: ListChoice): readonly ListedEntity[] {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  const sign = order === "asc" ? 1 : -1;
  return entities
    .filter((entity) => words.length === 0 || words.every((word) => textOf(entity).includes(word)))
    .toSorted((a, b) => sign * ORDERS[sort](a, b) || byName(a, b));
}

function textOf({ name, networks, addresses, devices, groups, tags, via, agent }: ListedEntity): string {
  const all = [name, ...networks, ...addresses, ...devices, ...groups, ...tags, ...via, agent?.version ?? ""];
  return all.join("\n").toLowerCase();
}

const collator = new Intl.Collator("en-US", { numeric: true, sensitivity: "base" });
const byName = (a: ListedEntity, b: ListedEntity) => collator.compare(a.name, b.name);

type Compare = (a: ListedEntity, b: ListedEntity) => number;
const ORDERS: Readonly<Record<Sort, Compare>> = {
  name: byName,
  networks: (a, b) => collator.compare(a.networks.join(), b.networks.join()),
  // Who needs a look first: silent ones, then those without an agent, those that are switched off, and those that report.
  agent: (a, b) => agentRank(a) - agentRank(b),
  bytes: (a, b) => Number(a.bytes) - Number(b.bytes),
  connections: (a, b) => Number(a.connections) - Number(b.connections),
};

function agentRank({ agent, members }: ListedEntity): number {
  if (members !== null) return members.agents;
  if (agent === null) return 1;
  return { silent: 0, "off by settings": 2, reports: 3 }[agentState(agent)];
}
