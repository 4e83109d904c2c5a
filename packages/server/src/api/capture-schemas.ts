/** What the API takes and tells of what agents record, as zod. */
import { domainToASCII } from "node:url";
import { isDomainPattern, parseCidr } from "@flowtrail/model";
import { z } from "zod";
import { ADDRESS_MODES, NAME_MODES } from "../settings/capture-state.ts";
import { time } from "./time-schema.ts";

const names = z.enum(NAME_MODES);
const range = z.string().refine((text) => parseCidr(text) !== null, "expected an address range, such as 10.20.0.0/16");

const addresses = z.enum(ADDRESS_MODES);
const who = (what: string) => z.array(z.string().min(1).max(256)).max(1000).readonly().describe(what);
const domain = z
  .string()
  .transform((text) =>
    domainToASCII(text.trim().replace(/^\*\./, "wildcard-label.").replace(/\.$/, "")).replace(/^wildcard-label\./, "*."),
  )
  .refine(isDomainPattern, "expected a domain, such as example.com (with all below it) or *.example.com (all below it alone)");

const POLICY = {
  enabled: z.boolean().describe("Traffic logs: whether agents record at all"),
  icmp: z.boolean().describe("Record ICMP"),
  dns: z.boolean().describe("Record DNS (port 53)"),
  names: names.describe("How much of domain names is kept, where a network has no setting of its own"),
  denied: z.boolean().describe("Record what firewalls of nodes drop, as far as rules there tell of it"),
  process: z.boolean().describe("Record which local program made a flow"),
  update_interval_s: z.number().int().min(1).max(300).describe("Time between two reports of an open flow"),
  flush_interval_ms: z.number().int().min(50).max(60_000).describe("Longest time that an agent collects before it sends"),
  exclude: z.array(range).max(200).readonly().describe("Flows with an end in one of these are not recorded"),
  exclude_users: who("Flows of these users and config files (ids or names of the inventory) are not recorded"),
  exclude_groups: who("Flows of users of these groups, and of whatever has one of these tags, are not recorded"),
  exclude_nodes: who("Flows with one of these nodes (ids or names) at an end are not recorded"),
  exclude_domains: z
    .array(domain)
    .max(1000)
    .readonly()
    .describe("Flows to these domains are not recorded; names of them are not learned"),
  external_addresses: addresses.describe("Addresses of the internet: in full, or cut to /24 and /48"),
  pseudonyms: z.boolean().describe("Names of users and config files are kept under the key of privacy.key_file"),
};
const policySchema = z.object({ ...POLICY, exclude_domains: z.array(z.string()).readonly() });
const changeSchema = z.object({ time, who: z.string() }).nullable();

/** Null: as configured again, of a network or a node as for the fleet. Left out: as it is. */
export const captureChangeSchema = z.strictObject({
  enabled: POLICY.enabled.nullable().optional(),
  icmp: POLICY.icmp.nullable().optional(),
  dns: POLICY.dns.nullable().optional(),
  names: POLICY.names.nullable().optional(),
  denied: POLICY.denied.nullable().optional(),
  process: POLICY.process.nullable().optional(),
  update_interval_s: POLICY.update_interval_s.nullable().optional(),
  flush_interval_ms: POLICY.flush_interval_ms.nullable().optional(),
  exclude: POLICY.exclude.nullable().optional(),
  exclude_users: POLICY.exclude_users.nullable().optional(),
  exclude_groups: POLICY.exclude_groups.nullable().optional(),
  exclude_nodes: POLICY.exclude_nodes.nullable().optional(),
  exclude_domains: POLICY.exclude_domains.nullable().optional(),
  external_addresses: POLICY.external_addresses.nullable().optional(),
  pseudonyms: POLICY.pseudonyms.nullable().optional(),
  networks: z
    .record(
      z.string().min(1).max(256),
      z.strictObject({
        enabled: z.boolean().nullable().optional(),
        names: names.nullable().optional(),
        external_addresses: addresses.nullable().optional(),
      }),
    )
    .optional()
    .describe("By id or name"),
  nodes: z
    .record(z.string().min(1).max(256), z.strictObject({ enabled: z.boolean().nullable().optional() }))
    .optional()
    .describe("By id or name"),
});

export const captureSchema = z.object({
  settings: policySchema.describe("In force for the fleet"),
  defaults: policySchema.describe("As configured"),
  set: policySchema.partial().describe("What was set at run time"),
  changed: changeSchema,
  networks: z
    .array(
      z.object({
        id: z.string(),
        name: z.string(),
        enabled: z.boolean().describe("The fleet's switch aside"),
        names: names.describe("In force"),
        inherited_names: names.describe("In force if nothing is set: what the inventory says of it, or the fleet's"),
        external_addresses: addresses.describe("In force"),
        set: z.object({ enabled: z.boolean().optional(), names: names.optional(), external_addresses: addresses.optional() }),
        changed: changeSchema,
        agents: z.number().int().describe("Agents with an address in it, of those that report now"),
      }),
    )
    .readonly(),
  nodes: z
    .array(
      z.object({
        id: z.string(),
        name: z.string(),
        enabled: z.boolean().describe("The fleet's switch aside"),
        changed: changeSchema,
        networks: z.array(z.string()).readonly().describe("That it has an address in"),
        last_seen: time.nullable().describe("Of the last day"),
        recording: z.boolean().nullable().describe("What its agent says; null: it is silent"),
      }),
    )
    .readonly(),
});

export const captureSetSchema = captureSchema.extend({
  effect: z.object({
    sentences: z.array(z.string()).readonly().describe("For people, with figures of the last hour"),
    agents: z.number().int().describe("Agents that are told something else, of those that report now"),
  }),
});
