/** Field names and allowed values are those of github.com/elastic/ecs at v9.4.0, generated/ecs/ecs_flat.yml. */
import { communityIdOfFlow, explainFlow, type FlowJson } from "@flowtrail/model";
import {
  actionOf,
  type Field,
  type FieldValue,
  happened,
  ipVersion,
  lifeNs,
  same,
  sumOf,
  type Told,
  transportOf,
  whole,
} from "./field.ts";

const ECS_VERSION = "9.4.0";

type End = "src" | "dst";
const SIDES = { src: "source", dst: "destination" } as const;

const fixed = (name: string, value: FieldValue): Field => ({ name, of: [], note: `always \`${value}\``, value: () => value });

/** The text of those whose type is `type`. */
const ofType = (flow: FlowJson, end: End, type: FlowJson["src_type"], part: "name" | "id" | "device") =>
  flow[`${end}_type`] === type ? flow[`${end}_${part}`] : null;

/** Of nodes and devices the name, of what lies outside the domain that was asked for: the initiator asks, so it is the destination's. */
function domainOf({ flow }: Told, end: End): string | null {
  const outside = flow.dst_type === "external" || flow.dst_type === "egress_route";
  if (end === "dst" && outside) return flow.domain;
  return ofType(flow, end, "node", "name") ?? ofType(flow, end, "user", "device");
}

function typeOf(told: Told): string[] {
  switch (actionOf(told)) {
    case "denied":
      return ["connection", "denied"];
    case "opened":
      return ["connection", "start"];
    default:
      return ["connection", "end"];
  }
}

function outcomeOf({ flow }: Told): string {
  if (flow.verdict === null) return "unknown";
  return flow.verdict === "answered" ? "success" : "failure";
}

/** What was seen of the flow itself; a port is a guess. */
const PROTOCOLS: Readonly<Record<string, string>> = { sni: "tls", quic: "quic", http: "http" };
const seenProtocol = ({ domain_source }: FlowJson): string | null =>
  domain_source === null ? null : (PROTOCOLS[domain_source] ?? null);

function known(...values: readonly (string | null)[]): string[] | null {
  const found = [...new Set(values.filter((value) => value !== null && value !== ""))] as string[];
  return found.length === 0 ? null : found;
}

const side = (end: End): Field[] => {
  const name = SIDES[end];
  return [
    same(`${name}.address`, `${end}_ip`),
    same(`${name}.ip`, `${end}_ip`),
    same(`${name}.port`, `${end}_port`),
    same(`${name}.bytes`, `${end}_bytes`, `sent by the ${name}`),
    same(`${name}.packets`, `${end}_packets`, `sent by the ${name}`),
    same(`${name}.nat.ip`, `nat_${end}_ip`),
    same(`${name}.nat.port`, `nat_${end}_port`),
    {
      name: `${name}.domain`,
      of: end === "src" ? ["src_name", "src_device"] : ["dst_name", "dst_device", "domain"],
      note: `of a node its name, of a user the device${end === "src" ? "" : ", of an external end or an egress route the domain that was asked for"}`,
      value: (told) => domainOf(told, end),
    },
    {
      name: `${name}.user.name`,
      of: [`${end}_type`, `${end}_name`],
      note: "of a user",
      value: ({ flow }) => ofType(flow, end, "user", "name"),
    },
    {
      name: `${name}.user.id`,
      of: [`${end}_type`, `${end}_id`],
      note: "of a user",
      value: ({ flow }) => ofType(flow, end, "user", "id"),
    },
  ];
};

const ours = (end: End): Field[] =>
  (["type", "id", "name", "device", "by"] as const).map((part) =>
    same(`flowtrail.${SIDES[end]}.${part}`, `${end}_${part}`, part === "name" ? "of any type" : undefined),
  );

