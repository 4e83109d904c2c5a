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

const name = id.optional().describe("What people call it; left out: its id");
const gateway = id.optional().describe("The node that carries its traffic, by id or name");
const addresses = list(address).describe("Its addresses in the network, without masks");
const tags = list(id);
const device = z.strictObject({ id: id.optional(), name, addresses, gateway });

const networkSchema = z.strictObject({
  id: id.describe("As agents name it in their flows"),
  name,
  ranges: list(range).describe("Its address ranges: an address in them that nobody holds is unknown, one outside is external"),
  names: z
    .enum(["off", "second-level", "full"], "expected off, second-level or full")
    .optional()
    .describe("How much of domain names agents keep in this network; left out: what the server's settings say"),
  nodes: list(
    z.strictObject({
      id: id.describe("Stays the same when the node is renamed"),
      name,
      host: id
        .optional()
        .describe("The machine, where it has an id of its own (Netmaker's host): its reports may come under that"),
      addresses,
      gateway: z.boolean("expected true or false").default(false).describe("It carries others' traffic"),
      relay: id.optional().describe("The node that relays its traffic, by id or name"),
      public_keys: z.array(id, "expected a list").optional().describe("Of its WireGuard interfaces, in Base64"),
      tags,
    }),
  ),
  users: list(
    z.strictObject({ id: id.describe("Such as an e-mail address"), name, devices: list(device), groups: list(id), tags }),
  ),
  config_files: list(z.strictObject({ id, name, addresses, gateway, tags })).describe(
    "WireGuard configurations that were handed out: printers, phones, routers without an agent",
  ),
  egress: list(
    z.strictObject({
      id,
      name,
      ranges: list(range).describe("What is behind it"),
      virtual_ranges: list(range).describe("What members see instead of ranges (virtual NAT)"),
      via: list(id).describe("The nodes that lead there, by id or name"),
      domains: list(domain).describe("What the route is for, where it is for domains"),
      resolved: z
        .record(domain, list(range), "expected domains with their ranges")
        .default({})
        .describe("Ranges that a domain of the route was resolved to"),
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

/** For editors: `# yaml-language-server: $schema=…` at the head of the file. What addresses and ranges look like is checked when it is read. */
export function inventoryJsonSchema(): object {
  return { title: "Inventory of Flowtrail", ...z.toJSONSchema(inventorySchema, { io: "input", target: "draft-7" }) };
}
