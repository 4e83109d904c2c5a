/** Questions about the inventory: who had an address, what there is, what changed. */
import { allFilters, formatAddress, formatCidr, parseAddress, parseTime, TimeError } from "@flowtrail/model";
import { z } from "zod";
import { conflictReport } from "../../health/inventory-health.ts";
import { conflictsOf, isDescribed } from "../../identify/conflicts.ts";
import { holdersAt } from "../../identify/history/at.ts";
import { type EntityVersion, sourceKind } from "../../identify/history/change.ts";
import type { Holding } from "../../identify/holding.ts";
import { QueryError } from "../../query/errors.ts";
import { narrowed } from "../../query/narrowed.ts";
import { NETWORK_DAYS, networksOfFlows } from "../../query/networks.ts";
import { SAMPLE_NETWORK } from "../../receive/check.ts";
import { whenGone } from "../abort.ts";
import { scopeOf } from "../ask.ts";
import type { Api, ApiContext } from "../context.ts";
import { badRequest, errorSchema, notFound } from "../errors.ts";
import { rangeOf, withPlus } from "../flow-params.ts";
import {
  changesSchema,
  entitiesSchema,
  entityKind,
  type heldSchema,
  holdersSchema,
  networksSchema,
  retiredSchema,
} from "../inventory-schemas.ts";
import { Sight } from "../sight.ts";
import { whoIs } from "../who-is.ts";

const errors = { 400: errorSchema, 401: errorSchema };
const network = z.string().max(256).optional().describe("Id of a network. Left out: all");
const MAX_HOLDERS = 1000;

export function inventoryRoutes(api: Api, { config, history, inventoryLog, clickhouse, privacy, now }: ApiContext): void {
  const conflictsAt = (sight: Sight, network: string, holders: readonly Holding[], atMs: number) =>
    conflictsOf(holders, atMs, isDescribed(sight.holdings(network), atMs)).map(conflictReport);

  api.route({
    method: "GET",
    url: "/api/inventory/at",
    config: { access: "read" },
    schema: {
      summary: "Who had an address at a time",
      tags: ["inventory"],
      querystring: z.strictObject({
        ip: z.string().describe("An IPv4 or IPv6 address"),
        time: z.string().default("now").describe("Relative (-15m, now-1h) or RFC 3339"),
        network,
      }),
      response: { 200: holdersSchema, ...errors },
    },
    handler: async (request, reply) => {
      const { query } = request;
      const sight = new Sight(scopeOf(request), history);
      const address = addressOf(query.ip);
      const atMs = timeOf(query.time, now());
      const networks = sight.asked(query.network);
      // A correction may be of one network only.
      const found = networks.map((id) => {
        const asOfMs = history.inventoryTime(atMs, id);
        return { id, asOfMs, holders: holdersAt(sight.holdings(id), address, asOfMs) };
      });
      const times = networks.length === 0 ? [history.inventoryTime(atMs, "")] : found.map(({ asOfMs }) => asOfMs);
      const asOf = (ms: number) => (ms === atMs ? null : iso(ms));
      const { completeSinceMs } = history.stats;
      reply.header("cache-control", "no-store");
      return {
        ip: formatAddress(address),
        time: iso(atMs),
        as_of: asOf(times.every((ms) => ms === times[0]) ? (times[0] ?? atMs) : atMs),
        complete: completeSinceMs === null || times.every((ms) => ms >= completeSinceMs),
        holders: found
          .flatMap(({ holders, asOfMs }) => holders.map((holder, i) => ({ ...heldJson(holder, i === 0), as_of: asOf(asOfMs) })))
          .slice(0, MAX_HOLDERS),
        conflicts: found.flatMap(({ id, holders, asOfMs }) => conflictsAt(sight, id, holders, asOfMs)),
      };
    },
  });

  api.route({
    method: "GET",
    url: "/api/inventory",
    config: { access: "read" },
    schema: {
      summary: "What the inventory knows now, by network, with its sources",
      tags: ["inventory"],
      querystring: z.strictObject({
        network,
        kind: entityKind.optional(),
        source: z.string().max(300).optional().describe("file, netmaker or agent:ID"),
        q: z.string().max(256).optional().describe("A part of an id, a name, an address or a tag"),
        limit: z.coerce.number().int().min(1).max(1000).default(100),
        offset: z.coerce.number().int().min(0).max(10_000_000).default(0),
      }),
      response: { 200: entitiesSchema, ...errors },
    },
    handler: async (request, reply) => {
      const { network, kind, source, q, limit, offset } = request.query;
      const sight = new Sight(scopeOf(request), history);
      const part = q?.toLowerCase();
      const found = sight
        .asked(network)
        .flatMap((id) =>
          sight
            .versions(id)
            .filter(
              (version) =>
                version.toMs === Number.POSITIVE_INFINITY &&
                (kind === undefined || version.kind === kind) &&
                (source === undefined || version.source === source) &&
                (part === undefined || JSON.stringify(version.entity).toLowerCase().includes(part)),
            ),
        );
      const next = offset + limit;
      reply.header("cache-control", "no-store");
      return {
        entities: found.slice(offset, next).map(entityJson),
        total: found.length,
        next: next < found.length ? next : null,
      };
    },
  });

  api.route({
    method: "GET",
    url: "/api/inventory/history",
    config: { access: "read" },
    schema: {
      summary: "What changed in the inventory, newest first",
      tags: ["inventory"],
      querystring: z.strictObject({
        network,
        kind: entityKind.optional(),
        id: z.string().max(256).optional(),
        from: z.string().default("-30d").describe("Relative or RFC 3339"),
        to: z.string().default("now").describe("Relative or RFC 3339; not in the range itself"),
        limit: z.coerce.number().int().min(1).max(1000).default(100),
      }),
      response: { 200: changesSchema, ...errors, 422: errorSchema, 503: errorSchema },
    },
    handler: async (request, reply) => {
      const { from, to, ...query } = request.query;
      const { log } = new Sight(scopeOf(request), history);
      const changes = await inventoryLog.query({ ...query, ...log, ...rangeOf(from, to, now()) }, whenGone(reply));
      reply.header("cache-control", "no-store");
      return {
        changes: changes
          .flatMap((change) => privacy.change(change, query.id) ?? [])
          .map(({ atMs, network, kind, id, source, who, what, before, entity, changeId }) => ({
            time: iso(atMs),
            network,
            kind,
            id,
            source,
            who,
            what,
            before: parsed(before),
            after: parsed(entity),
            change_id: changeId,
          })),
      };
    },
  });

  api.route({
    method: "POST",
    url: "/api/inventory/sources/:name/retire",
    config: { access: "admin", audit: "inventory.retire" },
    schema: {
      summary: "End what a source told that no server reads any more",
      description:
        "What it held, it holds until now; the history says who ended it. A server that still reads it tells it again when it starts.",
      tags: ["inventory"],
      params: z.object({ name: z.enum(["file", "netmaker"]) }),
      response: { 200: retiredSchema, ...errors, 404: errorSchema },
    },
    handler: async ({ params: { name }, identity }) => {
      const isRead = name === "file" ? config.inventory.file !== undefined : config.inventory.netmaker.url !== undefined;
      if (isRead) throw badRequest(`this server reads ${name}: take inventory.${name} out of its configuration first`);
      const entities = history.counts().get(name) ?? 0;
      if (entities === 0) throw notFound(`nothing that ${name} told is in force`);
      history.retire(name, { who: `${whoIs(identity)}: retired ${name}` });
      return { source: name, entities };
    },
  });

  api.route({
    method: "GET",
    url: "/api/networks",
    config: { access: "read" },
    schema: {
      summary: `Networks of the inventory, and of flows of the last ${NETWORK_DAYS} days`,
      tags: ["inventory"],
      response: { 200: networksSchema, 401: errorSchema, 503: errorSchema },
    },
    handler: async (request, reply) => {
      const scope = scopeOf(request);
      const sight = new Sight(scope, history);
      const flows = await networksOfFlows(clickhouse, narrowed(scope, allFilters([])), now(), whenGone(reply));
      const seen = new Map(flows.map((found) => [found.network, found]));
      const known = new Map(sight.current().map((found) => [found.id, found]));
      const ids = [...new Set([...known.keys(), ...seen.keys()])].filter((id) => id !== SAMPLE_NETWORK).sort();
      reply.header("cache-control", "no-store");
      return {
        networks: ids.map((id) => {
          const { name, ranges = [], nodes = [], users = [], config_files = [], egress = [] } = known.get(id) ?? {};
          const { flows = 0, lastMs } = seen.get(id) ?? {};
          return {
            id,
            name: name ?? null,
            ranges,
            sources: sourcesOf(sight.versions(id)),
            nodes: nodes.length,
            users: users.length,
            config_files: config_files.length,
            egress: egress.length,
            flows,
            last_flow: lastMs === undefined ? null : iso(lastMs),
          };
        }),
      };
    },
  });
}

