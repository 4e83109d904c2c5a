/** A small fleet as Netmaker tells of it: with all the fields that its answers have and we do not read. */
import type { NetmakerData, NetmakerVersion } from "./double.ts";

const NIL = "00000000-0000-0000-0000-000000000000";
export const HOST = { inetgw: "11111111-0000-4000-8000-000000000001", debian: "11111111-0000-4000-8000-000000000002" };
export const NODE = { inetgw: "22222222-0000-4000-8000-000000000001", debian: "22222222-0000-4000-8000-000000000002" };
export const EGRESS = "33333333-0000-4000-8000-000000000001";

type Fields = Readonly<Record<string, unknown>>;

export const network = (change: Fields = {}) => ({
  id: "44444444-0000-4000-8000-000000000001",
  netid: "netmaker",
  addressrange: "100.102.137.0/24",
  addressrange6: "fd0a::/64",
  defaultkeepalive: 20,
  virtual_nat_pool_ipv4: "198.18.0.0/15",
  virtual_nat_site_prefixlen_ipv4: 24,
  created_at: "2026-01-01T00:00:00Z",
  ...change,
});

export const host = (change: Fields = {}) => ({
  id: HOST.inetgw,
  name: "inetgw",
  os: "linux",
  publickey: "x",
  nodes: [NODE.inetgw],
  endpointip: "203.0.113.4",
  interfaces: null,
  ...change,
});

export const node = (change: Fields = {}) => ({
  id: NODE.inetgw,
  hostid: HOST.inetgw,
  address: "100.102.137.4/24",
  address6: "fd0a::4/64",
  localaddress: "<nil>",
  allowedips: null,
  network: "netmaker",
  networkrange: "100.102.137.0/24",
  networkrange6: "fd0a::/64",
  isrelayed: false,
  relayedby: "",
  relaynodes: null,
  is_gw: false,
  isingressgateway: false,
  isinternetgateway: false,
  connected: true,
  tags: null,
  is_static: false,
  is_user_node: false,
  static_node: { clientid: "", network: "", address: "", enabled: false },
  status: "online",
  ...change,
});

export const client = (change: Fields = {}) => ({
  clientid: "printer",
  privatekey: "[ redacted ]",
  publickey: "y",
  network: "netmaker",
  address: "100.102.137.30",
  address6: "",
  extraallowedips: null,
  ingressgatewayid: NODE.inetgw,
  ingressgatewayendpoint: "203.0.113.4:51821",
  lastmodified: 1,
  enabled: true,
  ownerid: "admin",
  deniednodeacls: null,
  remote_access_client_id: "",
  device_id: "",
  device_name: "",
  tags: null,
  ...change,
});

/** The node as which an ext client stands among the nodes. */
export const staticNode = (entity: Fields, isUserNode = false) =>
  node({
    id: NIL,
    hostid: NIL,
    address: "<nil>",
    address6: "<nil>",
    is_static: true,
    is_user_node: isUserNode,
    static_node: entity,
  });

export const user = (change: Fields = {}) => ({
  username: "ana@example.com",
  display_name: "",
  account_disabled: false,
  platform_role_id: "service-user",
  user_group_ids: null,
  last_login_time: "2026-01-01T00:00:00Z",
  ...change,
});

export const egress = (change: Fields = {}) => ({
  id: EGRESS,
  name: "Office LAN",
  network: "netmaker",
  description: "",
  nodes: { [NODE.inetgw]: 256 },
  tags: {},
  range: "10.20.0.0/16",
  mode: "direct_nat",
  virtual_range: "",
  nat: true,
  status: true,
  created_by: "admin",
  ...change,
});

/** Two nodes, a user's laptop, a config file and an egress route. */
export function fleet(version: NetmakerVersion = "1.5"): NetmakerData {
  const domains =
    version === "1.5" ? { domain: "", domain_ans: null } : { domains: null, domain_ans_by_domain: null, preset_id: "" };
  const laptop = client({
    clientid: "ana-laptop",
    address: "100.102.137.21",
    ownerid: "ana@example.com",
    remote_access_client_id: "rac-1",
    device_name: "laptop",
  });
  return {
    networks: [network()],
    hosts: [host(), host({ id: HOST.debian, name: "debian", nodes: [NODE.debian] })],
    nodes: [
      node({ is_gw: true }),
      node({ id: NODE.debian, hostid: HOST.debian, address: "100.102.137.9/24", address6: "<nil>" }),
      staticNode(laptop, true),
      staticNode(client()),
    ],
    extclients: [laptop, client()],
    users: [user({ display_name: "Ana", user_group_ids: { "g-1": {} } }), user({ username: "admin" })],
    groups: [{ id: "g-1", name: "Engineers", network_roles: {} }],
    mappings: { "100.102.137.21": { user: "ana@example.com", groups: ["g-1"] } },
    egress: { netmaker: [egress(domains)] },
  };
}
