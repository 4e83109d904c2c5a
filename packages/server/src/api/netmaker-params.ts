/** The parameters of `GET /api/v1/flows` → the question that they ask. */
import { allFilters, anyFilter, conditionsOf, type Filter, parseFilter, type TimeRange } from "@flowtrail/model";
import type { z } from "zod";
import type { InventoryNetwork } from "../identify/inventory-schema.ts";
import { type ParameterProblem, QueryError } from "../query/errors.ts";
import { columnIs, mentions, readFilters } from "../query/filters.ts";
import { type Narrowed, narrowed } from "../query/narrowed.ts";
import { SAMPLE_NETWORK } from "../receive/check.ts";
import { type Asker, scopeOf } from "./ask.ts";
import { momentOf } from "./flow-params.ts";
import { NETMAKER_TYPES, type netmakerQuerySchema } from "./netmaker-schemas.ts";

export type NetmakerParameters = z.infer<typeof netmakerQuerySchema>;

export interface NetmakerQuestion {
  readonly filter: Narrowed;
  /** Of starts. The last millisecond belongs to it. */
  readonly range: TimeRange;
  readonly page: number;
  readonly perPage: number;
}

/** As long as Netmaker keeps rows unless it is told otherwise. */
const DEFAULT_MS = 7 * 86_400_000;
const MAX_PER_PAGE = 1000;
const COLUMNS = ["protocol", "direction", "src_port", "dst_port", "src_ip", "dst_ip", "domain", "state"] as const;

/**
 * @param networks what the asker may see of the inventory
 * @throws QueryError, FilterError
 */
export function netmakerQuestion(
  asker: Asker,
  parameters: NetmakerParameters,
  networks: readonly InventoryNetwork[],
  nowMs: number,
): NetmakerQuestion {
  const { page, per_page } = parameters;
  return {
    filter: narrowed(scopeOf(asker), filterOf(parameters, networks)),
    range: rangeOf(parameters, nowMs),
    page: countOf(page, 1),
    perPage: Math.min(countOf(per_page, 100), MAX_PER_PAGE),
  };
}

/** Netmaker takes whatever is no such number for the default. */
function countOf(text: string | undefined, otherwise: number): number {
  const value = /^\+?\d{1,15}$/.test(text ?? "") ? Number(text) : 0;
  return value > 0 ? value : otherwise;
}

function rangeOf({ from, to }: NetmakerParameters, nowMs: number): TimeRange {
  // An empty parameter counts as none there.
  const lastMs = to ? momentOf("to", to, nowMs) : nowMs;
  const fromMs = from ? momentOf("from", from, nowMs) : Math.max(0, lastMs - DEFAULT_MS);
  if (fromMs > lastMs) throw wrong("from", "is after to");
  return { fromMs, toMs: lastMs + 1 };
}

function filterOf(parameters: NetmakerParameters, networks: readonly InventoryNetwork[]): Filter {
  const { network_id: network, src_entity_id, dst_entity_id, username, node_id } = parameters;
  const problems: ParameterProblem[] = [];
  const columns = readFilters(Object.fromEntries(COLUMNS.map((name) => [name, listOf(parameters, name)])), problems);
  if (problems.length > 0) throw new QueryError(problems);
  const text = parameters.q ? parseFilter(parameters.q) : allFilters([]);
  const types = { src: listOf(parameters, "src_type"), dst: listOf(parameters, "dst_type") };
  if (username && (types.src || types.dst || src_entity_id || dst_entity_id))
    throw wrong("username", "can't be asked for along with src and dst types and ids");
  const asksState = listOf(parameters, "state") !== undefined || [...conditionsOf(text)].some(isAboutState);
  const wantsSample = network === SAMPLE_NETWORK || mentions(text, "network", SAMPLE_NETWORK);
  return allFilters([
    ...columns,
    text,
    ...(network ? [columnIs("network", [network])] : []),
    ...(types.src ? [columnIs("src_type", typesOf("src_type", types.src))] : []),
    ...(types.dst ? [columnIs("dst_type", typesOf("dst_type", types.dst))] : []),
    ...(src_entity_id ? [isEntity("src", src_entity_id)] : []),
    ...(dst_entity_id ? [isEntity("dst", dst_entity_id)] : []),
    ...(username ? [anyFilter([isUser("src", username), isUser("dst", username)])] : []),
    ...(node_id ? [isReporter(node_id, network, networks)] : []),
    ...(asksState ? [] : [columnIs("state", ["closed", "lost"])]),
    ...(wantsSample ? [] : [columnIs("network", [SAMPLE_NETWORK], true)]),
  ]);
}

type ListName = (typeof COLUMNS)[number] | "src_type" | "dst_type";

/** Values of both spellings; undefined: none was given. */
function listOf(parameters: NetmakerParameters, name: ListName): string[] | undefined {
  const given = [parameters[name] ?? [], parameters[`${name}[]`] ?? []].flat().filter((value) => value !== "");
  return given.length === 0 ? undefined : given;
}

function typesOf(parameter: string, given: readonly string[]): string[] {
  for (const type of given)
    if (!NETMAKER_TYPES.some((known) => known === type))
      throw wrong(parameter, `expected one of ${NETMAKER_TYPES.join(", ")}, got ${JSON.stringify(type.slice(0, 80))}`);
  return given.flatMap((type) => (type === "external" ? ["external", "unknown"] : [type]));
}

/** As `netmakerRow` tells it. */
function isEntity(end: "src" | "dst", id: string): Filter {
  const outside = columnIs(`${end}_type`, ["external", "unknown"]);
  const hasDomain: Filter = { kind: "is", field: `${end}.domain`, values: [id], not: false };
  return anyFilter([columnIs(`${end}_id`, [id]), allFilters([outside, hasDomain])]);
}

const isUser = (end: "src" | "dst", name: string) =>
  allFilters([columnIs(`${end}_type`, ["user"]), columnIs(`${end}_id`, [name])]);

const isAboutState = (condition: ReturnType<typeof conditionsOf> extends Generator<infer C> ? C : never) =>
  condition.kind !== "text" && condition.field === "state";

/** A node reports as its host, or as it was called when its agent got a token. */
function isReporter(nodeId: string, network: string | undefined, networks: readonly InventoryNetwork[]): Filter {
  const home = networks.find(({ nodes }) => nodes.some(({ id }) => id === nodeId));
  const node = home?.nodes.find(({ id }) => id === nodeId);
  if (home === undefined || node === undefined) throw wrong("node_id", `the inventory has no node with id ${nodeId}`);
  if (network && network !== home.id) throw wrong("node_id", `node with id ${nodeId} does not belong to network ${network}`);
  const names = [node.host, node.id, node.name].filter((name) => name !== undefined);
  return allFilters([columnIs("network", [home.id]), columnIs("reporter_id", [...new Set(names)])]);
}

const wrong = (parameter: string, message: string) => new QueryError([{ parameter, message }]);
