/** A flow as `flowtrail observe` shows it: in a line, or in columns. */
import { type FlowJson, formatBytes, formatDuration, icmpTypeName, isIcmp, protocolName, serviceName } from "@flowtrail/model";
import { shownTime, type Zone } from "../ask/moments.ts";
import { clean } from "../terminal/clean.ts";
import type { Colour, Style } from "../terminal/style.ts";
import type { TableColumn } from "../terminal/table.ts";

export interface ShowOptions extends Zone {
  /** Addresses and numbers in place of names. */
  readonly numeric: boolean;
  /** There is little room in a line. */
  readonly narrow: boolean;
}

/** Within it a clock alone says which day is meant. */
const HALF_DAY_MS = 12 * 3_600_000;

type End = "src" | "dst";

/** The shortest that tells who it is. */
function who(flow: FlowJson, end: End, { numeric }: ShowOptions): string {
  const ip = flow[`${end}_ip`];
  if (numeric) return ip;
  const type = flow[`${end}_type`];
  const domain = end === domainSide(flow) ? flow.domain : null;
  if (type === "external" || type === "egress_route") return domain ?? (type === "external" ? ip : (flow[`${end}_name`] ?? ip));
  return flow[`${end}_name`] ?? ip;
}

/** Only an end outside of the network has the domain; the source's if only the source is outside. */
function domainSide({ src_type, dst_type }: FlowJson): End | null {
  const isOutside = (type: string) => type === "external" || type === "egress_route";
  return isOutside(dst_type) ? "dst" : isOutside(src_type) ? "src" : null;
}

function withPort(host: string, port: string): string {
  if (port === "") return host;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function service(flow: FlowJson, { numeric }: ShowOptions): string {
  if (flow.dst_port === null) return "";
  return (numeric ? null : serviceName(flow.protocol, flow.dst_port)) ?? String(flow.dst_port);
}

function protocol(flow: FlowJson, { numeric }: ShowOptions): string {
  if (numeric) return String(flow.protocol);
  const name = protocolName(flow.protocol);
  const type = isIcmp(flow.protocol) ? icmpTypeName(flow.protocol, flow.icmp_type) : null;
  return type === null ? name : `${name} ${type}`;
}

const amount = (bytes: number | string | null) => (bytes === null ? "?" : formatBytes(BigInt(bytes)));
const lifeMs = (flow: FlowJson) => Math.max(0, Date.parse(flow.end ?? flow.last_seen) - Date.parse(flow.start));

function outcome(flow: FlowJson): string {
  if (flow.verdict === "denied" && flow.rule !== null) return `denied (${flow.rule.trim()})`;
  return flow.verdict ?? (flow.state === "open" ? "" : "unknown");
}

function outcomeColour({ verdict }: FlowJson): Colour | null {
  if (verdict === "answered") return "green";
  if (verdict === "denied") return "red";
  return verdict === null ? "dim" : "yellow";
}

/** `open`; an end is told in how it ended, if that tells something. */
function state({ state, end_reason }: FlowJson): string {
  return state === "closed" && end_reason !== null && end_reason !== "finished" ? end_reason : state;
}

/** One line, never cut. */
export function compactLine(flow: FlowJson, options: ShowOptions, style: Style): string {
  const arrow = style("→", "dim");
  const dot = ` ${style("·", "dim")} `;
  const [from, to] = [clean(who(flow, "src", options)), clean(withPort(who(flow, "dst", options), service(flow, options)))];
  const told = clean(outcome(flow));
  const facts = [
    clean(protocol(flow, options)),
    ...(told === "" ? [] : [style(told, outcomeColour(flow))]),
    `${amount(flow.src_bytes)} / ${amount(flow.dst_bytes)}`,
    flow.state === "open" ? style("open", "cyan") : lifeMs(flow) > 0 ? formatDuration(lifeMs(flow)) : state(flow),
  ];
  const startMs = Date.parse(flow.start);
  const isToday = options.narrow && Math.abs(Date.now() - startMs) < HALF_DAY_MS;
  const time = style(shownTime(startMs, options, { milliseconds: !options.narrow, date: !isToday }), "dim");
  return `${time}  ${style(from, "bold")} ${arrow} ${style(to, "bold")}${dot}${facts.join(dot)}`;
}

export function flowColumns(options: ShowOptions): readonly TableColumn<FlowJson>[] {
  const address = (end: End): TableColumn<FlowJson> => ({
    title: end === "src" ? "FROM ADDRESS" : "TO ADDRESS",
    text: (flow) => withPort(flow[`${end}_ip`], end === "src" ? String(flow.src_port ?? "") : ""),
    spare: 5,
    least: 22,
  });
  const isNamed = !options.numeric;
  return [
    { title: "START", text: (flow) => shownTime(Date.parse(flow.start), options, { date: false }), colour: () => "dim" },
    { title: "DATE", text: (flow) => shownTime(Date.parse(flow.start), options).slice(0, 10), spare: 9, colour: () => "dim" },
    { title: "SOURCE", text: (flow) => who(flow, "src", options), least: 24, colour: () => "bold" },
    ...(isNamed ? [address("src")] : []),
    { title: "DESTINATION", text: (flow) => who(flow, "dst", options), least: 28, colour: () => "bold" },
    ...(isNamed ? [address("dst")] : []),
    { title: "PORT", text: (flow) => service(flow, options), least: 5 },
    { title: "PROTO", text: (flow) => protocol(flow, options), least: 5, spare: 1 },
    { title: "VERDICT", text: outcome, least: 10, colour: outcomeColour },
    { title: "SENT", text: (flow) => amount(flow.src_bytes), align: "right" },
    { title: "RECEIVED", text: (flow) => amount(flow.dst_bytes), align: "right" },
    { title: "TIME", text: (flow) => formatDuration(lifeMs(flow)), align: "right", spare: 4 },
    { title: "STATE", text: state, spare: 3, colour: (flow) => (flow.state === "open" ? "cyan" : null) },
    { title: "NODE", text: (flow) => flow.reporter, least: 8, spare: 6 },
    { title: "NETWORK", text: (flow) => flow.network, least: 8, spare: 7 },
  ];
}
