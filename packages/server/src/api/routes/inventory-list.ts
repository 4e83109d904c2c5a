/** `GET /api/inventory/list`: all nodes, all users, … with their traffic, in one answer. */
import { allFilters, type ParticipantType } from "@flowtrail/model";
import type { z } from "zod";
import type { AgentReport } from "../../health/agent-book.ts";
import type { EntityKind } from "../../identify/history/change.ts";
import { type KnownEntity, knownEntities } from "../../identify/known-entities.ts";
import { type EntityTraffic, entityTraffic } from "../../query/entity-traffic.ts";
import { type Narrowed, narrowed } from "../../query/narrowed.ts";
import { networksOfFlows } from "../../query/networks.ts";
import { amount } from "../../query/traffic/amounts.ts";
import { SAMPLE_NETWORK } from "../../receive/check.ts";
import { inquiryFor, scopeOf } from "../ask.ts";
import type { Api, ApiContext } from "../context.ts";
import { errorSchema } from "../errors.ts";
import { filterOf, questionRangeOf } from "../flow-params.ts";
import { listQuerySchema, listSchema } from "../inventory-list-schemas.ts";
import { Sight } from "../sight.ts";

const errors = { 400: errorSchema, 401: errorSchema, 403: errorSchema, 422: errorSchema, 429: errorSchema, 503: errorSchema };

/** As rows have them. */
const TYPES: Readonly<Record<EntityKind, ParticipantType | null>> = {
  network: null,
  node: "node",
  user: "user",
  config_file: "extclient",
  egress: "egress_route",
};

export function inventoryListRoutes(api: Api, context: ApiContext): void {
  const { history, health, traffic, clickhouse, now } = context;

  /** Of the network that is asked for, else of all but the sample one. */
  const idsOf = (sight: Sight, network: string | undefined) =>
    sight.asked(network).filter((id) => network !== undefined || id !== SAMPLE_NETWORK);

  /** Networks that flows were of lately, however quiet they are now. */
  const seenNetworks = async (filter: Narrowed, network: string | undefined, signal: AbortSignal) =>
    (await networksOfFlows(clickhouse, filter, now(), signal))
      .map((found) => found.network)
      .filter((id) => (network === undefined ? id !== SAMPLE_NETWORK : id === network));

  api.route({
    method: "GET",
    url: "/api/inventory/list",
    config: { access: "read" },
    schema: {
      summary: "All that there is of one kind, with its traffic",
      description: "What the inventory knows, what it knew, and what flows alone tell of. Agents are those of the last 24 hours.",
      tags: ["inventory"],
      querystring: listQuerySchema,
      response: { 200: listSchema, ...errors },
    },
    handler: async (request, reply) => {
      const { kind, network, from, to, limit } = request.query;
      const range = questionRangeOf(from, to, now());
      const inquiry = inquiryFor(request, reply, context);
      const scope = scopeOf(request);
      const sight = new Sight(scope, history);
      const query = { range, filter: filterOf(request, { network }), type: TYPES[kind] };
      const [found, seen] = await Promise.all([
        entityTraffic(traffic, query, inquiry),
        kind === "network" ? seenNetworks(narrowed(scope, allFilters([])), network, inquiry.signal) : [],
      ]);
      const ids = idsOf(sight, network);
      const agents = sight.agents(health.agents());
      const versions = ids.flatMap((id) => sight.versions(id));
      const known = new Map(knownEntities(versions, kind).map((one) => [one.name, one]));
      const alone = kind === "node" ? unnamed(agents, known, network) : [];
      const names = new Set([...known.keys(), ...found.byName.keys(), ...seen, ...alone]);
      const membersOf = kind === "network" ? membersIn(sight, agents) : () => null;
      const all = [...names]
        .map((name) => listed(name, known.get(name), found, kind === "node" ? agents : []))
        .sort((a, b) => Number(b.bytes) - Number(a.bytes) || (a.name < b.name ? -1 : 1));
      reply.header("cache-control", "no-store");
      return {
        step_ms: found.stepMs,
        first_step: iso(found.fromMs),
        entities: all.slice(0, limit).map((one) => ({ ...one, members: membersOf(one.name) })),
        total: all.length,
        estimated: found.estimated,
        meta: inquiry.meta,
      };
    },
  });
}

const iso = (ms: number) => new Date(ms).toISOString();
type Listed = Omit<z.infer<typeof listSchema>["entities"][number], "members">;

function listed(name: string, known: KnownEntity | undefined, { byName }: EntityTraffic, agents: readonly AgentReport[]): Listed {
  const traffic = byName.get(name);
  const agent = agents.find((one) => known?.words.has(one.id) || known?.words.has(one.name) || one.name === name);
  const ofAgent = agent === undefined ? {} : agent.addresses;
  const { devices = [], groups = [], tags = [], via = [], gateway = false, removedMs = null, sinceMs = null } = known ?? {};
  return {
    name,
    networks: known?.networks ?? [...new Set([...(traffic?.networks ?? []), ...Object.keys(ofAgent)])].sort(),
    addresses: known?.addresses ?? [...new Set(Object.values(ofAgent).flat())],
    ...{ devices, groups, tags, via, gateway },
    known: known !== undefined && removedMs === null,
    since: sinceMs === null ? null : iso(sinceMs),
    removed: removedMs === null ? null : iso(removedMs),
    agent: agent === undefined ? null : agentOf(agent),
    bytes: amount(traffic?.bytes ?? 0n),
    connections: amount(traffic?.connections ?? 0n),
    series: traffic?.series.map(amount) ?? [],
  };
}

const agentOf = ({ version, last_seen, silent, off_by_settings }: AgentReport) => ({
  version,
  last_seen,
  silent,
  off_by_settings,
});

/** Nodes that nobody but their own agent tells of. */
function unnamed(
  agents: readonly AgentReport[],
  known: ReadonlyMap<string, KnownEntity>,
  network: string | undefined,
): readonly string[] {
  const words = new Set([...known.values()].flatMap((one) => [...one.words]));
  return agents
    .filter(({ id, name, addresses }) => {
      const isHere = network === undefined || Object.hasOwn(addresses, network);
      return isHere && !words.has(id) && !words.has(name);
    })
    .map(({ name }) => name);
}

function membersIn(sight: Sight, agents: readonly AgentReport[]) {
  const byId = new Map(sight.current().map((network) => [network.id, network]));
  return (id: string): z.infer<typeof listSchema>["entities"][number]["members"] => {
    const { nodes = [], users = [], config_files = [], egress = [] } = byId.get(id) ?? {};
    const words = new Set(nodes.flatMap((node) => [node.id, node.name, node.host]));
    const isIn = (agent: AgentReport) => Object.hasOwn(agent.addresses, id) || words.has(agent.id) || words.has(agent.name);
    return {
      nodes: nodes.length,
      users: users.length,
      config_files: config_files.length,
      egress: egress.length,
      agents: agents.filter((agent) => !agent.silent && isIn(agent)).length,
    };
  };
}
