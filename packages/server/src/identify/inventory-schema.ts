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
const list = <T extends z.ZodType>(item: T) => z.array(item, "expected a list").default([]);

const networkSchema = z.strictObject({
  id,
  ranges: list(range),
  nodes: list(z.strictObject({ id, name: id.optional(), addresses: list(address), gateway: z.boolean().default(false) })),
  users: list(
    z.strictObject({
      id,
      name: id.optional(),
      devices: list(z.strictObject({ name: id.optional(), addresses: list(address), gateway: id.optional() })),
    }),
  ),
  config_files: list(z.strictObject({ id, name: id.optional(), addresses: list(address), gateway: id.optional() })),
  egress: list(
    z.strictObject({
      id,
      name: id.optional(),
      ranges: list(range),
      via: list(id),
      domains: list(z.string("expected a domain").max(253)),
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
