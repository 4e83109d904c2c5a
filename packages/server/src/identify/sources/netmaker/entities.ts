/**
 * What Netmaker's REST API says, as far as we use it: v1.4 to v1.6. Go leaves out what is empty, writes null for empty lists and maps, and prints
 * an absent address as `<nil>`; unknown fields are none of our business.
 */
import { formatAddress, formatCidr, isUnspecified, parseAddress, parseCidr } from "@flowtrail/model";
import { z } from "zod";

const MAX_TEXT = 256;
const NIL_UUID = "00000000-0000-0000-0000-000000000000";

const id = z.string("expected an id").min(1, "expected an id").max(MAX_TEXT, `expected at most ${MAX_TEXT} characters`);
const text = z
  .string("expected a text")
  .nullish()
  .transform((value) => (value ?? "").trim().slice(0, MAX_TEXT));
/** An id that may be absent. */
const reference = text.transform((value) => (value === NIL_UUID || value === "" ? null : value));
const flag = z
  .boolean("expected true or false")
  .nullish()
  .transform((value) => value ?? false);
/** On unless it is said to be off. */
const onUnlessSaid = z
  .boolean("expected true or false")
  .nullish()
  .transform((value) => value ?? true);
const isNone = (value: string) => value === "" || value === "<nil>";

/** An address, with or without a mask: nodes have one ("10.1.0.3/24"), ext clients have none. Null: there is none. */
const address = text.transform((value, context) => {
  if (isNone(value)) return null;
  const bytes = parseAddress(value.replace(/\/\d{1,3}$/, ""));
  if (bytes === null) {
    context.addIssue({ code: "custom", message: `${JSON.stringify(value)} is no address` });
    return z.NEVER;
  }
  return isUnspecified(bytes) ? null : formatAddress(bytes);
});

/** A range, a single address too; null: none, or a route to everything (`*`), which belongs to nobody. */
const range = text.transform((value, context) => {
  if (isNone(value) || value === "*") return null;
  const cidr = parseCidr(value.includes("/") ? value : `${value}/${value.includes(":") ? 128 : 32}`);
  if (cidr === null) {
    context.addIssue({ code: "custom", message: `${JSON.stringify(value)} is no address range` });
    return z.NEVER;
  }
  return formatCidr(cidr);
});

const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item, "expected a list")
    .nullish()
    .transform((value) => value ?? []);
const ranges = list(range).transform((found) => found.filter((one) => one !== null));
/** The keys of `{id: {}}`, in an order that does not change from answer to answer. */
const keys = z
  .record(z.string(), z.unknown(), "expected a map")
  .nullish()
  .transform((value) => Object.keys(value ?? {}).sort());

export const networkSchema = z.object({
  netid: id,
  addressrange: range,
  addressrange6: range,
  virtual_nat_pool_ipv4: range,
});
export type NetmakerNetwork = z.infer<typeof networkSchema>;

export const hostSchema = z.object({
  id,
  name: text,
  // For people only: nothing depends on them.
  version: text.catch(""),
  os: text.catch(""),
  enable_flow_logs: z.boolean().nullish().catch(null),
});
export type NetmakerHost = z.infer<typeof hostSchema>;

export const clientSchema = z.object({
  clientid: id,
  network: id,
  address,
  address6: address,
  ownerid: text,
  remote_access_client_id: text,
  device_id: text,
  device_name: text,
  ingressgatewayid: reference,
  enabled: onUnlessSaid,
  extraallowedips: ranges,
  tags: keys,
});
export type NetmakerClientEntity = z.infer<typeof clientSchema>;

export const nodeSchema = z.object({
  id,
  hostid: reference,
  address,
  address6: address,
  network: id,
  networkrange: range,
  networkrange6: range,
  is_gw: flag,
  isingressgateway: flag,
  isinternetgateway: flag,
  relayedby: reference,
  tags: keys,
});
export type NetmakerNode = z.infer<typeof nodeSchema>;

/** An ext client that stands among the nodes. Its own id is nil, and its other fields are those of no node. */
export const staticNodeSchema = z.object({ is_user_node: flag, static_node: clientSchema });
export type NetmakerStaticNode = z.infer<typeof staticNodeSchema>;

export const userSchema = z.object({ username: id, display_name: text, user_group_ids: keys });
export type NetmakerUser = z.infer<typeof userSchema>;

export const groupSchema = z.object({ id, name: text });
export type NetmakerGroup = z.infer<typeof groupSchema>;

/** `/api/v1/users/network_ip`: IPv4 only, and without the network. */
export const userIpsSchema = z.object({
  mappings: z
    .record(z.string(), z.object({ user: id, groups: list(z.string()) }), "expected a map")
    .nullish()
    .transform((value) => value ?? {}),
});

/** Metrics by node id: the lowest is preferred. Nodes of one metric in the order of their ids. */
const nodesByMetric = z
  .record(z.string(), z.unknown(), "expected a map")
  .nullish()
  .transform((value) =>
    Object.entries(value ?? {})
      .map(([node, metric]) => ({ node, metric: Number(metric) || 0 }))
      .sort((a, b) => a.metric - b.metric || (a.node < b.node ? -1 : 1))
      .map(({ node }) => node),
  );

const domain = z
  .string("expected a domain")
  .max(253, "expected at most 253 characters")
  .transform((value) => value.trim().toLowerCase());
const resolved = z
  .record(domain, ranges, "expected domains with their ranges")
  .nullish()
  .transform((value) => value ?? {});

export const egressSchema = z.object({
  id,
  name: text,
  network: text,
  range,
  /** `disabled` is NAT, not the route: that is `status`. */
  mode: text,
  virtual_range: range,
  nodes: nodesByMetric,
  tags: keys,
  status: onUnlessSaid,
  // v1.5
  domain: domain.nullish().transform((value) => value ?? ""),
  domain_ans: ranges,
  // v1.6
  domains: list(domain),
  domain_ans_by_domain: resolved,
});
export type NetmakerEgress = z.infer<typeof egressSchema>;
