/** Who and what stands at the ends of a flow. */
import type { FlowJson, ParticipantType } from "@flowtrail/model";
import type { EntityKind } from "../../lib/paths.ts";
import { PARTICIPANT_LABELS } from "../../ui/participant.tsx";
import { type EndText, endText } from "../traffic/describe.ts";
import { asked, type Fact, type FactPart } from "./fact-part.ts";

type End = "src" | "dst";

const LABELS: Readonly<Record<End, string>> = { src: "Source", dst: "Destination" };

export function endFact(flow: FlowJson, end: End): Fact {
  const { main, field } = endText(flow, end);
  const [type, name, device, ip, port] = [
    flow[`${end}_type`],
    flow[`${end}_name`],
    flow[`${end}_device`],
    flow[`${end}_ip`],
    flow[`${end}_port`],
  ];
  const below = [asked(PARTICIPANT_LABELS[type], `${end}.type`, type)];
  // The route that a named host is behind.
  if (field === "domain" && name !== null && type === "egress_route") below.push(asked(name, `${end}.name`, name, type));
  if (device !== null && device !== "") below.push(asked(device, `${end}.device`, device));
  if (field !== "ip") below.push(asked(ip, `${end}.ip`, ip));
  if (port !== null) below.push(asked(`port ${port}`, `${end}.port`, port));
  if (flow[`${end}_by`] === "reporter") below.push({ text: "named by the reporter, not in the inventory" });
  return { label: LABELS[end], parts: [asked(main, `${end}.${field}`, main, entityOf(field, type))], below };
}

/** Domains and addresses of the outside have pages as such; what has a name, as what it is. */
function entityOf(field: EndText["field"], type: ParticipantType): EntityKind | undefined {
  if (type === "external" || (type === "egress_route" && field !== "name")) return "external";
  return field === "name" && type !== "unknown" ? type : undefined;
}

/** The side after NAT. */
export function translatedParts(flow: FlowJson, end: End): FactPart[] {
  const [ip, port] = [flow[`nat_${end}_ip`], flow[`nat_${end}_port`]];
  if (ip === null) return [];
  const parts = [asked(ip, `nat.${end}.ip`, ip)];
  if (port !== null) parts.push(asked(`port ${port}`, `nat.${end}.port`, port));
  return parts;
}
