/** The inventory as people write it (YAML): networks with their nodes, users' devices, config files and egress routes. */
import { parseAddress, parseCidr } from "@flowtrail/model";
import { z } from "zod";

const id = z.string("expected a text").min(1, "expected a text").max(256, "expected at most 256 characters");
const address = z
  .string("expected an IPv4 or IPv6 address")
  .refine((text) => parseAddress(text) !== null, "expected an IPv4 or IPv6 address, without a mask");
const range = z
  .string("expected an address range")
  .refine((text) => parseCidr(text) !== null, "expected an address range, such as 10.20.0.0/16");
const domain = z.string("expected a domain").min(1, "expected a domain").max(253, "expected at most 253 characters");
const list = <T extends z.ZodType>(item: T) => z.array(item, "expected a list").default([]);

const tags = list(id);
const device = z.strictObject({ id: id.optional(), name: id.optional(), addresses: list(address), gateway: id.optional() });

const networkSchema = z.strictObject({
  id,
  name: id.optional(),
  ranges: list(range),
  /** How much of domain names agents keep in this network; left out: what the server's settings say. */
  names: z.enum(["off", "second-level", "full"], "expected off, second-level or full").optional(),
  nodes: list(
    z.strictObject({
      id,
      name: id.optional(),
      /** The machine, where it has an id of its own (Netmaker's host): its reports may come under that. */
      host: id.optional(),
      addresses: list(address),
      gateway: z.boolean("expected true or false").default(false),
      /** The node that relays its traffic, by id or name. */
      relay: id.optional(),
      /** Of its WireGuard interfaces, in Base64. */
      public_keys: z.array(id, "expected a list").optional(),
      tags,
    }),
  ),
  users: list(z.strictObject({ id, name: id.optional(), devices: list(device), groups: list(id), tags })),
  config_files: list(z.strictObject({ id, name: id.optional(), addresses: list(address), gateway: id.optional(), tags })),
  egress: list(
    z.strictObject({
      id,
      name: id.optional(),
      ranges: list(range),
      /** What members see instead of `ranges` (virtual NAT). */
      virtual_ranges: list(range),
      via: list(id),
      domains: list(domain),
      /** Ranges that a domain of the route was resolved to. */
      resolved: z.record(domain, list(range), "expected domains with their ranges").default({}),
      tags,
    }),
  ),
});

export const inventorySchema = z.strictObject({ networks: list(networkSchema) }).superRefine(({ networks }, context) => {
  const seen = new Set<string>();
  for (const [i, network] of networks.entries()) {
    if (seen.has(network.id))
      context.addIssue({ code: "custom", path: ["networks", i, "id"], message: "this network is there twice" });
    seen.add(network.id);
  }
});

export type Inventory = z.infer<typeof inventorySchema>;
export type InventoryNetwork = Inventory["networks"][number];
export const EMPTY_INVENTORY: Inventory = { networks: [] };