const iso = (ms: number) => new Date(ms).toISOString();
const parsed = (entity: string | null) => (entity === null ? null : (JSON.parse(entity) as { id: string }));

/** @throws QueryError */
function addressOf(text: string): Uint8Array {
  const address = parseAddress(text);
  if (address !== null) return address;
  const message = `expected an IPv4 or IPv6 address without a mask, got ${JSON.stringify(text.slice(0, 80))}`;
  throw new QueryError([{ parameter: "ip", message }]);
}

/** @throws QueryError */
function timeOf(text: string, nowMs: number): number {
  try {
    return parseTime(withPlus(text), nowMs);
  } catch (error) {
    if (!(error instanceof TimeError)) throw error;
    throw new QueryError([{ parameter: "time", message: error.message }]);
  }
}

function sourcesOf(versions: readonly EntityVersion[]): string[] {
  const current = versions.filter(({ toMs }) => toMs === Number.POSITIVE_INFINITY);
  return [...new Set(current.map(({ source }) => sourceKind(source)))].sort();
}

function entityJson(version: EntityVersion) {
  const { network, kind, id, source, fromMs, isFirst, entity } = version;
  return { network, kind, id, name: entity.name ?? null, source, since: iso(fromMs), first: isFirst, entity };
}

function heldJson(holding: Holding, wins: boolean): Omit<z.infer<typeof heldSchema>, "as_of"> {
  const { network, participant, kind, cidr, domain, source, fromMs, toMs, isFirst } = holding;
  const { type, id, name, device, gateways } = participant;
  return {
    network,
    type,
    id,
    name,
    device,
    kind,
    range: formatCidr(cidr),
    domain,
    gateways: gateways.map(({ id, name }) => ({ id, name })),
    source,
    since: iso(fromMs),
    until: toMs === Number.POSITIVE_INFINITY ? null : iso(toMs),
    first: isFirst,
    wins,
  };
}
