/** What is compared between the reports of one connection, line by line. */
import { type FlowJson, formatCount, formatDuration, formatExactBytes } from "@flowtrail/model";
import type { Clock } from "../../lib/clock.ts";
import { VERDICT_LABELS } from "../../ui/verdict.tsx";
import { bytesText, directionLabel, durationText, endpointText, exactBytesText, reporterVolumes } from "../traffic/describe.ts";
import type { DifferenceKind } from "./compare.ts";

type Count = number | string | null;

export interface ReportLine {
  readonly label: string;
  readonly tip?: string;
  /** What differs is marked: always, or if this was found. Left out: nodes may well tell different things. */
  readonly marked?: true | DifferenceKind;
  readonly value: (flow: FlowJson, clock: Clock) => string;
  /** On hover. */
  readonly exact?: (flow: FlowJson) => string;
  /** What differences are told of. */
  readonly amount?: { readonly of: (flow: FlowJson) => Count; readonly unit: "bytes" | "ms" };
}

function bytesLine(label: string, of: (flow: FlowJson) => Count, more: Partial<ReportLine>): ReportLine {
  return { label, value: (flow) => bytesText(of(flow)), exact: (flow) => exactBytesText(of(flow)), ...more };
}

function sentLine(label: string, column: "src_bytes" | "dst_bytes"): ReportLine {
  const of = (flow: FlowJson) => flow[column];
  return bytesLine(label, of, { marked: true, amount: { of, unit: "bytes" } });
}

function packetsLine(label: string, column: "src_packets" | "dst_packets"): ReportLine {
  return { label, tip: "A kernel may join several packets before it counts them", value: (flow) => formatted(flow[column]) };
}

function formatted(count: Count): string {
  return count === null ? "–" : formatCount(BigInt(count));
}

export const REPORT_LINES: readonly ReportLine[] = [
  { label: "Direction", value: (flow) => directionLabel(flow.direction) },
  { label: "Role", value: (flow) => flow.role },
  bytesLine("↓ Received", (flow) => reporterVolumes(flow).received, { tip: "What this node received" }),
  bytesLine("↑ Sent", (flow) => reporterVolumes(flow).sent, { tip: "What this node sent" }),
  sentLine("Source sent", "src_bytes"),
  sentLine("Destination sent", "dst_bytes"),
  packetsLine("Source's packets", "src_packets"),
  packetsLine("Destination's packets", "dst_packets"),
  { label: "Source", marked: "nat", value: (flow) => endpointText(flow.src_ip, flow.src_port) },
  { label: "Destination", marked: "nat", value: (flow) => endpointText(flow.dst_ip, flow.dst_port) },
  {
    label: "Start",
    marked: "clock",
    value: (flow, clock) => clock.timeWithMillis(Date.parse(flow.start)),
    amount: { of: (flow) => Date.parse(flow.start), unit: "ms" },
  },
  { label: "Duration", value: durationText },
  {
    label: "Counters of",
    tip: "Time of the newest counters",
    marked: "older",
    value: (flow, clock) => clock.timeWithMillis(Date.parse(flow.last_seen)),
  },
  { label: "Verdict", marked: true, value: (flow) => (flow.verdict === null ? "Not known" : VERDICT_LABELS[flow.verdict]) },
  { label: "End reason", value: (flow) => flow.end_reason?.replaceAll("_", " ") ?? "–" },
  { label: "In totals", tip: "One report of a connection counts", value: (flow) => (flow.primary ? "Yes" : "No") },
];

/** `−50 bytes`, `+1 s`: what a report has more or less than the first one. Null: nothing, or it cannot be told. */
export function deltaText({ amount }: ReportLine, first: FlowJson, report: FlowJson): string | null {
  const [from, to] = [amount?.of(first) ?? null, amount?.of(report) ?? null];
  if (amount === undefined || from === null || to === null) return null;
  const delta = BigInt(to) - BigInt(from);
  if (delta === 0n) return null;
  const size = delta < 0n ? -delta : delta;
  return `${delta < 0n ? "−" : "+"}${sizeText(size, amount.unit)}`;
}

function sizeText(size: bigint, unit: "bytes" | "ms"): string {
  return unit === "ms" ? formatDuration(Number(size)) : formatExactBytes(size);
}
