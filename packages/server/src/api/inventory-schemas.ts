/** What the API tells of the inventory, as zod. */
import { PARTICIPANT_TYPES } from "@flowtrail/model";
import { z } from "zod";
import { ENTITY_KINDS } from "../identify/history/change.ts";
import { HOLDING_KINDS } from "../identify/holding.ts";
import { time } from "./time-schema.ts";

const source = z.string().describe("file, netmaker or agent:ID");
const conflictingHolder = z.object({
  type: z.enum(PARTICIPANT_TYPES),
  id: z.string().nullable(),
  name: z.string().nullable(),
  device: z.string().nullable(),
  source,
  since: time,
});
const conflict = z
  .object({
    network: z.string(),
    address: z.string(),
    winner: conflictingHolder.describe("Whom rows name"),
    others: z.array(conflictingHolder),
    why: z.string().describe("Why rows name the winner"),
  })
  .describe("Two holders of one address at the same time");

export const inventoryHealthSchema = z.object({
  sources: z
    .array(
      z.object({
        name: z.string().describe("file, netmaker or agent:ID"),
        kind: z.enum(["file", "netmaker", "agent"]),
        where: z.string().describe("A path, a URL, a node's name"),
        last_sync: time.nullable().describe("When it last said what is in force"),
        error: z.string().nullable().describe("Why what it says now is not in force"),
        next_try: time.nullable().describe("When it is asked again; null: it comes by itself"),
        entities: z.number().describe("Networks, nodes, users, config files and routes that it knows now"),
      }),
    )
    .describe("Those with an error first, at most 200"),
  sources_count: z.number(),
  conflicts: z.object({ count: z.number(), list: z.array(conflict).describe("At most 100") }),
  networks: z.number(),
  entities: z.number(),
  changes: z.number().describe("Changes that are held in memory"),
  waiting_changes: z.number().describe("Changes that are in force but not yet in the store"),
  deferred_sources: z.number().describe("Sources whose last word is not in force, since too much waits for the store"),
  store_failures: z.number().describe("Failed attempts to store changes since the start"),
  store_error: z.string().nullable(),
  complete_since: time.nullable().describe("Answers about times before are incomplete; null: none are"),
});

const route = z.string().describe("Address range");
export const heldSchema = z.object({
  network: z.string(),
  type: z.enum(PARTICIPANT_TYPES).describe("unknown: in the network's range, but nobody's"),
  id: z.string().nullable(),
  name: z.string().nullable(),
  device: z.string().nullable(),
  kind: z.enum(HOLDING_KINDS).describe("Its own address, or a range of an egress route or of the network"),
  range: route,
  domain: z.string().nullable(),
  gateways: z.array(z.object({ id: z.string(), name: z.string() })).describe("The nodes that carry its traffic"),
  source,
  since: time.describe("When it became known"),
  until: time.nullable().describe("When it ceased; null: it still holds"),
  first: z.boolean().describe("Of the first version that its source told of, which holds for all time before, too"),
  wins: z.boolean().describe("Rows of this network name this one"),
  as_of: time.nullable().describe("A correction of this network: the inventory is read as it stood then"),
});

export const holdersSchema = z.object({
  ip: z.string(),
  time,
  as_of: time
    .nullable()
    .describe("A correction of all the networks: the inventory is read as it stood then. Of some only: see holders"),
  complete: z.boolean().describe("False: so long ago that not everything is held in memory any more"),
  holders: z.array(heldSchema).describe("By network, the one that rows name first"),
  conflicts: z.array(conflict).describe("About this address, at that time"),
});

export const entityKind = z.enum(ENTITY_KINDS);
const entity = z.looseObject({ id: z.string() }).describe("As in the inventory file");

export const entitiesSchema = z.object({
  entities: z.array(
    z.object({
      network: z.string(),
      kind: entityKind,
      id: z.string(),
      name: z.string().nullable(),
      source,
      since: time,
      first: z.boolean(),
      entity,
    }),
  ),
  total: z.number(),
  next: z.number().nullable().describe("offset of the next page; null: there is none"),
});

export const retiredSchema = z.object({
  source: z.string(),
  entities: z.number().int().describe("Networks, nodes, users, config files and routes that ended"),
});

export const changesSchema = z.object({
  changes: z
    .array(
      z.object({
        time,
        network: z.string(),
        kind: entityKind,
        id: z.string(),
        source,
        who: z.string().describe("Who told: file:PATH, netmaker:URL, agent:NAME"),
        what: z.string().describe("added, removed, or what changed"),
        before: entity.nullable(),
        after: entity.nullable(),
        change_id: z.string().describe("The same for all that changed at once"),
      }),
    )
    .describe("Newest first"),
});

export const networksSchema = z.object({
  networks: z.array(
    z.object({
      id: z.string(),
      name: z.string().nullable(),
      ranges: z.array(route),
      sources: z.array(source).describe("Who tells of it, agents as one: agent"),
      nodes: z.number(),
      users: z.number(),
      config_files: z.number(),
      egress: z.number(),
      flows: z.number().describe("Ended flows of the last 7 days"),
      last_flow: time.nullable(),
    }),
  ),
});
