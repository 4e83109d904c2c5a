/**
 * THE column table: what a flow is, column by column. DDL, wire schema, API validation, UI columns and docs/reference/columns.md
 * are made from it. Meanings: docs/reference/columns.md and the design page "flow record".
 */

export const DIRECTIONS = ["ingress", "egress"] as const;
export const ROLES = ["initiator", "responder", "forwarder"] as const;
export const STATES = ["open", "closed", "lost"] as const;
export const END_REASONS = ["finished", "reset", "timeout", "removed", "agent_stopped", "unknown"] as const;
export const VERDICTS = ["answered", "refused", "unanswered", "denied"] as const;
export const PARTICIPANT_TYPES = ["node", "user", "extclient", "egress_route", "external", "unknown"] as const;
export const DOMAIN_SOURCES = ["sni", "quic", "http", "dns", "inventory"] as const;
export const PARTICIPANT_SOURCES = ["inventory", "reporter"] as const;

export type Direction = (typeof DIRECTIONS)[number];
export type Role = (typeof ROLES)[number];
export type FlowState = (typeof STATES)[number];
export type EndReason = (typeof END_REASONS)[number];
export type Verdict = (typeof VERDICTS)[number];
export type DomainSource = (typeof DOMAIN_SOURCES)[number];
export type ParticipantType = (typeof PARTICIPANT_TYPES)[number];

/**
 * How a column is kept in memory (see batch.ts) and told on the wire:
 * u8…u64 numbers · time = ms since 1970 UTC · address = 16 bytes, IPv4 mapped · text = dictionary of strings · enum = dictionary with fixed words · bool.
 */
export type ColumnType = "u8" | "u16" | "u32" | "u64" | "time" | "address" | "text" | "enum" | "bool";
export type Unit = "bytes" | "packets" | "ms" | "port" | "bits";
/** Who fills it. `wire`: only between agent and server's door, never stored. */
export type FilledBy = "agent" | "server" | "both" | "wire";

interface ColumnSpec {
  readonly type: ColumnType;
  readonly by: FilledBy;
  /** May be null. */
  readonly optional?: true;
  /** A sender must give it. */
  readonly required?: true;
  readonly values?: readonly string[];
  readonly unit?: Unit;
  readonly label: string;
  readonly tooltip: string;
  /** Equality filter in `GET /api/flows`, and a field of the filter language. */
  readonly filterable?: true;
  /** A field of the filter language only: nobody asks for one exact number of bytes. */
  readonly comparable?: true;
  readonly groupable?: true;
  /** ClickHouse type and codec where the type's default does not fit. */
  readonly clickhouse?: string;
  readonly codec?: string;
}

const counter = (label: string, tooltip: string, unit: Unit) =>
  ({ type: "u64", by: "agent", optional: true, unit, label, tooltip }) as const;
const total = (label: string, tooltip: string, unit: Unit) => ({ ...counter(label, tooltip, unit), comparable: true }) as const;

