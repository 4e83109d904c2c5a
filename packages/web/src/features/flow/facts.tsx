import {
  COLUMNS,
  type ColumnName,
  communityIdOfFlow,
  type DomainSource,
  type FlowJson,
  formatCount,
  icmpTypeName,
  participantName,
  protocolName,
  serviceName,
} from "@flowtrail/model";
import type { ReactNode } from "react";
import type { Clock } from "../../lib/clock.ts";
import { useClock } from "../../lib/use-clock.ts";
import { PARTICIPANT_LABELS } from "../../ui/participant.tsx";
import { VERDICT_LABELS } from "../../ui/verdict.tsx";
import { bytesText, directionLabel, durationText, endpointText, exactBytesText } from "../traffic/describe.ts";

interface Fact {
  readonly label: string;
  readonly tip?: string;
  /** Null: left out, there is nothing to tell. */
  readonly value: ReactNode;
}

export function Facts({ flow }: { flow: FlowJson }) {
  const clock = useClock();
  return (
    <>
      <FactList title="Ends" facts={ends(flow)} />
      <FactList title="Time" facts={times(flow, clock)} />
      <FactList title="Volume" facts={volume(flow)} />
      <FactList title="Report" facts={report(flow)} />
    </>
  );
}

function FactList({ title, facts }: { title: string; facts: readonly Fact[] }) {
  return (
    <section className="facts">
      <h3>{title}</h3>
      <dl>
        {facts
          .filter(({ value }) => value !== null && value !== "")
          .map(({ label, tip, value }) => (
            <div key={label} className="fact">
              <dt title={tip}>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </section>
  );
}

/** Label and tooltip of the column table. */
function fact(column: ColumnName, value: ReactNode): Fact {
  return { label: COLUMNS[column].label, tip: COLUMNS[column].tooltip, value };
}

function ends(flow: FlowJson): Fact[] {
  const service = serviceName(flow.protocol, flow.dst_port);
  const icmp = icmpTypeName(flow.protocol, flow.icmp_type);
  const port = flow.dst_port === null ? "" : ` ${flow.dst_port}`;
  return [
    { label: "Source", value: <End flow={flow} end="src" /> },
    { label: "Destination", value: <End flow={flow} end="dst" /> },
    { label: "Protocol", value: [`${protocolName(flow.protocol)}${port}`, service ?? icmp].filter(Boolean).join(" · ") },
    fact("domain", flow.domain && <Domain name={flow.domain} source={flow.domain_source} />),
    fact("app", flow.app),
    fact("nat_src_ip", translated(flow, "src")),
    fact("nat_dst_ip", translated(flow, "dst")),
    fact("process", flow.process),
    fact("rule", flow.rule),
  ];
}

/** How the agent or the server came to know a name. */
const DOMAIN_SOURCE_TEXTS: Readonly<Record<DomainSource, string>> = {
  sni: "Named in this connection's TLS handshake",
  quic: "Named in this connection's QUIC handshake",
  http: "Named in this connection's HTTP request",
  dns: "Asked for by this client, by DNS, shortly before",
  inventory: "Domain of the egress route",
};

function Domain({ name, source }: { name: string; source: DomainSource | null }) {
  return (
    <>
      {name}
      {source !== null && <span className="fact-more fact-below">{DOMAIN_SOURCE_TEXTS[source]}</span>}
    </>
  );
}

function End({ flow, end }: { flow: FlowJson; end: "src" | "dst" }) {
  return (
    <>
      {participantName(flow, end)}
      <span className="fact-more fact-below">
        {PARTICIPANT_LABELS[flow[`${end}_type`]]} · {endpointText(flow[`${end}_ip`], flow[`${end}_port`])}
        {flow[`${end}_by`] === "reporter" && " · named by the reporter, not in the inventory"}
      </span>
    </>
  );
}

function translated(flow: FlowJson, end: "src" | "dst"): string | null {
  const ip = flow[`nat_${end}_ip`];
  return ip === null ? null : endpointText(ip, flow[`nat_${end}_port`] ?? flow[`${end}_port`]);
}

function times(flow: FlowJson, clock: Clock): Fact[] {
  const exact = (time: string) => clock.exact(Date.parse(time));
  const endReason = flow.end_reason === null ? "" : ` (${flow.end_reason.replaceAll("_", " ")})`;
  const end = flow.end === null ? { open: "Still open", closed: "Not known", lost: "Not known" }[flow.state] : exact(flow.end);
  return [
    fact("start", flow.start_exact ? exact(flow.start) : `${exact(flow.start)} or before`),
    fact("end", `${end}${endReason}`),
    { label: "Duration", value: flow.state === "open" ? `${durationText(flow)} so far` : durationText(flow) },
    fact("last_seen", exact(flow.last_seen)),
    fact("received", exact(flow.received)),
  ];
}

function volume(flow: FlowJson): Fact[] {
  return [
    fact("src_bytes", <Amount bytes={flow.src_bytes} packets={flow.src_packets} />),
    fact("dst_bytes", <Amount bytes={flow.dst_bytes} packets={flow.dst_packets} />),
    { label: "Counters", value: flow.counters_final ? null : "May still grow" },
  ];
}

type Count = number | string | null;

function Amount({ bytes, packets }: { bytes: Count; packets: Count }) {
  const exactBytes = bytes !== null && BigInt(bytes) >= 1024n ? `${exactBytesText(bytes)} · ` : "";
  return (
    <>
      {bytes === null ? "Not known" : bytesText(bytes)}{" "}
      <span className="fact-more">
        {exactBytes}
        {packets !== null && `${formatCount(BigInt(packets))} ${BigInt(packets) === 1n ? "packet" : "packets"}`}
      </span>
    </>
  );
}

function report(flow: FlowJson): Fact[] {
  return [
    fact("reporter", flow.reporter),
    fact("direction", directionLabel(flow.direction)),
    fact("role", flow.role),
    fact("network", flow.network),
    fact("verdict", flow.verdict === null ? "Not known" : VERDICT_LABELS[flow.verdict]),
    { label: "Counts in totals", tip: COLUMNS.primary.tooltip, value: flow.primary ? "Yes" : "No, another report does" },
    { label: "Community ID", tip: "Joins it to Zeek, Suricata and Elastic", value: communityIdOfFlow(flow) },
    fact("flow_id", String(flow.flow_id)),
    fact("revision", String(flow.revision)),
  ];
}