export const ECS_FIELDS: readonly Field[] = [
  {
    name: "@timestamp",
    of: ["start", "end", "last_seen"],
    note: "opened: the start; else the end, or the last that was heard",
    value: happened,
  },
  { name: "message", of: [], note: "a sentence, as on the page", value: ({ flow }) => explainFlow(flow) },
  fixed("ecs.version", ECS_VERSION),
  fixed("event.kind", "event"),
  fixed("event.category", ["network"]),
  { name: "event.type", of: ["verdict"], note: "`connection` with `start`, `end` or `denied`", value: typeOf },
  {
    name: "event.action",
    of: ["state", "verdict"],
    note: "`flow-opened`, `flow-ended`, `flow-lost`, `flow-denied`",
    value: (told) => `flow-${actionOf(told)}`,
  },
  { name: "event.outcome", of: ["verdict"], note: "`success`: answered; `unknown`: empty; else `failure`", value: outcomeOf },
  same("event.reason", "end_reason"),
  {
    name: "event.id",
    of: ["reporter_id", "flow_id"],
    note: "equal for the same event, however often it comes",
    value: ({ id }) => id,
  },
  same("event.sequence", "revision"),
  fixed("event.module", "flowtrail"),
  fixed("event.dataset", "flowtrail.flow"),
  same("event.start", "start"),
  same("event.end", "end"),
  {
    name: "event.duration",
    of: ["start", "end", "last_seen"],
    note: "in nanoseconds, so far of a flow without an end",
    value: ({ flow }) => whole(lifeNs(flow)),
  },
  same("event.created", "last_seen", "when the agent read the counters"),
  same("event.ingested", "received", "when Flowtrail stored it; many pipelines put their own time here"),
  same("observer.name", "reporter"),
  fixed("observer.type", "sensor"),
  fixed("observer.vendor", "Flowtrail"),
  fixed("observer.product", "Flowtrail"),
  same("network.name", "network"),
  { name: "network.type", of: ["src_ip"], note: "`ipv4`, `ipv6`", value: ({ flow }) => `ipv${ipVersion(flow)}` },
  {
    name: "network.iana_number",
    of: ["protocol"],
    note: "a text, as the schema wants",
    value: ({ flow }) => String(flow.protocol),
  },
  { name: "network.transport", of: ["protocol"], note: "IANA's keyword in lower case", value: ({ flow }) => transportOf(flow) },
  {
    name: "network.protocol",
    of: ["domain_source"],
    note: "`tls`, `quic`, `http`: only if it was seen, never by port",
    value: ({ flow }) => seenProtocol(flow),
  },
  same("network.direction", "direction", "as the reporter sees it"),
  {
    name: "network.community_id",
    of: [],
    note: "version 1, of the tuple before NAT",
    value: ({ flow }) => communityIdOfFlow(flow),
  },
  { name: "network.bytes", of: ["src_bytes", "dst_bytes"], note: "if both are known", value: ({ flow }) => sumOf(flow, "bytes") },
  {
    name: "network.packets",
    of: ["src_packets", "dst_packets"],
    note: "if both are known",
    value: ({ flow }) => sumOf(flow, "packets"),
  },
  ...side("src"),
  ...side("dst"),
  {
    name: "user.name",
    of: ["src_type", "src_name"],
    note: "the source's, who acts",
    value: ({ flow }) => ofType(flow, "src", "user", "name"),
  },
  {
    name: "user.id",
    of: ["src_type", "src_id"],
    note: "the source's, who acts",
    value: ({ flow }) => ofType(flow, "src", "user", "id"),
  },
  { name: "rule.name", of: ["rule"], note: "of denied packets", value: ({ flow }) => flow.rule?.trim() || null },
  {
    name: "tls.client.server_name",
    of: ["domain", "domain_source"],
    note: "if the name is from TLS or QUIC",
    value: ({ flow }) => (flow.domain_source === "sni" || flow.domain_source === "quic" ? flow.domain : null),
  },
  same("process.name", "process", "on the reporter"),
  {
    name: "process.user.id",
    of: ["uid"],
    note: "on the reporter",
    value: ({ flow }) => (flow.uid === null ? null : String(flow.uid)),
  },
  {
    name: "related.ip",
    of: ["src_ip", "dst_ip", "nat_src_ip", "nat_dst_ip"],
    value: ({ flow }) => known(flow.src_ip, flow.dst_ip, flow.nat_src_ip, flow.nat_dst_ip),
  },
  {
    name: "related.hosts",
    of: ["reporter", "domain"],
    note: "the reporter, and `source.domain` and `destination.domain`",
    value: (told) => known(told.flow.reporter, domainOf(told, "src"), domainOf(told, "dst")),
  },
  {
    name: "related.user",
    of: ["src_name", "dst_name"],
    value: ({ flow }) => known(ofType(flow, "src", "user", "name"), ofType(flow, "dst", "user", "name")),
  },
  {
    name: "flowtrail.version",
    of: [],
    note: "of the record: what is known of it may be revised, then it comes again with a higher one",
    value: ({ version }) => version,
  },
  same("flowtrail.flow_id", "flow_id", "a text; unique with the reporter's id"),
  same("flowtrail.reporter.id", "reporter_id"),
  same("flowtrail.reporter.type", "reporter_type"),
  same("flowtrail.role", "role"),
  same("flowtrail.state", "state"),
  same("flowtrail.verdict", "verdict"),
  same("flowtrail.domain", "domain"),
  same("flowtrail.domain_source", "domain_source"),
  same("flowtrail.app", "app", "what the client offered (ALPN)"),
  same("flowtrail.primary", "primary", "count these only: several nodes may report one connection"),
  same("flowtrail.rank", "rank"),
  same("flowtrail.icmp.type", "icmp_type"),
  same("flowtrail.icmp.code", "icmp_code"),
  same("flowtrail.icmp.id", "icmp_id"),
  same("flowtrail.ct_status", "ct_status"),
  same("flowtrail.counters_final", "counters_final"),
  same("flowtrail.estimated", "estimated"),
  same("flowtrail.start_exact", "start_exact"),
  ...ours("src"),
  ...ours("dst"),
];