export const COLUMNS = {
  flow_id: {
    type: "u64",
    by: "agent",
    required: true,
    filterable: true,
    label: "Flow id",
    tooltip: "64 bits made by the agent when it first saw the flow; unique with the reporter",
    codec: "Delta(8), ZSTD(1)",
  },
  revision: {
    type: "u32",
    by: "agent",
    required: true,
    label: "Revision",
    tooltip: "Counts the reports of one flow; the highest wins",
  },
  reporter_id: {
    type: "text",
    by: "server",
    filterable: true,
    groupable: true,
    label: "Reporter id",
    tooltip: "Id of the node that made the report",
  },
  reporter: {
    type: "text",
    by: "agent",
    required: true,
    filterable: true,
    groupable: true,
    label: "Node",
    tooltip: "The node that made the report",
  },
  reporter_type: {
    type: "text",
    by: "server",
    filterable: true,
    groupable: true,
    label: "Reporter type",
    tooltip: "agent, netmaker or another sender",
  },
  network: {
    type: "text",
    by: "agent",
    required: true,
    filterable: true,
    groupable: true,
    label: "Network",
    tooltip: "The overlay network that the flow belongs to",
  },
  direction: {
    type: "enum",
    values: DIRECTIONS,
    by: "agent",
    required: true,
    filterable: true,
    groupable: true,
    label: "Direction",
    tooltip: "Inbound: into the reporting node. Outbound: out of it",
  },
  role: {
    type: "enum",
    values: ROLES,
    by: "agent",
    required: true,
    filterable: true,
    groupable: true,
    label: "Role",
    tooltip: "The reporter's place in the flow: initiator, responder or forwarder",
  },
  protocol: {
    type: "u8",
    by: "agent",
    required: true,
    filterable: true,
    groupable: true,
    label: "Protocol",
    tooltip: "IANA protocol number",
  },
  src_ip: {
    type: "address",
    by: "agent",
    required: true,
    filterable: true,
    groupable: true,
    label: "Source address",
    tooltip: "Address of the initiator",
  },
  dst_ip: {
    type: "address",
    by: "agent",
    required: true,
    filterable: true,
    groupable: true,
    label: "Destination address",
    tooltip: "Address of the responder",
  },
  src_port: {
    type: "u16",
    by: "agent",
    optional: true,
    unit: "port",
    filterable: true,
    groupable: true,
    label: "Source port",
    tooltip: "Port of the initiator",
  },
  dst_port: {
    type: "u16",
    by: "agent",
    optional: true,
    unit: "port",
    filterable: true,
    groupable: true,
    label: "Destination port",
    tooltip: "Port of the responder",
  },
  icmp_type: {
    type: "u8",
    by: "agent",
    optional: true,
    filterable: true,
    groupable: true,
    label: "ICMP type",
    tooltip: "Type of the first message",
  },
  icmp_code: {
    type: "u8",
    by: "agent",
    optional: true,
    filterable: true,
    groupable: true,
    label: "ICMP code",
    tooltip: "Code of the first message",
  },
  icmp_id: { type: "u16", by: "agent", optional: true, label: "ICMP id", tooltip: "Identifier of an echo" },
  nat_src_ip: {
    type: "address",
    by: "agent",
    optional: true,
    filterable: true,
    label: "Source after NAT",
    tooltip: "What the destination saw as the source",
  },
  nat_src_port: {
    type: "u16",
    by: "agent",
    optional: true,
    unit: "port",
    filterable: true,
    label: "Source port after NAT",
    tooltip: "What the destination saw as the source port",
  },
  nat_dst_ip: {
    type: "address",
    by: "agent",
    optional: true,
    filterable: true,
    label: "Destination after NAT",
    tooltip: "Where the traffic really went",
  },
  nat_dst_port: {
    type: "u16",
    by: "agent",
    optional: true,
    unit: "port",
    filterable: true,
    label: "Destination port after NAT",
    tooltip: "Where the traffic really went",
  },
  src_bytes: total("Sent by source", "IP bytes that the source sent", "bytes"),
  dst_bytes: total("Sent by destination", "IP bytes that the destination sent", "bytes"),
  src_packets: total("Packets of source", "Packets that the source sent, as the reporter's kernel counted them", "packets"),
  dst_packets: total(
    "Packets of destination",
    "Packets that the destination sent, as the reporter's kernel counted them",
    "packets",
  ),
  src_bytes_delta: counter("Source bytes added", "Bytes of the source since the revision before", "bytes"),
  dst_bytes_delta: counter("Destination bytes added", "Bytes of the destination since the revision before", "bytes"),
  src_packets_delta: counter("Source packets added", "Packets of the source since the revision before", "packets"),
  dst_packets_delta: counter("Destination packets added", "Packets of the destination since the revision before", "packets"),
  since: {
    type: "time",
    by: "agent",
    optional: true,
    label: "Added since",
    tooltip: "When the interval of the added counters began",
  },
  counters_final: {
    type: "bool",
    by: "agent",
    filterable: true,
    label: "Counters final",
    tooltip: "The kernel has removed the entry: the counters cannot grow any more",
  },
  estimated: {
    type: "bool",
    by: "both",
    label: "Estimated",
    tooltip: "The added counters are spread or corrected, not measured",
  },
  start_exact: {
    type: "bool",
    by: "agent",
    label: "Start exact",
    tooltip: "False: the flow is older than the agent and the kernel did not know since when",
  },
  start: {
    type: "time",
    by: "agent",
    required: true,
    label: "Start",
    tooltip: "When the flow began",
    codec: "Delta(8), ZSTD(1)",
  },
  last_seen: { type: "time", by: "agent", required: true, label: "Last seen", tooltip: "Time of the newest counters" },
  end: { type: "time", by: "agent", optional: true, label: "End", tooltip: "When the flow ended; empty while it is open" },
  received: {
    type: "time",
    by: "server",
    label: "Received",
    tooltip: "When the server stored this report",
  },
  state: {
    type: "enum",
    values: STATES,
    by: "agent",
    required: true,
    filterable: true,
    groupable: true,
    label: "State",
    tooltip: "open, closed, or lost (nothing was heard of it for too long)",
  },
  end_reason: {
    type: "enum",
    values: END_REASONS,
    by: "agent",
    optional: true,
    filterable: true,
    groupable: true,
    label: "End reason",
    tooltip: "Why the flow ended",
  },
  verdict: {
    type: "enum",
    values: VERDICTS,
    by: "agent",
    optional: true,
    filterable: true,
    groupable: true,
    label: "Verdict",
    tooltip: "Was it answered? Empty while it is not known",
  },
  ct_status: {
    type: "u32",
    by: "agent",
    optional: true,
    unit: "bits",
    label: "Conntrack status",
    tooltip: "IPS_* bits of the kernel",
  },
  rule: {
    type: "text",
    by: "agent",
    optional: true,
    filterable: true,
    groupable: true,
    label: "Rule",
    tooltip: "Prefix of the firewall rule that denied it",
  },
  src_type: {
    type: "enum",
    values: PARTICIPANT_TYPES,
    by: "server",
    filterable: true,
    groupable: true,
    label: "Source type",
    tooltip: "What the source was when the flow began",
  },
  src_id: {
    type: "text",
    by: "server",
    optional: true,
    filterable: true,
    groupable: true,
    label: "Source id",
    tooltip: "Id of the source's owner when the flow began",
  },
  src_name: {
    type: "text",
    by: "server",
    optional: true,
    filterable: true,
    groupable: true,
    label: "Source",
    tooltip: "Name of the source's owner when the flow began",
  },
  src_device: {
    type: "text",
    by: "server",
    optional: true,
    filterable: true,
    label: "Source device",
    tooltip: "The user's device",
  },
  src_by: {
    type: "enum",
    values: PARTICIPANT_SOURCES,
    by: "server",
    optional: true,
    label: "Source named by",
    tooltip: "Who knew the source: the inventory or the reporter",
  },
  dst_type: {
    type: "enum",
    values: PARTICIPANT_TYPES,
    by: "server",
    filterable: true,
    groupable: true,
    label: "Destination type",
    tooltip: "What the destination was when the flow began",
  },
  dst_id: {
    type: "text",
    by: "server",
    optional: true,
    filterable: true,
    groupable: true,
    label: "Destination id",
    tooltip: "Id of the destination's owner when the flow began",
  },
  dst_name: {
    type: "text",
    by: "server",
    optional: true,
    filterable: true,
    groupable: true,
    label: "Destination",
    tooltip: "Name of the destination's owner when the flow began",
  },
  dst_device: {
    type: "text",
    by: "server",
    optional: true,
    filterable: true,
    label: "Destination device",
    tooltip: "The user's device",
  },
  dst_by: {
    type: "enum",
    values: PARTICIPANT_SOURCES,
    by: "server",
    optional: true,
    label: "Destination named by",
    tooltip: "Who knew the destination: the inventory or the reporter",
  },
  domain: {
    type: "text",
    by: "agent",
    optional: true,
    filterable: true,
    groupable: true,
    label: "Domain",
    tooltip: "The name that the client asked for",
  },
  domain_source: {
    type: "enum",
    values: DOMAIN_SOURCES,
    by: "agent",
    optional: true,
    filterable: true,
    groupable: true,
    label: "Domain known by",
    tooltip: "How the domain is known",
  },
  app: {
    type: "text",
    by: "agent",
    optional: true,
    filterable: true,
    groupable: true,
    label: "Application",
    tooltip: "Application protocol that the client offered (ALPN); +ech: its hello may hide the real name",
  },
  process: {
    type: "text",
    by: "agent",
    optional: true,
    filterable: true,
    groupable: true,
    label: "Process",
    tooltip: "Local program of the reporter, where switched on",
  },
  uid: {
    type: "u32",
    by: "agent",
    optional: true,
    filterable: true,
    groupable: true,
    label: "User id",
    tooltip: "Local user of the reporter's program, where switched on",
  },
  primary: {
    type: "bool",
    by: "server",
    filterable: true,
    label: "Primary",
    tooltip: "The one report of a connection that counts in totals",
  },
  rank: { type: "u8", by: "server", label: "Rank", tooltip: "Point of view: 1 source's node … 5 another forwarder" },
  conntrack_id: {
    type: "u32",
    by: "wire",
    optional: true,
    label: "Conntrack id",
    tooltip: "Kernel's id of the entry: lets a restarted agent rejoin its flows. Not stored",
  },
  conntrack_zone: {
    type: "u16",
    by: "wire",
    optional: true,
    label: "Conntrack zone",
    tooltip: "Kernel's zone of the entry. Not stored",
  },
} as const satisfies Record<string, ColumnSpec>;

export type ColumnName = keyof typeof COLUMNS;
export interface Column extends ColumnSpec {
  readonly name: ColumnName;
}

/** All columns, in the order of the table. */
export const COLUMN_LIST: readonly Column[] = Object.entries(COLUMNS).map(([name, spec]) => ({
  ...(spec as ColumnSpec),
  name: name as ColumnName,
}));

/** Looks a column up by a name from outside. */
export function columnNamed(name: string): Column | null {
  return byName.get(name) ?? null;
}
const byName = new Map<string, Column>(COLUMN_LIST.map((column) => [column.name, column]));

/** What an agent or another sender may give: everything but what only the server knows. */
export const SENDER_COLUMNS: readonly Column[] = COLUMN_LIST.filter((column) => column.by !== "server");
/** What is stored and told by the API. */
export const STORED_COLUMNS: readonly Column[] = COLUMN_LIST.filter((column) => column.by !== "wire");
