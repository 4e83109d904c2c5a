/** What `GET /api/v1/flows` takes and gives: Netmaker's own parameters and rows, and a few parameters more. */
import { COLUMNS, DIRECTIONS, STATES } from "@flowtrail/model";
import { z } from "zod";

/** `unknown` is told as `external`: Netmaker has no word for it. */
export const NETMAKER_TYPES = ["node", "user", "extclient", "egress_route", "external"] as const;
export type NetmakerType = (typeof NETMAKER_TYPES)[number];

const one = z.string().max(1024).optional();
const some = z.union([z.string().max(1024), z.array(z.string().max(1024)).max(100)]).optional();

/** Netmaker's documents write lists with brackets, its server reads them without: either will do. */
function list<Name extends string>(name: Name, description: string) {
  const both = { [name]: some.describe(description), [`${name}[]`]: some.describe(`As ${name}`) };
  return both as Record<Name | `${Name}[]`, typeof some>;
}

export const netmakerQuerySchema = z.strictObject({
  network_id: one.describe("The overlay network"),
  from: one.describe("First start, RFC 3339 (or relative, such as -1h). Left out: 7 days before `to`"),
  to: one.describe("Last start, RFC 3339 (or relative). Left out: now"),
  ...list("src_type", `Source is one of ${NETMAKER_TYPES.join(", ")}. Repeated: any of them`),
  src_entity_id: one.describe("Id of the source: of a node, user, config file or egress route; of an external one its domain"),
  ...list("dst_type", "As src_type, of the destination"),
  dst_entity_id: one.describe("As src_entity_id, of the destination"),
  ...list("protocol", "IANA number. Repeated: any of them"),
  node_id: one.describe("Reports of this node of the inventory"),
  username: one.describe("The user is the source or the destination. Not together with src_* and dst_* of Netmaker"),
  page: one.describe("From 1. What is no such number counts as 1, as in Netmaker"),
  per_page: one.describe("Rows of a page: 100, at most 1000"),
  ...list("direction", `${DIRECTIONS.join(" or ")}. Not in Netmaker`),
  ...list("src_port", `${COLUMNS.src_port.tooltip}. Not in Netmaker`),
  ...list("dst_port", `${COLUMNS.dst_port.tooltip}. Not in Netmaker`),
  ...list("src_ip", `${COLUMNS.src_ip.tooltip}. Not in Netmaker`),
  ...list("dst_ip", `${COLUMNS.dst_ip.tooltip}. Not in Netmaker`),
  ...list("domain", `${COLUMNS.domain.tooltip}. Not in Netmaker`),
  ...list("state", `${STATES.join(", ")}. Left out: what has ended, as Netmaker tells it. Not in Netmaker`),
  q: one.describe("Filter, such as `github port=https`: docs/how-to/filter.md. Not in Netmaker"),
});

/** Above 2^53, too, where zod's int() ends. */
const number = z.number().nonnegative();
const rowSchema = z.object({
  flow_id: z.string(),
  host_id: z.string(),
  host_name: z.string(),
  network_id: z.string(),
  protocol: number,
  src_port: number,
  dst_port: number,
  icmp_type: number,
  icmp_code: number,
  direction: z.enum(DIRECTIONS).describe("ingress, egress: of the reporting host"),
  src_ip: z.string(),
  src_type: z.enum(NETMAKER_TYPES),
  src_entity_id: z.string(),
  src_entity_name: z.string(),
  dst_ip: z.string(),
  dst_type: z.enum(NETMAKER_TYPES),
  dst_entity_id: z.string(),
  dst_entity_name: z.string(),
  start_ts: z.string(),
  end_ts: z.string().describe("1970-01-01T00:00:00.000Z: it is open"),
  bytes_sent: number.describe("By the reporting host"),
  bytes_recv: number.describe("By the reporting host"),
  packets_sent: number,
  packets_recv: number,
  status: number.describe("Conntrack status bits"),
  version: z.string().describe("When the report was stored"),
});
export type NetmakerRow = z.infer<typeof rowSchema>;

export const netmakerListSchema = z.object({ Code: z.literal(200), Message: z.string(), Response: z.array(rowSchema) });
export const netmakerErrorSchema = z.object({ Code: z.number().int(), Message: z.string() });
