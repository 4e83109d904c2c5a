/** What there is to say of a row, part by part: shown by the panel, and copied as text. */
import {
  COLUMNS,
  type ColumnName,
  communityIdOfFlow,
  type DomainSource,
  type FlowJson,
  formatCount,
  icmpTypeName,
  protocolName,
  serviceName,
} from "@flowtrail/model";
import type { Clock } from "../../lib/clock.ts";
import { VERDICT_LABELS } from "../../ui/verdict.tsx";
import { bytesText, directionLabel, durationText, exactBytesText } from "../traffic/describe.ts";
import { endFact, translatedParts } from "./end-facts.ts";
import { asked, type Fact, type FactPart } from "./fact-part.ts";

export interface FactGroup {
  readonly title: string;
  readonly facts: readonly Fact[];
}

/** What is not known is left out, unless that tells something. */
export function factGroups(flow: FlowJson, clock: Clock): readonly FactGroup[] {
  const groups = [
    { title: "Ends", facts: ends(flow) },
    { title: "Time", facts: times(flow, clock) },
    { title: "Volume", facts: volume(flow) },
    { title: "Report", facts: report(flow) },
  ];
  return groups.map(({ title, facts }) => ({ title, facts: facts.filter(({ parts }) => parts.length > 0) }));
}

/** Label and tooltip of the column table. */
function fact(column: ColumnName, parts: readonly (FactPart | null)[], below: readonly FactPart[] = []): Fact {
  const { label, tooltip } = COLUMNS[column];
  return { label, tip: tooltip, parts: parts.filter((part) => part !== null), below };
}

const plain = (text: string): FactPart => ({ text });

/** A text column as it is, which is a field of the same name. */
function textFact(flow: FlowJson, column: "app" | "process" | "rule"): Fact {
  const value = flow[column];
  return fact(column, [value === null || value === "" ? null : asked(value, column, value)]);
}

function ends(flow: FlowJson): Fact[] {
  return [
    endFact(flow, "src"),
    endFact(flow, "dst"),
    { label: "Protocol", parts: service(flow) },
    fact(
      "domain",
      [flow.domain ? asked(flow.domain, "domain", flow.domain, "external") : null],
      flow.domain_source === null ? [] : [asked(DOMAIN_SOURCE_TEXTS[flow.domain_source], "domain_source", flow.domain_source)],
    ),
    textFact(flow, "app"),
    fact("nat_src_ip", translatedParts(flow, "src")),
    fact("nat_dst_ip", translatedParts(flow, "dst")),
    textFact(flow, "process"),
    textFact(flow, "rule"),
  ];
}

function service(flow: FlowJson): FactPart[] {
  const parts = [asked(protocolName(flow.protocol), "protocol", flow.protocol)];
  if (flow.dst_port !== null) parts.push(asked(String(flow.dst_port), "dst.port", flow.dst_port));
  const name = serviceName(flow.protocol, flow.dst_port);
  if (name !== null) parts.push(plain(name));
  if (flow.icmp_type !== null) {
    const text = icmpTypeName(flow.protocol, flow.icmp_type) ?? `type ${flow.icmp_type}`;
    parts.push(asked(text, "icmp_type", flow.icmp_type));
  }
  return parts;
}

/** How the agent or the server came to know a name. */
const DOMAIN_SOURCE_TEXTS: Readonly<Record<DomainSource, string>> = {
  sni: "Named in this connection's TLS handshake",
  quic: "Named in this connection's QUIC handshake",
  http: "Named in this connection's HTTP request",
  dns: "Asked for by this client, by DNS, shortly before",
  inventory: "Domain of the egress route",
};

function times(flow: FlowJson, clock: Clock): Fact[] {
  const exact = (time: string) => clock.exact(Date.parse(time));
  const noEnd = { open: "Still open", closed: "Not known", lost: "Not known" }[flow.state];
  const reason = flow.end_reason;
  return [
    fact("start", [plain(flow.start_exact ? exact(flow.start) : `${exact(flow.start)} or before`)]),
    fact("end", [plain(flow.end === null ? noEnd : exact(flow.end))]),
    fact("end_reason", [reason === null ? null : asked(reason.replaceAll("_", " "), "end_reason", reason)]),
    fact("state", [asked({ open: "Open", closed: "Closed", lost: "Lost" }[flow.state], "state", flow.state)]),
    { label: "Duration", parts: [plain(flow.state === "open" ? `${durationText(flow)} so far` : durationText(flow))] },
    fact("last_seen", [plain(exact(flow.last_seen))]),
    fact("received", [plain(exact(flow.received))]),
  ];
}

function volume(flow: FlowJson): Fact[] {
  return [
    fact("src_bytes", amount(flow.src_bytes, flow.src_packets)),
    fact("dst_bytes", amount(flow.dst_bytes, flow.dst_packets)),
    { label: "Counters", parts: flow.counters_final ? [] : [plain("May still grow")] },
  ];
}

type Count = number | string | null;

function amount(bytes: Count, packets: Count): FactPart[] {
  const parts = [plain(bytes === null ? "Not known" : bytesText(bytes))];
  if (bytes !== null && BigInt(bytes) >= 1024n) parts.push(plain(exactBytesText(bytes)));
  if (packets !== null) parts.push(plain(`${formatCount(BigInt(packets))} ${BigInt(packets) === 1n ? "packet" : "packets"}`));
  return parts;
}

function report(flow: FlowJson): Fact[] {
  const { verdict } = flow;
  return [
    fact("reporter", [asked(flow.reporter, "reporter", flow.reporter, "node")]),
    fact("direction", [asked(directionLabel(flow.direction), "direction", flow.direction)]),
    fact("role", [asked(flow.role, "role", flow.role)]),
    fact("network", [asked(flow.network, "network", flow.network)]),
    fact("verdict", [asked(verdict === null ? "Not known" : VERDICT_LABELS[verdict], "verdict", verdict)]),
    {
      label: "Counts in totals",
      tip: COLUMNS.primary.tooltip,
      parts: [asked(flow.primary ? "Yes" : "No, another report does", "primary", flow.primary)],
    },
    { label: "Community ID", tip: "Joins it to Zeek, Suricata and Elastic", parts: communityId(flow) },
    fact("flow_id", [asked(String(flow.flow_id), "flow_id", String(flow.flow_id))]),
    fact("revision", [plain(String(flow.revision))]),
  ];
}

function communityId(flow: FlowJson): FactPart[] {
  const id = communityIdOfFlow(flow);
  return id === null ? [] : [plain(id)];
}
