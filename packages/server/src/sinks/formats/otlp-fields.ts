/**
 * Attributes by the semantic conventions of OpenTelemetry 1.38 (opentelemetry.io/docs/specs/semconv/registry/attributes: source, destination,
 * network, user, process, log, host, service); what they have no name for is below `flowtrail.`.
 */
import { communityIdOfFlow } from "@flowtrail/model";
import { type Field, ipVersion, lifeNs, same, transportOf, whole } from "./field.ts";

export const OTLP_RESOURCE: readonly Field[] = [
  { name: "service.name", of: [], note: "`flowtrail`", value: () => "flowtrail" },
  same("host.name", "reporter"),
  same("host.id", "reporter_id"),
  same("flowtrail.network", "network"),
];

const side = (end: "src" | "dst"): Field[] => {
  const name = end === "src" ? "source" : "destination";
  const ours = `flowtrail.${name}`;
  return [
    same(`${name}.port`, `${end}_port`),
    same(`${ours}.ip`, `${end}_ip`),
    same(`${ours}.bytes`, `${end}_bytes`, `sent by the ${name}`),
    same(`${ours}.packets`, `${end}_packets`, `sent by the ${name}`),
    same(`${ours}.nat.ip`, `nat_${end}_ip`),
    same(`${ours}.nat.port`, `nat_${end}_port`),
    ...(["type", "id", "name", "device", "by"] as const).map((part) => same(`${ours}.${part}`, `${end}_${part}`)),
  ];
};

export const OTLP_ATTRIBUTES: readonly Field[] = [
  {
    name: "log.record.uid",
    of: ["reporter_id", "flow_id"],
    note: "equal for the same event: records with the same one are the same",
    value: ({ id }) => id,
  },
  same("source.address", "src_ip"),
  {
    name: "destination.address",
    of: ["domain", "dst_ip"],
    note: "the domain that was asked for, else the address, as the conventions want",
    value: ({ flow }) => flow.domain || flow.dst_ip,
  },
  { name: "network.transport", of: ["protocol"], note: "IANA's keyword in lower case", value: ({ flow }) => transportOf(flow) },
  { name: "network.type", of: ["src_ip"], note: "`ipv4`, `ipv6`", value: ({ flow }) => `ipv${ipVersion(flow)}` },
  {
    name: "user.name",
    of: ["src_type", "src_name"],
    note: "of a source that is a user",
    value: ({ flow }) => (flow.src_type === "user" ? flow.src_name : null),
  },
  {
    name: "user.id",
    of: ["src_type", "src_id"],
    note: "of a source that is a user",
    value: ({ flow }) => (flow.src_type === "user" ? flow.src_id : null),
  },
  same("process.executable.name", "process", "on the reporter"),
  same("process.user.id", "uid", "on the reporter"),
  ...side("src"),
  ...side("dst"),
  {
    name: "flowtrail.version",
    of: [],
    note: "of the record: what is known of it may be revised, then it comes again with a higher one",
    value: ({ version }) => version,
  },
  same("flowtrail.flow_id", "flow_id", "a text; unique with the reporter's id"),
  same("flowtrail.revision", "revision"),
  same("flowtrail.reporter.type", "reporter_type"),
  same("flowtrail.direction", "direction", "as the reporter sees it"),
  same("flowtrail.role", "role"),
  same("flowtrail.protocol", "protocol", "IANA's number"),
  {
    name: "flowtrail.community_id",
    of: [],
    note: "version 1, of the tuple before NAT",
    value: ({ flow }) => communityIdOfFlow(flow),
  },
  same("flowtrail.icmp.type", "icmp_type"),
  same("flowtrail.icmp.code", "icmp_code"),
  same("flowtrail.icmp.id", "icmp_id"),
  same("flowtrail.start", "start"),
  same("flowtrail.end", "end"),
  same("flowtrail.last_seen", "last_seen"),
  {
    name: "flowtrail.duration_ns",
    of: ["start", "end", "last_seen"],
    note: "so far of a flow without an end",
    value: ({ flow }) => whole(lifeNs(flow)),
  },
  same("flowtrail.received", "received"),
  same("flowtrail.state", "state"),
  same("flowtrail.end_reason", "end_reason"),
  same("flowtrail.verdict", "verdict"),
  same("flowtrail.ct_status", "ct_status"),
  { name: "flowtrail.rule", of: ["rule"], note: "of denied packets", value: ({ flow }) => flow.rule?.trim() || null },
  same("flowtrail.domain", "domain"),
  same("flowtrail.domain_source", "domain_source"),
  same("flowtrail.app", "app", "what the client offered (ALPN)"),
  same("flowtrail.primary", "primary", "count these only: several nodes may report one connection"),
  same("flowtrail.rank", "rank"),
  same("flowtrail.counters_final", "counters_final"),
  same("flowtrail.estimated", "estimated"),
  same("flowtrail.start_exact", "start_exact"),
];
