/** What the Filter button offers, in people's words. */
import { type ParticipantType, protocolName, protocolNumber, type Verdict } from "@flowtrail/model";
import { PARTICIPANT_LABELS } from "../../ui/participant.tsx";
import { VERDICT_LABELS } from "../../ui/verdict.tsx";
import type { FilterColumn } from "./query.ts";

export const FILTER_LABELS: Readonly<Record<FilterColumn, string>> = {
  protocol: "Protocol",
  direction: "Direction",
  src_type: "Source",
  dst_type: "Destination",
  reporter: "Node",
  verdict: "Verdict",
  state: "State",
};

const DIRECTION_LABELS: Readonly<Record<string, string>> = { ingress: "Inbound", egress: "Outbound" };
const STATE_LABELS: Readonly<Record<string, string>> = { open: "Open", closed: "Closed", lost: "Lost" };

/** The protocols of the spec, and SCTP; an address may name any other. */
export const COMMON_PROTOCOLS = ["tcp", "udp", "icmp", "sctp"] as const;

/** `Inbound` for `ingress`. */
export function filterValueLabel(column: FilterColumn, value: string): string {
  switch (column) {
    case "protocol":
      return protocolName(protocolNumber(value) ?? 0);
    case "direction":
      return DIRECTION_LABELS[value] ?? value;
    case "src_type":
    case "dst_type":
      return PARTICIPANT_LABELS[value as ParticipantType] ?? value;
    case "verdict":
      return VERDICT_LABELS[value as Verdict] ?? value;
    case "state":
      return STATE_LABELS[value] ?? value;
    case "reporter":
      return value;
  }
}
